#pragma once

#include "fault.h"
#include "py/ref.h"

namespace boc::py {

/// Throws what a failure at `point` throws, if it is to fail.
inline void may_fail(fault::Point point, const char* what) {
    if (fault::strikes(point)) {
        raise(PyExc_RuntimeError, "a test makes this fail: %s", what);
    }
}

/// In a build for tests, adds the functions that make things fail.
void add_faults(PyObject* module);

} // namespace boc::py
