#pragma once

#include "py/ref.h"

#include <span>

namespace boc::math {

/// The number slots of Matrix.
[[nodiscard]] std::span<const PyType_Slot> number_slots();

/// The number slots of MatrixView: the same operations on a copy.
[[nodiscard]] std::span<const PyType_Slot> view_number_slots();

/// `base ** exponent` in a new matrix, or in `out`.
[[nodiscard]] py::Ref power(PyObject* base, PyObject* exponent, PyObject* out);

/// `base **= exponent`.
[[nodiscard]] py::Ref power_in_place(PyObject* base, PyObject* exponent);

/// `(left // right, left % right)`.
[[nodiscard]] py::Ref divide_with_rest(PyObject* left, PyObject* right);

/// `left @ right`.
[[nodiscard]] py::Ref product(PyObject* left, PyObject* right);

} // namespace boc::math
