#include "axis.h"
#include "indices.h"
#include "lanes.h"
#include "methods.h"
#include "number.h"
#include "operand.h"
#include "view.h"

#include <algorithm>
#include <cmath>

namespace boc::math {

namespace {

Operand branch_from(PyObject* object, const char* name) {
    const bool listed = is_plain_sequence(object) && !is_view(object);
    if (is_matrix(object) || listed || (is_number(object) && !is_view(object))) {
        Operand operand{object};
        if (listed || !operand.is_sequence()) {
            return operand;
        }
    }
    py::raise(PyExc_TypeError,
              "where: %s must be a number, a Matrix, a list or a tuple, not %.100s",
              name, Py_TYPE(object)->tp_name);
}

Lane branch_lane(const Grid& grid, Shape shape, const char* name) {
    if (!grid.scalar && grid.shape != shape) {
        raise_shape("where: %s shape %zdx%zd does not match mask %zdx%zd", name,
                    grid.shape.rows, grid.shape.columns, shape.rows, shape.columns);
    }
    return {grid.data, grid.scalar ? 0 : 1};
}

py::Ref where(const Call& call) {
    static constexpr Signature<4> kSignature{
        "where", {"mask", "a", "b", "out"}, {3, 3, 3}};
    const auto [mask, a, b, out] = parse(kSignature, call);
    static_cast<void>(held_argument(mask, "mask"));
    const Operand yes = branch_from(a, "a");
    const Operand no = branch_from(b, "b");
    Block& block = held(mask);
    const Grid yes_grid = yes.grid();
    const Grid no_grid = no.grid();
    const Lane yes_lane = branch_lane(yes_grid, block.shape(), "a");
    const Lane no_lane = branch_lane(no_grid, block.shape(), "b");
    Fresh result = output(Py_TYPE(mask), block.shape(), out);
    const Side yes_side{yes_lane.data, 0, yes_lane.step};
    const Side no_side{no_lane.data, 0, no_lane.step};
    const Shape walk{1, block.size()};
    if (const MaskByte* const bytes = block.mask(); bytes != nullptr) {
        for_lanes(result.data, walk, kernels().where_mask, MaskSide{bytes, 0, 1},
                  yes_side, no_side);
        return std::move(result.ref);
    }
    for_lanes(
        result.data, walk,
        [](double* to, Lane chosen, Lane first, Lane second, Index n) {
            kernels().where(to, chosen.data, first, second, n);
        },
        Side{block.data(), 0, 1}, yes_side, no_side);
    return std::move(result.ref);
}

struct Tolerance {
    double relative;
    double absolute;
};

bool is_close(double a, double b, const Tolerance& tolerance) noexcept {
    if (std::isnan(a) || std::isnan(b)) {
        return std::isnan(a) && std::isnan(b);
    }
    if (std::isinf(a) || std::isinf(b)) {
        return a == b;
    }
    return std::fabs(a - b) <= tolerance.absolute + tolerance.relative * std::fabs(b);
}

/// A Matrix, or the indices that argmin and argmax give, in the shape they have.
struct CloseOperand {
    Operand operand;
    bool flipped; ///< indices in a column

    [[nodiscard]] Grid grid() const {
        Grid grid = operand.grid();
        if (flipped) {
            grid.shape = grid.shape.flipped();
        }
        return grid;
    }
};

CloseOperand close_operand(PyObject* object, const char* name) {
    if (!is_matrix(object) && is_indices(object)) {
        return {Operand{object}, is_column(object)};
    }
    static_cast<void>(held_argument(object, name));
    return {Operand{object}, false};
}

py::Ref allclose(const Call& call) {
    static constexpr Signature<5> kSignature{
        "allclose", {"lhs", "rhs", "rtol", "atol", "equal_nan"}, {2, 5, 2}};
    const auto [lhs, rhs, rtol, atol, equal_nan] = parse(kSignature, call);
    const CloseOperand left = close_operand(lhs, "lhs");
    const CloseOperand right = close_operand(rhs, "rhs");
    const Tolerance tolerance{rtol == nullptr ? 1e-05 : as_double(rtol, "rtol"),
                              atol == nullptr ? 1e-08 : as_double(atol, "atol")};
    static_cast<void>(is_set(equal_nan));
    const Grid a = left.grid();
    const Grid b = right.grid();
    bool close = a.shape == b.shape;
    for (Index i = 0; close && i < a.shape.size(); ++i) {
        close = is_close(a.data[i], b.data[i], tolerance);
    }
    return py::Ref::share(close ? Py_True : Py_False);
}

Index repeats_from(PyObject* repeats) {
    if (!is_integer(repeats)) {
        py::raise(PyExc_TypeError, "repeats must be an int, not %.100s",
                  Py_TYPE(repeats)->tp_name);
    }
    const Index count = as_index(repeats);
    if (count < 1) {
        py::raise(PyExc_ValueError, "repeats must be at least 1, not %zd", count);
    }
    return count;
}

Shape repeated_shape(Shape shape, Index repeats, Axis axis) {
    const Index most = PY_SSIZE_T_MAX / repeats;
    if (shape.size() > most) {
        py::raise(PyExc_OverflowError, "%zd repeats are too many", repeats);
    }
    if (axis == Axis::kAll) {
        return {1, shape.size() * repeats};
    }
    return axis == Axis::kDown ? Shape{shape.rows * repeats, shape.columns}
                               : Shape{shape.rows, shape.columns * repeats};
}

py::Ref repeat_interleave(const Call& call) {
    static constexpr Signature<2> kSignature{
        "repeat_interleave", {"repeats", "axis"}, {0, 2, 1}};
    const auto [repeats_given, axis_given] = parse(kSignature, call);
    const Index repeats = repeats_from(repeats_given);
    const Axis axis = axis_from(axis_given);
    Block& block = held(call.self);
    const Shape shape = block.shape();
    Fresh fresh = make(Py_TYPE(call.self), repeated_shape(shape, repeats, axis));
    const Index run = axis == Axis::kDown ? shape.columns : 1;
    double* out = fresh.data;
    for (Index at = 0; at < shape.size(); at += run) {
        for (Index i = 0; i < repeats; ++i, out += run) {
            std::copy_n(block.data() + at, run, out);
        }
    }
    return std::move(fresh.ref);
}

} // namespace

Methods choose_methods() {
    static const PyMethodDef methods[] = {
        method<&where>(
            "where",
            "where(mask, a, b, /, *, out=None)\n--\n\n"
            "a where mask is not 0, else b; shaped like mask.\n\n"
            "a, b: number, Matrix of mask's shape, or sequence if mask is a row. "
            "A NaN in mask takes a. TypeError if mask is no Matrix, ValueError for "
            "other shapes.",
            METH_CLASS),
        method<&allclose>(
            "allclose",
            "allclose(lhs, rhs, /, rtol=1e-05, atol=1e-08, equal_nan=False)\n--\n\n"
            "Whether |lhs - rhs| <= atol + rtol * |rhs| everywhere.\n\n"
            "Two NaN are always close, as are equal infinities; other shapes are not. "
            "TypeError for anything but matrices.",
            METH_CLASS),
        method<&repeat_interleave>(
            "repeat_interleave",
            "repeat_interleave($self, repeats, axis=None)\n--\n\n"
            "Every number (axis None: a row of all), row (axis 0) or column (axis 1) "
            "`repeats` times in a row.\n\n"
            "ValueError for repeats < 1 or another axis, OverflowError if too large."),
    };
    return methods;
}

} // namespace boc::math
