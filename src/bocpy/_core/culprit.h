#pragma once

#include "py/error.h"

namespace boc {

/// Lets the pending exception tell which member of `value`, called `what`, does not
/// cross; it stays pending.
void name_culprit(PyObject* value, const char* what);

/// The same, and throws it.
[[noreturn]] inline void throw_with_culprit(PyObject* value, const char* what) {
    name_culprit(value, what);
    throw py::ErrorSet{};
}

} // namespace boc
