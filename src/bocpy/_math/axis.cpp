#include "axis.h"

#include "args.h"
#include "number.h"
#include "state.h"

#include <climits>

namespace boc::math {

namespace {

[[noreturn]] void raise_far() {
    py::raise(PyExc_OverflowError, "the axis is out of int range");
}

} // namespace

Axis axis_from(PyObject* axis) {
    if (is_absent(axis)) {
        return Axis::kAll;
    }
    if (PyBool_Check(axis)) {
        py::raise(PyExc_TypeError, "axis must be an int or None, not bool");
    }
    if (!is_integer(axis)) {
        py::raise(PyExc_TypeError, "axis must be an int or None, not %.100s",
                  Py_TYPE(axis)->tp_name);
    }
    const Index value = as_index(axis, nullptr);
    if (value < INT_MIN || value > INT_MAX) {
        raise_far();
    }
    if (value < -2 || value > 1) {
        raise_shape("axis must be -2, -1, 0, or 1, not %zd", value);
    }
    return value == 0 || value == -2 ? Axis::kDown : Axis::kAcross;
}

bool is_column_axis(PyObject* axis) {
    if (axis == nullptr) {
        return false;
    }
    if (!is_integer(axis)) {
        py::raise(PyExc_TypeError, "axis must be an int, not %.100s",
                  Py_TYPE(axis)->tp_name);
    }
    const Index value = as_index(axis, nullptr);
    if (value == PY_SSIZE_T_MAX || value == PY_SSIZE_T_MIN) {
        raise_far();
    }
    if (value < -2 || value > 1) {
        py::raise(PyExc_KeyError, "axis must be -2, -1, 0, or 1, not %zd", value);
    }
    return value == 1 || value == -1;
}

} // namespace boc::math
