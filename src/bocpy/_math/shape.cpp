#include "shape.h"

#include "number.h"

namespace boc::math {

Index checked_size(Shape shape) {
    if (shape.rows <= 0 || shape.columns <= 0) {
        py::raise(PyExc_AssertionError,
                  "rows and columns must be positive, not %zdx%zd", shape.rows,
                  shape.columns);
    }
    constexpr Index kPlain = Index{1} << 24U; // the product of two such is no concern
    if (shape.rows < kPlain && shape.columns < kPlain) {
        return shape.size();
    }
    constexpr Index kMost = PY_SSIZE_T_MAX / static_cast<Index>(sizeof(double)) - 64;
    if (shape.rows > kMost / shape.columns) {
        py::raise(PyExc_OverflowError, "a %zdx%zd matrix is too large", shape.rows,
                  shape.columns);
    }
    return shape.size();
}

Shape shape_from(PyObject* pair) {
    if (PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2) {
        const Shape shape{as_index(PyTuple_GET_ITEM(pair, 0)),
                          as_index(PyTuple_GET_ITEM(pair, 1))};
        checked_size(shape);
        return shape;
    }
    if (!PySequence_Check(pair) || PyUnicode_Check(pair)) {
        py::raise(PyExc_TypeError, "size must be a pair of integers, not %.100s",
                  Py_TYPE(pair)->tp_name);
    }
    const Index items = PySequence_Size(pair);
    if (items < 0) {
        throw py::ErrorSet{};
    }
    if (items != 2) {
        py::raise(PyExc_TypeError, "size must have exactly two items");
    }
    const auto rows = py::Ref::steal(PySequence_GetItem(pair, 0));
    const auto columns = py::Ref::steal(PySequence_GetItem(pair, 1));
    const Shape shape{as_index(rows.get()), as_index(columns.get())};
    checked_size(shape);
    return shape;
}

py::Ref to_tuple(Shape shape) {
    return py::Ref::steal(Py_BuildValue("(nn)", shape.rows, shape.columns));
}

} // namespace boc::math
