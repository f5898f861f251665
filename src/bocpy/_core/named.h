#pragma once

#include "py/ref.h"

#include <optional>
#include <string>
#include <string_view>

namespace boc {

/// A function or class that its module knows under its own name, as pickle refers to
/// it: the two names, with a NUL between them. Nothing for what is not found so, and
/// for what pickle may treat in another way.
[[nodiscard]] std::optional<std::string> names_of(PyObject* value);

/// The same in the attached interpreter, its module imported if need be; throws if it
/// is not there.
[[nodiscard]] py::Ref find_named(std::string_view names);

} // namespace boc
