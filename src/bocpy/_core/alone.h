#pragma once

#include "py/version.h"

namespace boc {

/// Whether `value` is a plain container (dict, list, set, bytearray) that only the
/// caller's one reference reaches, with nothing inside that anybody else could change
/// or see change. Such a value may stay where it is: nobody can tell it from a copy.
///
/// Every count must be explained by the value's own tree, the count a garbage collector
/// makes; a container that is shared inside the tree, a subclass, an instance, or
/// anything with a weak reference is not plain.
[[nodiscard]] bool stands_alone(PyObject* value) noexcept;

/// Whether it is worth asking: `value` is of one of those types.
[[nodiscard]] inline bool may_stand_alone(PyObject* value) noexcept {
    PyTypeObject* const type = Py_TYPE(value);
    return type == &PyDict_Type || type == &PyList_Type || type == &PySet_Type ||
           type == &PyByteArray_Type;
}

} // namespace boc
