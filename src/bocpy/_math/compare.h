#pragma once

#include "py/ref.h"

namespace boc::math {

/// The six comparison operators of Matrix: one bool, lexicographic in row-major order.
[[nodiscard]] PyObject* compare(PyObject* self, PyObject* other, int op);

} // namespace boc::math
