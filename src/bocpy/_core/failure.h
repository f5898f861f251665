#pragma once

#include "parcel.h"
#include "py/error.h"

#include <string>

namespace boc {

class Behavior;

/// Packs an exception so that it loads everywhere, with the text of its traceback and
/// the line that scheduled `behavior` (or null): one that does not survive the journey
/// is replaced by a stand-in.
[[nodiscard]] Parcel pack_failure(PyObject* error, const Behavior* behavior) noexcept;

/// What a report of an exception that nobody read says after its first line.
[[nodiscard]] py::Ref failure_text(PyObject* error, const Behavior* behavior) noexcept;

/// Adds a line to what the pending exception tells, where exceptions have notes.
void note_failure(const std::string& text) noexcept;

/// Loads a value; an exception is given the line that `told()` answers.
template <typename Told>
py::Ref unpack_or_note(const Parcel& value, Told told) {
    try {
        return value.unpack();
    } catch (const py::ErrorSet&) {
        note_failure(told());
        throw;
    }
}

/// Logs `error` on the logger of the calling worker.
void log_failure(const char* what, PyObject* error) noexcept;

} // namespace boc
