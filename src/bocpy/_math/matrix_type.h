#pragma once

#include "state.h"

namespace boc::math {

/// Adds Matrix to `state`.
void add_matrix_type(PyObject* module, State& state);

} // namespace boc::math
