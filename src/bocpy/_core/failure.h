#pragma once

#include "parcel.h"
#include "py/error.h"

namespace boc {

/// Packs an exception so that it loads everywhere: one that does not survive the
/// journey is replaced by a stand-in that tells its type, message and traceback.
[[nodiscard]] Parcel pack_failure(PyObject* error) noexcept;

/// Logs `error` on the logger of the calling worker.
void log_failure(const char* what, PyObject* error) noexcept;

} // namespace boc
