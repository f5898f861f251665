#pragma once

#include "parcel.h"
#include "py/error.h"

namespace boc {

class Behavior;

/// Packs an exception so that it loads everywhere, with the text of its traceback and
/// the line that scheduled `behavior` (or null): one that does not survive the journey
/// is replaced by a stand-in.
[[nodiscard]] Parcel pack_failure(PyObject* error, const Behavior* behavior) noexcept;

/// What a report of an exception that nobody read says after its first line.
[[nodiscard]] py::Ref failure_text(PyObject* error, const Behavior* behavior) noexcept;

/// Logs `error` on the logger of the calling worker.
void log_failure(const char* what, PyObject* error) noexcept;

} // namespace boc
