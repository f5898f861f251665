#include "arithmetic.h"
#include "broadcast.h"
#include "factors.h"
#include "methods.h"

#include <algorithm>
#include <vector>

namespace boc::math {

namespace {

py::Ref dot(const Call& call) {
    static constexpr Signature<1> kSignature{"dot", {"other"}, {1, 1, 1}};
    const auto [other] = parse(kSignature, call);
    return product(call.self, other);
}

py::Ref outer(const Call& call) {
    static constexpr Signature<2> kSignature{"outer", {"other", "out"}, {1, 1, 1}};
    const auto [other, out] = parse(kSignature, call);
    const Operand operand{other};
    Block& block = held(call.self);
    const Grid grid = operand.grid();
    const Shape shape{block.size(), grid.shape.size()};
    Fresh result = output(Py_TYPE(call.self), shape, out);
    for_lanes(result.data, shape,
              kernels().binary[static_cast<std::size_t>(Binary::kMultiply)],
              Side{block.data(), 1, 0}, Side{grid.data, 0, 1});
    return std::move(result.ref);
}

py::Ref trace(PyObject* self) {
    Block& block = held(self);
    const Shape shape = block.shape();
    double total = 0.0;
    for (Index i = 0; i < std::min(shape.rows, shape.columns); ++i) {
        total += block.data()[i * shape.columns + i];
    }
    return py::Ref::steal(PyFloat_FromDouble(total));
}

/// The rows of a square matrix; a ShapeError that ends with `cure` for another.
Index order_of(PyObject* self, const char* name, const char* cure) {
    const Shape shape = held(self).shape();
    if (shape.rows != shape.columns) {
        raise_shape("%s() needs a square matrix, not %zdx%zd: %s", name, shape.rows,
                    shape.columns, cure);
    }
    return shape.rows;
}

/// The factors of a square matrix; ValueError if it is singular.
Factors regular_factors(PyObject* self, Index n, const char* name) {
    Factors factors{held(self).data(), n};
    if (factors.is_singular()) {
        py::raise(PyExc_ValueError,
                  "%s() of a singular matrix: its rows depend on one another; leave "
                  "such rows and columns out, or add a small multiple of "
                  "Matrix.identity(n)",
                  name);
    }
    return factors;
}

py::Ref det(PyObject* self) {
    const Index n =
        order_of(self, "det", "leave rows or columns out, or take that of m.T @ m");
    const Factors factors{held(self).data(), n};
    return py::Ref::steal(PyFloat_FromDouble(factors.determinant()));
}

py::Ref inv(PyObject* self) {
    const Index n = order_of(
        self, "inv", "(m.T @ m).inv() @ m.T is the inverse that least squares want");
    const Factors factors = regular_factors(self, n, "inv");
    std::vector<double> identity(static_cast<std::size_t>(n * n), 0.0);
    for (Index i = 0; i < n; ++i) {
        identity[static_cast<std::size_t>(i * n + i)] = 1.0;
    }
    Fresh fresh = make(Py_TYPE(self), {n, n});
    factors.solve(fresh.data, identity.data(), n);
    return std::move(fresh.ref);
}

py::Ref solve(const Call& call) {
    static constexpr Signature<1> kSignature{"solve", {"b"}, {1, 1, 1}};
    const auto [b] = parse(kSignature, call);
    const Operand operand{b};
    if (operand.is_scalar()) {
        py::raise(PyExc_TypeError, "b must be a Matrix or a sequence, not %.100s",
                  Py_TYPE(b)->tp_name);
    }
    const Index n =
        order_of(call.self, "solve",
                 "(m.T @ m).solve(m.T @ b) is the solution by least squares");
    const Grid grid = operand.grid();
    const Shape shape = operand.is_sequence() ? grid.shape.flipped() : grid.shape;
    if (shape.rows != n) {
        raise_shape("solve: b shape %zdx%zd does not fit self %zdx%zd: it needs a row "
                    "for each of self; transpose it if it has a column for each",
                    shape.rows, shape.columns, n, n);
    }
    const Factors factors = regular_factors(call.self, n, "solve");
    Fresh fresh = make(Py_TYPE(call.self), shape);
    factors.solve(fresh.data, grid.data, shape.columns);
    return std::move(fresh.ref);
}

} // namespace

Methods algebra_methods() {
    static const PyMethodDef methods[] = {
        method<&dot>("dot", "dot($self, other, /)\n--\n\n`self @ other`."),
        method<&outer>(
            "outer",
            "outer($self, other, /, *, out=None)\n--\n\n"
            "Every number of self (a row each) times every one of other (a column "
            "each), both row by row, in a new matrix or in `out`; see `add`."),
        plain<&trace>("trace", "trace($self, /)\n--\n\n"
                               "The sum of the numbers [0, 0], [1, 1], ..."),
        plain<&det>("det", "det($self, /)\n--\n\n"
                           "The determinant, 0.0 for a singular matrix.\n\n"
                           "ValueError unless the matrix is square."),
        plain<&inv>("inv",
                    "inv($self, /)\n--\n\n"
                    "The inverse, a new matrix.\n\n"
                    "ValueError unless the matrix is square, and if it is singular. "
                    "`m.solve(b)` is faster and closer than `m.inv() @ b`."),
        method<&solve>(
            "solve",
            "solve($self, b, /)\n--\n\n"
            "The matrix x with `self @ x == b`, shaped like b; a sequence is a "
            "column.\n\n"
            "ValueError unless self is square and b has as many rows, and if self is "
            "singular."),
    };
    return methods;
}

} // namespace boc::math
