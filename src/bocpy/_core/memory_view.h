#pragma once

#include "py/ref.h"

namespace boc {

/// A memoryview as a tuple of leaves: its bytes, whether they can be written, the
/// format and the shape. CPython's own way lends the memory, which must then outlive
/// the interpreter that has it; a copy owes nothing to anyone.
[[nodiscard]] py::Ref describe_view(PyObject* view);
[[nodiscard]] py::Ref restore_view(PyObject* described);

} // namespace boc
