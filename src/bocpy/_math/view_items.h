#pragma once

#include "view.h"

#include <span>

namespace boc::math {

/// Element `index`, not wrapped; IndexError if there is none.
[[nodiscard]] py::Ref view_element(PyObject* view, Index index);

/// Writes a number there; TypeError for a deletion, a non-number or a read-only view.
void set_view_element(PyObject* view, Index index, PyObject* value);

/// Length and item access of MatrixView.
[[nodiscard]] std::span<const PyType_Slot> view_item_slots();

} // namespace boc::math
