#pragma once

#include "operand.h"

#include <vector>

namespace boc::math {

/// Rows or columns by number, not yet wrapped.
struct Picked {
    std::vector<Index> indices;
    bool columns;
};

/// The picked rows or columns in a new matrix or in `out`, which must not be self.
[[nodiscard]] py::Ref gather(PyObject* self, Picked picked, PyObject* out);

/// Writes `value` (number, 1x1, or exactly the shape picked) to the picked rows or
/// columns, in order; adds it if `accumulate`. Nothing is written on an error.
void scatter(PyObject* self, Picked picked, PyObject* value, bool accumulate);

} // namespace boc::math
