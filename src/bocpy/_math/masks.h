#pragma once

#include "operand.h"

namespace boc::math {

/// Whether the result of `op` is to be a mask: large, and no matrix that exists.
[[nodiscard]] bool makes_mask(Binary op, Shape shape, PyObject* out) noexcept;

/// A new mask of `left op right`; the grids fit `shape`.
[[nodiscard]] py::Ref compare_to_mask(Binary op, PyTypeObject* type, Shape shape,
                                      const Grid& left, const Grid& right);

/// Numbers, or the bytes of a mask. `step` 0 repeats the first number.
struct MaskOperand {
    const double* numbers;
    Index step;
    const MaskByte* bytes; ///< null if there are numbers
};

/// out = left op right, `size` numbers; no mask is made numbers as a whole.
void run_masked(Binary op, double* out, Index size, const MaskOperand& left,
                const MaskOperand& right);

} // namespace boc::math
