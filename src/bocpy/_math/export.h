#pragma once

#include "py/ref.h"

#include <span>

namespace boc::math {

/// The buffer protocol of Matrix: two-dimensional, C-contiguous, writable doubles.
[[nodiscard]] std::span<const PyType_Slot> matrix_buffer_slots();

/// The buffer protocol of MatrixView: one-dimensional, strided.
[[nodiscard]] std::span<const PyType_Slot> view_buffer_slots();

} // namespace boc::math
