#pragma once

#include "home.h"

namespace boc {

/// Whether `type` may be a class written in Python: cheap, to be asked of any type.
[[nodiscard]] inline bool may_be_plain_class(PyTypeObject* type) noexcept {
    return Py_TYPE(type) == &PyType_Type &&
           (type->tp_flags & Py_TPFLAGS_HEAPTYPE) != 0 && type->tp_finalize == nullptr;
}

/// Whether an instance of `type` crosses as its class, found by name, and its
/// attributes, and nothing but pickle has a hand in it: a class below `object` written
/// in Python, in a module, with no way of its own to be made, pickled, read, written or
/// finalised.
[[nodiscard]] bool is_plain_class(Home& home, PyTypeObject* type) noexcept;

} // namespace boc
