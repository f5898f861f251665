#pragma once

#include "py/ref.h"

namespace boc::math {

/// Lets matrices cross interpreters by pointer: departure takes the block from its
/// owner, arrival gives it to the interpreter that receives it, in a new handle.
void register_crossing(PyTypeObject* matrix);

/// Lets views be refused wherever they would cross.
void register_staying(PyTypeObject* view);

} // namespace boc::math
