#include "arithmetic.h"
#include "broadcast.h"
#include "methods.h"
#include "number.h"

namespace boc::math {

namespace {

/// A square is a product, which is exact to the last digit and far faster.
bool is_two(PyObject* exponent) {
    if (PyFloat_CheckExact(exponent)) {
        return PyFloat_AS_DOUBLE(exponent) == 2.0;
    }
    Index number = 0;
    return read_small_int(exponent, number) && number == 2;
}

py::Ref named_power(const Call& call) {
    static constexpr Signature<2> kSignature{"power", {"other", "out"}, {1, 1, 1}};
    const auto [other, out] = parse(kSignature, call);
    if (!is_absent(out)) {
        static_cast<void>(held_argument(out, "out"));
    }
    return power(call.self, other, out);
}

} // namespace

py::Ref power(PyObject* base, PyObject* exponent, PyObject* out) {
    return is_matrix(base) && is_two(exponent)
               ? binary(Binary::kMultiply, base, base, out)
               : binary(Binary::kPower, base, exponent, out);
}

py::Ref power_in_place(PyObject* base, PyObject* exponent) {
    return is_two(exponent) ? binary_in_place(Binary::kMultiply, base, base)
                            : binary_in_place(Binary::kPower, base, exponent);
}

Methods power_methods() {
    static const PyMethodDef methods[] = {
        method<&named_power>(
            "power", "power($self, other, /, *, out=None)\n--\n\n"
                     "`self ** other`, number by number as C's pow: NaN for a negative "
                     "number with an exponent that is no integer. See `add`."),
    };
    return methods;
}

} // namespace boc::math
