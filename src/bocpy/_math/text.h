#pragma once

#include "py/ref.h"

#include <functional>
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
    bool summary = false; ///< the first and last rows and columns, if there are many
};
[[nodiscard]] std::string to_text(const Table& table);

/// What stands for one number, in UTF-8, and how many characters that is.
struct Cell {
    std::string text;
    std::size_t width;
};
/// The same with other texts for the numbers.
[[nodiscard]] std::string to_text(const Table& table,
                                  const std::function<Cell(double)>& cell_of);

/// What a C++ string in UTF-8 says, as a str.
[[nodiscard]] py::Ref to_str(const std::string& text);

} // namespace boc::math
