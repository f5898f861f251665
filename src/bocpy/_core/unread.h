#pragma once

#include "cown.h"

#include <vector>

namespace boc::unread {

/// A behavior's failure was stored in `cown`; false if there is no memory to list it.
[[nodiscard]] bool add(Cown* cown) noexcept;
/// A cown that was added dies.
void remove(Cown* cown) noexcept;
/// The cowns that were added and live.
[[nodiscard]] std::vector<CownPtr> all();

} // namespace boc::unread
