#pragma once

#include "kernels.h"
#include "operand.h"

namespace boc::math {

/// How one operand walks over the result.
struct Side {
    const double* data;
    Index row_step;
    Index column_step;

    [[nodiscard]] Lane lane(Index row) const noexcept {
        return {data + row * row_step, column_step};
    }
    /// Whether one lane serves the whole result.
    [[nodiscard]] bool is_flat(Shape result) const noexcept {
        return (row_step == 0 && column_step == 0) ||
               (column_step == 1 && (row_step == result.columns || result.rows == 1));
    }
};

/// A side of exactly `result`, or a scalar, row or column of it; the caller has
/// checked.
[[nodiscard]] Side side_of(const Grid& grid, Shape result) noexcept;

/// Whether `shape` is `result` or a scalar, row or column of it.
[[nodiscard]] bool fits(Shape shape, Shape result) noexcept;

/// The shape of `left` with `right`; a ShapeError naming both if there is none.
[[nodiscard]] Shape broadcast(const Grid& left, const Grid& right);

/// Calls `run(out, lanes..., n)` for the whole result at once or row by row.
template <typename Run, typename... Sides>
void for_lanes(double* out, Shape shape, const Run& run, const Sides&... sides) {
    if ((sides.is_flat(shape) && ...)) {
        run(out, sides.lane(0)..., shape.size());
        return;
    }
    for (Index row = 0; row < shape.rows; ++row) {
        run(out + row * shape.columns, sides.lane(row)..., shape.columns);
    }
}

/// `left op right` in a new matrix, or in `out`.
[[nodiscard]] py::Ref binary(Binary op, PyObject* left, PyObject* right, PyObject* out);

/// `self op= right`, which must keep the shape of self.
[[nodiscard]] py::Ref binary_in_place(Binary op, PyObject* self, PyObject* right);

} // namespace boc::math
