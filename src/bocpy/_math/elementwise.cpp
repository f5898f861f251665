#include "lanes.h"
#include "methods.h"
#include "operand.h"

#include <cmath>

namespace boc::math {

namespace {

constexpr const char* kNames[] = {"negate", "abs",        "ceil", "floor", "round",
                                  "sqrt",   "reciprocal", "sign", "cos",   "sin"};

/// Runs `apply(out, in, n)` on the numbers of self: in place, into `out`, or a new
/// matrix.
template <typename Apply>
py::Ref map_numbers(const char* name, const Call& call, const Apply& apply) {
    const Signature<2> signature{name, {"in_place", "out"}, {0, 1, 0}};
    const auto [in_place, out] = parse(signature, call);
    Fresh result = output_or_self(call.self, in_place, out);
    Block& block = held(call.self);
    for_numbers(result.data, block.data(), block.size(), apply);
    return std::move(result.ref);
}

template <Unary Op>
py::Ref unary(const Call& call) {
    constexpr auto kIndex = static_cast<std::size_t>(Op);
    return map_numbers(kNames[kIndex], call, kernels().unary[kIndex]);
}

template <double (*Function)(double)>
void apply_function(double* out, const double* in, Index n) {
    for (Index i = 0; i < n; ++i) {
        out[i] = Function(in[i]);
    }
}

py::Ref cosine(const Call& call) {
    return map_numbers("cos", call, &apply_function<std::cos>);
}

py::Ref sine(const Call& call) {
    return map_numbers("sin", call, &apply_function<std::sin>);
}

py::Ref exponential(const Call& call) {
    return map_numbers("exp", call, &apply_function<std::exp>);
}

py::Ref logarithm(const Call& call) {
    return map_numbers("log", call, &apply_function<std::log>);
}

py::Ref binary_logarithm(const Call& call) {
    return map_numbers("log2", call, &apply_function<std::log2>);
}

py::Ref decimal_logarithm(const Call& call) {
    return map_numbers("log10", call, &apply_function<std::log10>);
}

py::Ref hyperbolic_tangent(const Call& call) {
    return map_numbers("tanh", call, &apply_function<std::tanh>);
}

} // namespace

Methods elementwise_methods() {
    static const PyMethodDef methods[] = {
        method<&unary<Unary::kNegate>>(
            "negate",
            "negate($self, in_place=False, *, out=None)\n--\n\n"
            "`-self`, number by number: a new matrix, self if in_place, or "
            "`out`.\n\nValueError if both in_place and out are given, or `out` "
            "has another shape."),
        method<&unary<Unary::kAbs>>("abs",
                                    "abs($self, in_place=False, *, out=None)\n--\n\n"
                                    "Absolute values; see `negate`."),
        method<&unary<Unary::kCeil>>("ceil",
                                     "ceil($self, in_place=False, *, out=None)\n--\n\n"
                                     "Rounded up; see `negate`."),
        method<&unary<Unary::kFloor>>(
            "floor", "floor($self, in_place=False, *, out=None)\n--\n\n"
                     "Rounded down; see `negate`."),
        method<&unary<Unary::kRound>>(
            "round", "round($self, in_place=False, *, out=None)\n--\n\n"
                     "Rounded to the nearest integer, halves to the even "
                     "one; see `negate`."),
        method<&unary<Unary::kSqrt>>("sqrt",
                                     "sqrt($self, in_place=False, *, out=None)\n--\n\n"
                                     "Square roots, NaN below 0; see `negate`."),
        method<&unary<Unary::kReciprocal>>(
            "reciprocal", "reciprocal($self, in_place=False, *, out=None)\n--\n\n"
                          "1 / self, inf for 0; see `negate`."),
        method<&unary<Unary::kSign>>("sign",
                                     "sign($self, in_place=False, *, out=None)\n--\n\n"
                                     "-1.0, 0.0 or 1.0; 0.0 for NaN; see `negate`."),
        method<&cosine>("cos", "cos($self, in_place=False, *, out=None)\n--\n\n"
                               "Cosines of radians; see `negate`."),
        method<&sine>("sin", "sin($self, in_place=False, *, out=None)\n--\n\n"
                             "Sines of radians; see `negate`."),
        method<&exponential>("exp",
                             "exp($self, in_place=False, *, out=None)\n--\n\n"
                             "e to the power of the numbers, inf where too large; see "
                             "`negate`."),
        method<&logarithm>("log",
                           "log($self, in_place=False, *, out=None)\n--\n\n"
                           "Natural logarithms, -inf of 0, NaN below; see `negate`."),
        method<&binary_logarithm>("log2",
                                  "log2($self, in_place=False, *, out=None)\n--\n\n"
                                  "Logarithms to base 2; see `log`."),
        method<&decimal_logarithm>("log10",
                                   "log10($self, in_place=False, *, out=None)\n--\n\n"
                                   "Logarithms to base 10; see `log`."),
        method<&hyperbolic_tangent>("tanh",
                                    "tanh($self, in_place=False, *, out=None)\n--\n\n"
                                    "Hyperbolic tangents; see `negate`."),
    };
    return methods;
}

} // namespace boc::math
