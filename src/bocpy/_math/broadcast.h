#pragma once

#include "lanes.h"
#include "operand.h"

namespace boc::math {

/// A side of exactly `result`, or a scalar, row or column of it; the caller has
/// checked.
[[nodiscard]] Side side_of(const Grid& grid, Shape result) noexcept;

/// Whether `shape` is `result` or a scalar, row or column of it.
[[nodiscard]] bool fits(Shape shape, Shape result) noexcept;

/// The shape of `left` with `right`; a ShapeError naming both if there is none.
[[nodiscard]] Shape broadcast(const Grid& left, const Grid& right);

/// `left op right` in a new matrix, or in `out`.
[[nodiscard]] py::Ref binary(Binary op, PyObject* left, PyObject* right, PyObject* out);

/// `self op= right`, which must keep the shape of self.
[[nodiscard]] py::Ref binary_in_place(Binary op, PyObject* self, PyObject* right);

} // namespace boc::math
