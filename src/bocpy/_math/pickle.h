#pragma once

#include "args.h"

namespace boc::math {

/// `_matrix_unpickle(rows, columns, data)`.
[[nodiscard]] py::Ref unpickle(const Call& call);

} // namespace boc::math
