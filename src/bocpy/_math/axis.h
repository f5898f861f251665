#pragma once

#include "py/ref.h"

namespace boc::math {

enum class Axis : unsigned char {
    kAll,    ///< one result
    kDown,   ///< axis 0: one result per column
    kAcross, ///< axis 1: one result per row
};

/// None or absent, -2, -1, 0, 1. TypeError for bool and other types, OverflowError
/// outside a C int, ShapeError for other values.
[[nodiscard]] Axis axis_from(PyObject* axis);

/// As take and its family read it: true for axis 1, KeyError for other values.
[[nodiscard]] bool is_column_axis(PyObject* axis);

} // namespace boc::math
