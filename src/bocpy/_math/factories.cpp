#include "axis.h"
#include "methods.h"
#include "number.h"
#include "operand.h"
#include "view.h"

#include <algorithm>
#include <vector>

namespace boc::math {

namespace {

PyTypeObject* type_of(const Call& call) noexcept {
    return reinterpret_cast<PyTypeObject*>(call.self);
}

py::Ref filled(const Signature<1>& signature, const Call& call, double value) {
    const auto [size] = parse(signature, call);
    return std::move(make_filled(type_of(call), shape_from(size), value).ref);
}

py::Ref zeros(const Call& call) {
    static constexpr Signature<1> kSignature{"zeros", {"size"}, {0, 1, 1}};
    return filled(kSignature, call, 0.0);
}

py::Ref ones(const Call& call) {
    static constexpr Signature<1> kSignature{"ones", {"size"}, {0, 1, 1}};
    return filled(kSignature, call, 1.0);
}

py::Ref full(const Call& call) {
    static constexpr Signature<2> kSignature{"full", {"size", "value"}, {0, 2, 2}};
    const auto [size, value] = parse(kSignature, call);
    const Shape shape = shape_from(size);
    return std::move(make_filled(type_of(call), shape, as_double(value, "value")).ref);
}

py::Ref vector(const Call& call) {
    static constexpr Signature<2> kSignature{
        "vector", {"values", "as_column"}, {0, 2, 1}};
    const auto [values, as_column] = parse(kSignature, call);
    const bool column = is_set(as_column);
    const Operand operand{values};
    const Grid grid = operand.grid();
    if (grid.scalar || !grid.shape.is_vector()) {
        py::raise(PyExc_TypeError, "values must be a sequence of numbers, not %.100s",
                  Py_TYPE(values)->tp_name);
    }
    const Index count = grid.shape.size();
    return make_copy(type_of(call), column ? Shape{count, 1} : Shape{1, count},
                     grid.data);
}

py::Ref from_view(const Call& call) {
    static constexpr Signature<1> kSignature{"from_view", {"view"}, {0, 1, 1}};
    const auto [view] = parse(kSignature, call);
    if (!is_view(view)) {
        py::raise(PyExc_TypeError, "from_view() needs a MatrixView, not %.100s",
                  Py_TYPE(view)->tp_name);
    }
    const Numbers numbers = numbers_from_view(view);
    return make_copy(type_of(call), numbers.shape, numbers.values.data());
}

py::Ref from_buffer(const Call& call) {
    static constexpr Signature<1> kSignature{"from_buffer", {"buffer"}, {0, 1, 1}};
    const auto [buffer] = parse(kSignature, call);
    if (is_matrix(buffer)) {
        Block& block = held(buffer);
        return make_copy(type_of(call), block.shape(), block);
    }
    const auto numbers = numbers_from_buffer(buffer);
    if (!numbers) {
        py::raise(PyExc_TypeError,
                  "from_buffer() needs a 1-D or 2-D buffer of numbers, not %.100s",
                  Py_TYPE(buffer)->tp_name);
    }
    if (numbers->values.empty()) {
        raise_shape("from_buffer() needs numbers, the buffer is empty");
    }
    return make_copy(type_of(call), numbers->shape, numbers->values.data());
}

/// The members of a concatenation: kept alive, coerced once.
struct Members {
    py::Ref items;
    std::vector<Operand> operands;
};

Members members_from(PyObject* values) {
    Members members{py::Ref::steal(PySequence_Tuple(values)), {}};
    for (Index i = 0; i < PyTuple_GET_SIZE(members.items.get()); ++i) {
        PyObject* const item = PyTuple_GET_ITEM(members.items.get(), i);
        members.operands.emplace_back(item);
        if (members.operands.back().is_scalar()) {
            py::raise(PyExc_TypeError,
                      "concat() joins matrices and sequences, not %.100s",
                      Py_TYPE(item)->tp_name);
        }
    }
    return members;
}

std::vector<Grid> grids_of(const Members& members, bool columns) {
    std::vector<Grid> grids;
    for (const Operand& operand : members.operands) {
        Grid grid = operand.grid();
        if (columns && operand.is_sequence()) {
            grid.shape = grid.shape.flipped();
        }
        grids.push_back(grid);
    }
    return grids;
}

/// The joined shape; AssertionError if the members do not fit together.
Shape joined_shape(const std::vector<Grid>& grids, bool columns) {
    Shape joined = grids.front().shape;
    for (std::size_t i = 1; i < grids.size(); ++i) {
        const Shape shape = grids[i].shape;
        const bool fits =
            columns ? shape.rows == joined.rows : shape.columns == joined.columns;
        if (!fits) {
            py::raise(PyExc_AssertionError, "concat: %zdx%zd does not fit %zdx%zd",
                      shape.rows, shape.columns, joined.rows, joined.columns);
        }
        (columns ? joined.columns : joined.rows) +=
            columns ? shape.columns : shape.rows;
    }
    return joined;
}

void join(double* out, Shape joined, const std::vector<Grid>& grids, bool columns) {
    for (const Grid& grid : grids) {
        if (!columns) {
            out = std::copy_n(grid.data, grid.shape.size(), out);
            continue;
        }
        for (Index i = 0; i < joined.rows; ++i) {
            std::copy_n(grid.data + i * grid.shape.columns, grid.shape.columns,
                        out + i * joined.columns);
        }
        out += grid.shape.columns;
    }
}

py::Ref concat(const Call& call) {
    static constexpr Signature<2> kSignature{"concat", {"values", "axis"}, {0, 2, 1}};
    const auto [values, axis] = parse(kSignature, call);
    const bool columns = is_column_axis(axis);
    const Members members = members_from(values);
    if (members.operands.empty()) {
        return py::Ref::none();
    }
    const std::vector<Grid> grids = grids_of(members, columns);
    const Shape joined = joined_shape(grids, columns);
    Fresh fresh = make(type_of(call), joined);
    join(fresh.data, joined, grids, columns);
    return std::move(fresh.ref);
}

} // namespace

Methods construct_methods() {
    static const PyMethodDef methods[] = {
        method<&zeros>("zeros",
                       "zeros(size)\n--\n\n"
                       "A matrix of 0.0; size: (rows, columns).\n\n"
                       "AssertionError for a dimension below 1, TypeError for a size "
                       "that is no pair of integers, OverflowError if it is too large.",
                       METH_CLASS),
        method<&ones>("ones", "ones(size)\n--\n\nA matrix of 1.0; see `zeros`.",
                      METH_CLASS),
        method<&full>("full",
                      "full(size, value)\n--\n\n"
                      "A matrix of one number, as large as size says; see `zeros`. "
                      "TypeError for a value that is no number.",
                      METH_CLASS),
        method<&vector>("vector",
                        "vector(values, as_column=False)\n--\n\n"
                        "A 1xN row, or an Nx1 column, of any iterable of numbers. "
                        "ValueError if it is empty.",
                        METH_CLASS),
        method<&concat>(
            "concat",
            "concat(values, axis=0)\n--\n\n"
            "Matrices and sequences one below the other (axis 0; a sequence is a row) "
            "or "
            "side by side (axis 1; a sequence is a column); None for no values.\n\n"
            "AssertionError if columns (rows) differ, KeyError for another axis.",
            METH_CLASS),
        method<&from_view>(
            "from_view",
            "from_view(view)\n--\n\n"
            "A copy of a MatrixView, shaped like it; TypeError for anything else.",
            METH_CLASS),
        method<&from_buffer>(
            "from_buffer",
            "from_buffer(buffer)\n--\n\n"
            "A copy of any 1-D (a 1xN row) or 2-D buffer of float, int or bool, "
            "strided or "
            "not. TypeError for other objects, ValueError if it is empty.",
            METH_CLASS),
    };
    return methods;
}

} // namespace boc::math
