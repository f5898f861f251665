#include "methods.h"
#include "number.h"
#include "operand.h"

#include <algorithm>
#include <cmath>

namespace boc::math {

namespace {

PyTypeObject* type_of(const Call& call) noexcept {
    return reinterpret_cast<PyTypeObject*>(call.self);
}

/// Zeros, but for the diagonal; `diagonal` has `step` 0 to repeat one number.
py::Ref diagonal_matrix(PyTypeObject* type, Shape shape, const double* diagonal,
                        Index step) {
    Fresh fresh = make_filled(type, shape, 0.0);
    for (Index i = 0; i < std::min(shape.rows, shape.columns); ++i) {
        fresh.data[i * shape.columns + i] = diagonal[i * step];
    }
    return std::move(fresh.ref);
}

constexpr double kOne = 1.0;

py::Ref eye(const Call& call) {
    static constexpr Signature<2> kSignature{"eye", {"n", "columns"}, {0, 2, 1}};
    const auto [n, columns] = parse(kSignature, call);
    const Index rows = as_index(n);
    const Shape shape{rows, is_absent(columns) ? rows : as_index(columns)};
    return diagonal_matrix(type_of(call), shape, &kOne, 0);
}

py::Ref identity(const Call& call) {
    static constexpr Signature<1> kSignature{"identity", {"n"}, {0, 1, 1}};
    const auto [n] = parse(kSignature, call);
    const Index rows = as_index(n);
    return diagonal_matrix(type_of(call), {rows, rows}, &kOne, 0);
}

py::Ref diag(const Call& call) {
    static constexpr Signature<1> kSignature{"diag", {"values"}, {0, 1, 1}};
    const auto [values] = parse(kSignature, call);
    const Operand operand{values};
    const Grid grid = operand.grid();
    if (grid.scalar) {
        py::raise(PyExc_TypeError, "values must be a sequence of numbers, not %.100s",
                  Py_TYPE(values)->tp_name);
    }
    if (!grid.shape.is_vector()) {
        raise_shape("diag() needs a vector, not %zdx%zd; m.diagonal() reads a diagonal",
                    grid.shape.rows, grid.shape.columns);
    }
    const Index n = grid.shape.size();
    return diagonal_matrix(type_of(call), {n, n}, grid.data, 1);
}

py::Ref diagonal(PyObject* self) {
    Block& block = held(self);
    const Shape shape = block.shape();
    const Index n = std::min(shape.rows, shape.columns);
    Fresh fresh = make(Py_TYPE(self), {1, n});
    for (Index i = 0; i < n; ++i) {
        fresh.data[i] = block.data()[i * shape.columns + i];
    }
    return std::move(fresh.ref);
}

/// How many numbers there are from `start` to before `stop`, as numpy counts them;
/// ValueError if there is none or no way to tell.
Shape range_shape(double start, double stop, double step) {
    if (step == 0.0) {
        py::raise(PyExc_ValueError, "arange() needs a step that is not 0");
    }
    const double span = stop - start;
    const double steps = span / step;
    if (std::isnan(steps)) {
        py::raise(PyExc_ValueError, "arange() cannot count from start to stop");
    }
    // A quotient that underflows is more than none.
    const bool tiny = steps == 0.0 && span != 0.0 && !std::signbit(steps);
    const double count = tiny ? 1.0 : std::ceil(steps);
    if (count < 1.0) {
        py::raise(PyExc_ValueError,
                  "arange() finds no number from start to stop, and a matrix is never "
                  "empty");
    }
    constexpr double kMost = 4e18; // within an Index, and no address space holds more
    return {1, static_cast<Index>(std::min(count, kMost))};
}

py::Ref arange(const Call& call) {
    static constexpr Signature<3> kSignature{
        "arange", {"start", "stop", "step"}, {0, 3, 1}};
    const auto [first, second, third] = parse(kSignature, call);
    const bool single = is_absent(second);
    const double start = single ? 0.0 : as_double(first, "start");
    const double stop = single ? as_double(first, "stop") : as_double(second, "stop");
    const double step = is_absent(third) ? 1.0 : as_double(third, "step");
    const Shape shape = range_shape(start, stop, step);
    Fresh fresh = make(type_of(call), shape);
    const double delta = start + step - start; // so numpy, from its first two numbers
    for (Index i = 0; i < shape.columns; ++i) {
        fresh.data[i] = start + static_cast<double>(i) * delta;
    }
    fresh.data[0] = start;
    return std::move(fresh.ref);
}

py::Ref linspace(const Call& call) {
    static constexpr Signature<3> kSignature{
        "linspace", {"start", "stop", "count"}, {0, 3, 3}};
    const auto [first, last, number] = parse(kSignature, call);
    const double start = as_double(first, "start");
    const double stop = as_double(last, "stop");
    const Index count = as_index(number);
    Fresh fresh = make(type_of(call), {1, count});
    const double span = stop - start;
    const auto parts = static_cast<double>(count - 1);
    const double step = count > 1 ? span / parts : span;
    for (Index i = 0; i < count; ++i) {
        const auto place = static_cast<double>(i);
        // A step that underflows would leave all numbers at the start.
        fresh.data[i] =
            (step == 0.0 && count > 1 ? place / parts * span : place * step) + start;
    }
    if (count > 1) {
        fresh.data[count - 1] = stop;
    }
    return std::move(fresh.ref);
}

} // namespace

Methods pattern_methods() {
    static const PyMethodDef methods[] = {
        method<&eye>("eye",
                     "eye(n, columns=None)\n--\n\n"
                     "An n x columns (n x n) matrix of 0.0 with 1.0 on the diagonal. "
                     "AssertionError for a dimension below 1.",
                     METH_CLASS),
        method<&identity>("identity",
                          "identity(n)\n--\n\nThe n x n identity; see `eye`.",
                          METH_CLASS),
        method<&diag>(
            "diag",
            "diag(values)\n--\n\n"
            "An NxN matrix of 0.0 with N numbers on the diagonal: a vector or "
            "any iterable. ValueError for a matrix that is no vector, or an "
            "empty sequence; TypeError for a number.",
            METH_CLASS),
        method<&arange>("arange",
                        "arange(start, stop=None, step=1)\n--\n\n"
                        "A 1xN row of the numbers from start (with one argument: from "
                        "0) to before stop, step apart.\n\n"
                        "ValueError if there is none or step is 0, OverflowError if "
                        "there are too many.",
                        METH_CLASS),
        method<&linspace>("linspace",
                          "linspace(start, stop, count)\n--\n\n"
                          "A 1xcount row of evenly spaced numbers, from start to stop, "
                          "both included. AssertionError for a count below 1.",
                          METH_CLASS),
        plain<&diagonal>("diagonal", "diagonal($self, /)\n--\n\n"
                                     "The numbers [0, 0], [1, 1], ... as a 1xN row."),
    };
    return methods;
}

} // namespace boc::math
