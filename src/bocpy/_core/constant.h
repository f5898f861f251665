#pragma once

#include "home.h"

namespace boc {

/// Whether nobody can change `item`, or anything in it. Handles count: all that can
/// change is behind them.
[[nodiscard]] inline bool is_constant(const Home& home, PyObject* item) noexcept {
    PyTypeObject* const type = Py_TYPE(item);
    return type == &PyLong_Type || type == &PyUnicode_Type || type == &PyFloat_Type ||
           item == Py_None || type == &PyBool_Type || type == &PyBytes_Type ||
           type == &PyComplex_Type || type == home.capsule_type ||
           type == home.cown_type;
}

} // namespace boc
