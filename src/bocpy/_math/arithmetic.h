#pragma once

#include "py/ref.h"

#include <span>

namespace boc::math {

/// The number slots of Matrix.
[[nodiscard]] std::span<const PyType_Slot> number_slots();

/// The number slots of MatrixView: the same operations on a copy.
[[nodiscard]] std::span<const PyType_Slot> view_number_slots();

/// `left @ right`.
[[nodiscard]] py::Ref product(PyObject* left, PyObject* right);

} // namespace boc::math
