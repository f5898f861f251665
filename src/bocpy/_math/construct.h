#pragma once

#include "py/ref.h"

namespace boc::math {

/// `Matrix.__new__`: a shell without numbers.
[[nodiscard]] PyObject* matrix_new(PyTypeObject* type, PyObject* args,
                                   PyObject* kwargs);

/// `Matrix.__init__(rows, columns, values=None)`.
[[nodiscard]] int matrix_init(PyObject* self, PyObject* args, PyObject* kwargs);

/// The same in one step, for `Matrix(...)`.
[[nodiscard]] PyObject* matrix_vectorcall(PyObject* type, PyObject* const* args,
                                          std::size_t nargs, PyObject* kwnames);

} // namespace boc::math
