#pragma once

#include "shape.h"

#include <optional>

namespace boc::math {

/// Whether float() would take `object` through the number protocol: no strings, which
/// numpy's scalars of text would parse, and no complex numbers.
[[nodiscard]] bool is_number(PyObject* object) noexcept;

/// The value of a number; what its conversion raises goes through. TypeError naming
/// `what` for anything else.
double as_double(PyObject* number, const char* what);

/// The value of a number, or nothing if `object` is none: neither is a collection whose
/// `__float__` refuses with a TypeError, as that of an array does. Other conversion
/// errors go through.
std::optional<double> try_double(PyObject* object);

/// Clears the pending exception if it says that an object is no number; what must end
/// the program (KeyboardInterrupt, MemoryError) is thrown on.
void clear_refusal();

/// An integer by `__index__`: TypeError for others. Beyond ssize it raises `overflow`,
/// or is the nearest number within if that is null.
Index as_index(PyObject* number, PyObject* overflow = PyExc_OverflowError);

/// The value of an int that fits a machine word; runs no code, sets no error.
[[nodiscard]] inline bool read_small_int(PyObject* object, Index& value) noexcept {
    if (!PyLong_CheckExact(object)) {
        return false;
    }
#if BOC_HAS_OWN_GIL
    auto* const number = reinterpret_cast<PyLongObject*>(object);
    if (PyUnstable_Long_IsCompact(number) == 0) {
        return false;
    }
    value = PyUnstable_Long_CompactValue(number);
    return true;
#else
    int overflow = 0;
    value = static_cast<Index>(PyLong_AsLongLongAndOverflow(object, &overflow));
    return overflow == 0;
#endif
}

inline bool is_integer(PyObject* object) noexcept {
    return PyIndex_Check(object) != 0;
}

} // namespace boc::math
