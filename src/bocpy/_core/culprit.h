#pragma once

#include "py/error.h"

namespace boc {

/// Lets the pending exception tell which member of `value`, called `what`, does not
/// cross, and throws it.
[[noreturn]] void throw_with_culprit(PyObject* value, const char* what);

} // namespace boc
