#include "kernels.h"
#include "matrix.h"
#include "methods.h"
#include "text.h"

#include <cmath>
#include <optional>
#include <vector>

namespace boc::math {

namespace {

/// `format(number, spec)`; TypeError for a spec that float does not know.
Cell formatted(double number, PyObject* spec) {
    const auto value = py::Ref::steal(PyFloat_FromDouble(number));
    const auto text = py::Ref::adopt(PyObject_Format(value.get(), spec));
    if (!text) {
        if (PyErr_ExceptionMatches(PyExc_ValueError) == 0) {
            throw py::ErrorSet{};
        }
        const py::Ref reason = py::take_error();
        py::raise(PyExc_TypeError, "Matrix: %S", reason.get());
    }
    return {py::text(text.get()),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(text.get()))};
}

py::Ref format(const Call& call) {
    static constexpr Signature<1> kSignature{"__format__", {"format_spec"}, {1, 1, 1}};
    const bool plain = call.nargs == 1 && PyUnicode_Check(call.args[0]) != 0 &&
                       PyUnicode_GET_LENGTH(call.args[0]) == 0;
    if (plain) {
        return py::Ref::steal(matrix_str(call.self));
    }
    const auto [spec] = parse(kSignature, call);
    if (PyUnicode_Check(spec) == 0) {
        py::raise(PyExc_TypeError, "a format spec must be a str, not %.100s",
                  Py_TYPE(spec)->tp_name);
    }
    Block& block = held(call.self);
    const Shape shape = block.shape();
    const std::vector<double> numbers(block.data(), block.data() + shape.size());
    if (shape.is_single()) {
        return to_str(formatted(numbers.front(), spec).text);
    }
    return to_str(to_text({numbers.data(), shape.rows, shape.columns, true},
                          [&](double number) { return formatted(number, spec); }));
}

/// `round(number, digits)`.
py::Ref rounded(double number, PyObject* digits) {
    const auto value = py::Ref::steal(PyFloat_FromDouble(number));
    return py::call(py::attribute(value.get(), "__round__").get(), digits);
}

/// A power of ten to round by; exact, as no greater one is.
struct Scale {
    static constexpr Py_ssize_t kMost = 22;
    double factor;
    bool multiplies;
};

/// `round(number, digits)` where arithmetic alone gives it: if the scaled number, which
/// may be off by half of its last digit, is not that near to a half, then its nearest
/// integer is the decimal looked for, and the last operation is the only rounding.
bool round_quickly(double& number, const Scale& scale) {
    constexpr double kExact = 0x1p52;
    const double scaled =
        scale.multiplies ? number * scale.factor : number / scale.factor;
    const double whole = std::nearbyint(scaled);
    const double from_half = std::fabs(std::fabs(scaled - whole) - 0.5);
    if (!(std::fabs(scaled) < kExact) || from_half <= std::fabs(scaled) * 0x1p-52) {
        return false;
    }
    number = scale.multiplies ? whole / scale.factor : whole * scale.factor;
    return true;
}

/// Nothing for powers that are no exact double.
std::optional<Scale> scale_of(PyObject* digits) {
    const Index places = PyNumber_AsSsize_t(digits, nullptr);
    if (places < -Scale::kMost || places > Scale::kMost) {
        return std::nullopt;
    }
    double factor = 1.0;
    for (Index i = 0; i < (places < 0 ? -places : places); ++i) {
        factor *= 10.0;
    }
    return Scale{factor, places > 0};
}

py::Ref round_to_integers(PyTypeObject* type, Block& block) {
    Fresh fresh = make(type, block.shape());
    const auto round = kernels().unary[static_cast<std::size_t>(Unary::kRound)];
    round(fresh.data, block.data(), block.size());
    return std::move(fresh.ref);
}

py::Ref round_to_digits(PyTypeObject* type, Block& block, PyObject* digits) {
    const Shape shape = block.shape();
    std::vector<double> numbers(block.data(), block.data() + shape.size());
    const std::optional<Scale> scale = scale_of(digits);
    for (double& number : numbers) {
        if (!scale || !round_quickly(number, *scale)) {
            number = PyFloat_AsDouble(rounded(number, digits).get());
        }
    }
    return make_copy(type, shape, numbers.data());
}

py::Ref round(const Call& call) {
    static constexpr Signature<1> kSignature{"__round__", {"ndigits"}, {1, 1, 0}};
    const auto [given] = parse(kSignature, call);
    const auto digits =
        is_absent(given) ? py::Ref::none() : py::Ref::steal(PyNumber_Index(given));
    Block& block = held(call.self);
    if (block.shape().is_single()) {
        return rounded(*block.data(), digits.get());
    }
    return digits.get() == Py_None
               ? round_to_integers(Py_TYPE(call.self), block)
               : round_to_digits(Py_TYPE(call.self), block, digits.get());
}

py::Ref truncate(PyObject* self) {
    return py::Ref::steal(PyNumber_Long(self));
}

} // namespace

Methods format_methods() {
    static const PyMethodDef methods[] = {
        method<&format>(
            "__format__",
            "__format__($self, format_spec, /)\n--\n\n"
            "Every number by a format spec of float, aligned as `str` does; a 1x1 "
            "matrix as the bare number; `str(self)` for an empty spec.\n\n"
            "TypeError for a spec that float does not know."),
        method<&round>(
            "__round__",
            "__round__($self, ndigits=None, /)\n--\n\n"
            "A matrix of the numbers rounded to ndigits decimals as `round` does with "
            "a float, halves to the even one; to integers without ndigits.\n\n"
            "A 1x1 matrix gives the number itself: an int without ndigits, else a "
            "float."),
        plain<&truncate>("__trunc__",
                         "__trunc__($self, /)\n--\n\n"
                         "The number of a 1x1 matrix, truncated to an int; TypeError "
                         "for another shape."),
    };
    return methods;
}

} // namespace boc::math
