#include "arithmetic.h"

#include "broadcast.h"
#include "methods.h"
#include "view.h"

namespace boc::math {

namespace {

template <Binary Op>
PyObject* operate(PyObject* left, PyObject* right) {
    return py::guarded([&] { return binary(Op, left, right, nullptr); });
}

template <Binary Op>
PyObject* operate_in_place(PyObject* self, PyObject* right) {
    return py::guarded([&] { return binary_in_place(Op, self, right); });
}

/// The modulus of pow() with three arguments.
void forbid_modulus(PyObject* modulus) {
    if (modulus != Py_None) {
        py::raise(PyExc_TypeError, "pow() with a matrix takes no third argument");
    }
}

PyObject* operate_power(PyObject* base, PyObject* exponent, PyObject* modulus) {
    return py::guarded([&] {
        require_held(base);
        require_held(exponent);
        forbid_modulus(modulus);
        return power(base, exponent, nullptr);
    });
}

PyObject* operate_power_in_place(PyObject* base, PyObject* exponent,
                                 PyObject* modulus) {
    return py::guarded([&] {
        require_held(base);
        forbid_modulus(modulus);
        return power_in_place(base, exponent);
    });
}

PyObject* operate_divmod(PyObject* left, PyObject* right) {
    return py::guarded([&] { return divide_with_rest(left, right); });
}

PyObject* multiply_matrices(PyObject* left, PyObject* right) {
    return py::guarded([&] { return product(left, right); });
}

template <Unary Op>
PyObject* operate_unary(PyObject* self) {
    return py::guarded([&] {
        const auto kernel = kernels().unary[static_cast<std::size_t>(Op)];
        if (is_matrix(self)) {
            Block& block = held(self);
            Fresh fresh = make(Py_TYPE(self), block.shape());
            for_numbers(fresh.data, block.data(), block.size(), kernel);
            return std::move(fresh.ref);
        }
        const Operand operand{self};
        const Grid grid = operand.grid();
        Fresh fresh = make(result_type(self, self), grid.shape);
        for_numbers(fresh.data, grid.data, grid.shape.size(), kernel);
        return std::move(fresh.ref);
    });
}

PyObject* to_copy(PyObject* self) {
    return py::guarded([&] {
        if (is_matrix(self)) {
            Block& block = held(self);
            return make_copy(Py_TYPE(self), block.shape(), block);
        }
        const Operand operand{self};
        const Grid grid = operand.grid();
        return make_copy(result_type(self, self), grid.shape, grid.data);
    });
}

int is_true(PyObject* self) {
    return py::guarded_or(-1, [&] {
        static_cast<void>(held(self));
        return 1;
    });
}

/// The number of a matrix or view that has no other; TypeError for more of them.
double only_number(PyObject* self) {
    const Operand operand{self};
    const Grid grid = operand.grid();
    if (!grid.shape.is_single()) {
        py::raise(PyExc_TypeError,
                  "only a 1x1 matrix converts to a number, not %zdx%zd",
                  grid.shape.rows, grid.shape.columns);
    }
    return *grid.data;
}

PyObject* to_float(PyObject* self) {
    return py::guarded(
        [&] { return py::Ref::steal(PyFloat_FromDouble(only_number(self))); });
}

/// Without it int() would read the bytes of the buffer as digits.
PyObject* to_int(PyObject* self) {
    return py::guarded(
        [&] { return py::Ref::steal(PyLong_FromDouble(only_number(self))); });
}

template <Binary Op>
py::Ref named(const Call& call) {
    static constexpr const char* kNames[] = {
        "add",           "subtract",  "multiply", "divide",     "power",
        "floor_divide",  "remainder", "less",     "less_equal", "greater",
        "greater_equal", "equal",     "not_equal"};
    static constexpr Signature<2> kSignature{
        kNames[static_cast<std::size_t>(Op)], {"other", "out"}, {1, 1, 1}};
    const auto [other, out] = parse(kSignature, call);
    if (!is_absent(out)) {
        static_cast<void>(held_argument(out, "out"));
    }
    return binary(Op, call.self, other, out);
}

} // namespace

std::span<const PyType_Slot> number_slots() {
    static const PyType_Slot slots[] = {
        {Py_nb_add, py::slot(&operate<Binary::kAdd>)},
        {Py_nb_subtract, py::slot(&operate<Binary::kSubtract>)},
        {Py_nb_multiply, py::slot(&operate<Binary::kMultiply>)},
        {Py_nb_true_divide, py::slot(&operate<Binary::kDivide>)},
        {Py_nb_power, py::slot(&operate_power)},
        {Py_nb_floor_divide, py::slot(&operate<Binary::kFloorDivide>)},
        {Py_nb_remainder, py::slot(&operate<Binary::kRemainder>)},
        {Py_nb_divmod, py::slot(&operate_divmod)},
        {Py_nb_matrix_multiply, py::slot(&multiply_matrices)},
        {Py_nb_inplace_add, py::slot(&operate_in_place<Binary::kAdd>)},
        {Py_nb_inplace_subtract, py::slot(&operate_in_place<Binary::kSubtract>)},
        {Py_nb_inplace_multiply, py::slot(&operate_in_place<Binary::kMultiply>)},
        {Py_nb_inplace_true_divide, py::slot(&operate_in_place<Binary::kDivide>)},
        {Py_nb_inplace_power, py::slot(&operate_power_in_place)},
        {Py_nb_inplace_floor_divide, py::slot(&operate_in_place<Binary::kFloorDivide>)},
        {Py_nb_inplace_remainder, py::slot(&operate_in_place<Binary::kRemainder>)},
        {Py_nb_negative, py::slot(&operate_unary<Unary::kNegate>)},
        {Py_nb_positive, py::slot(&to_copy)},
        {Py_nb_absolute, py::slot(&operate_unary<Unary::kAbs>)},
        {Py_nb_bool, py::slot(&is_true)},
        {Py_nb_float, py::slot(&to_float)},
        {Py_nb_int, py::slot(&to_int)},
    };
    return slots;
}

std::span<const PyType_Slot> view_number_slots() {
    static const PyType_Slot slots[] = {
        {Py_nb_add, py::slot(&operate<Binary::kAdd>)},
        {Py_nb_subtract, py::slot(&operate<Binary::kSubtract>)},
        {Py_nb_multiply, py::slot(&operate<Binary::kMultiply>)},
        {Py_nb_true_divide, py::slot(&operate<Binary::kDivide>)},
        {Py_nb_power, py::slot(&operate_power)},
        {Py_nb_floor_divide, py::slot(&operate<Binary::kFloorDivide>)},
        {Py_nb_remainder, py::slot(&operate<Binary::kRemainder>)},
        {Py_nb_divmod, py::slot(&operate_divmod)},
        {Py_nb_matrix_multiply, py::slot(&multiply_matrices)},
        {Py_nb_negative, py::slot(&operate_unary<Unary::kNegate>)},
        {Py_nb_positive, py::slot(&to_copy)},
        {Py_nb_absolute, py::slot(&operate_unary<Unary::kAbs>)},
        {Py_nb_float, py::slot(&to_float)},
        {Py_nb_int, py::slot(&to_int)},
    };
    return slots;
}

Methods arithmetic_methods() {
    static const PyMethodDef methods[] = {
        method<&named<Binary::kAdd>>(
            "add",
            "add($self, other, /, *, out=None)\n--\n\n"
            "`self + other`, broadcast, in a new matrix or in `out`.\n\n"
            "other: number, Matrix or sequence of numbers. ValueError if the shapes "
            "do not match or `out` has another shape."),
        method<&named<Binary::kSubtract>>(
            "subtract", "subtract($self, other, /, *, out=None)\n--\n\n"
                        "`self - other`; see `add`."),
        method<&named<Binary::kMultiply>>(
            "multiply", "multiply($self, other, /, *, out=None)\n--\n\n"
                        "`self * other`, number by number; see `add`."),
        method<&named<Binary::kDivide>>(
            "divide",
            "divide($self, other, /, *, out=None)\n--\n\n"
            "`self / other`, number by number; division by 0 gives inf or nan. "
            "See `add`."),
        method<&named<Binary::kLess>>(
            "less", "less($self, other, /, *, out=None)\n--\n\n"
                    "1.0 where self < other, else 0.0, with the broadcasting of `add`. "
                    "A NaN on either side gives 0.0."),
        method<&named<Binary::kLessEqual>>(
            "less_equal", "less_equal($self, other, /, *, out=None)\n--\n\n"
                          "1.0 where self <= other, else 0.0; see `less`."),
        method<&named<Binary::kGreater>>(
            "greater", "greater($self, other, /, *, out=None)\n--\n\n"
                       "1.0 where self > other, else 0.0; see `less`."),
        method<&named<Binary::kGreaterEqual>>(
            "greater_equal", "greater_equal($self, other, /, *, out=None)\n--\n\n"
                             "1.0 where self >= other, else 0.0; see `less`."),
        method<&named<Binary::kEqual>>(
            "equal", "equal($self, other, /, *, out=None)\n--\n\n"
                     "1.0 where self equals other, else 0.0; see `less`."),
        method<&named<Binary::kNotEqual>>(
            "not_equal",
            "not_equal($self, other, /, *, out=None)\n--\n\n"
            "1.0 where self differs from other, else 0.0. A NaN gives 1.0; "
            "see `less`."),
    };
    return methods;
}

} // namespace boc::math
