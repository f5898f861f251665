#pragma once

#include "py/ref.h"

#include <string>

namespace boc::math {

/// `%g` of a number.
[[nodiscard]] std::string short_text(double number);

[[nodiscard]] PyObject* matrix_repr(PyObject* self);
[[nodiscard]] PyObject* matrix_str(PyObject* self);

/// The rows of numbers between brackets, cells aligned to the widest.
struct Table {
    const double* data;
    Py_ssize_t rows;
    Py_ssize_t columns;
};
[[nodiscard]] std::string to_text(const Table& table);

} // namespace boc::math
