#pragma once

#include "py/ref.h"

#include <span>

namespace boc::math {

/// Length, item access and iteration of Matrix.
[[nodiscard]] std::span<const PyType_Slot> item_slots();

} // namespace boc::math
