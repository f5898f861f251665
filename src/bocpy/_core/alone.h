#pragma once

#include "plain_class.h"

namespace boc {

/// Whether `value` is a plain container (dict, list, set, bytearray) or an instance of
/// a plain class that only the caller's one reference reaches, with nothing inside that
/// anybody else could change or see change. Such a value may stay where it is: nobody
/// can tell it from a copy.
///
/// Every count must be explained by the value's own tree, the count a garbage collector
/// makes; what is shared inside the tree, a subclass of a container, or anything with a
/// weak reference is not plain.
[[nodiscard]] bool stands_alone(PyObject* value) noexcept;

/// Whether it is worth asking: `value` is of one of those types.
[[nodiscard]] inline bool may_stand_alone(PyObject* value) noexcept {
    PyTypeObject* const type = Py_TYPE(value);
    return type == &PyDict_Type || type == &PyList_Type || type == &PySet_Type ||
           type == &PyByteArray_Type || may_be_plain_class(type);
}

} // namespace boc
