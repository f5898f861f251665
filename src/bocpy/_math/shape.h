#pragma once

#include "py/ref.h"

namespace boc::math {

using Index = Py_ssize_t;

/// Rows and columns; both at least 1 in every matrix.
struct Shape {
    Index rows = 1;
    Index columns = 1;

    [[nodiscard]] Index size() const noexcept { return rows * columns; }
    [[nodiscard]] bool is_single() const noexcept { return rows == 1 && columns == 1; }
    [[nodiscard]] bool is_vector() const noexcept { return rows == 1 || columns == 1; }
    [[nodiscard]] Shape flipped() const noexcept { return {columns, rows}; }
    bool operator==(const Shape&) const = default;
};

/// Elements of `shape`; throws AssertionError for a dimension below 1 and OverflowError
/// for what no address space holds.
Index checked_size(Shape shape);

/// The shape in a two-item sequence of integers, checked.
Shape shape_from(PyObject* pair);

/// `(rows, columns)`.
py::Ref to_tuple(Shape shape);

} // namespace boc::math
