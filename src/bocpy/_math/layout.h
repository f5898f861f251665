#pragma once

#include "py/ref.h"

namespace boc::math {

/// The properties of Matrix, ended by an empty entry.
[[nodiscard]] PyGetSetDef* matrix_properties();

/// A new matrix with rows and columns exchanged.
[[nodiscard]] py::Ref transposed(PyObject* self);

} // namespace boc::math
