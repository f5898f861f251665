#pragma once

namespace boc::math {

/// Whether clip(h) means the range from 0 to h, as in release 0.5: BOCPY_COMPAT=0.5 in
/// the environment when the module is loaded.
[[nodiscard]] bool clips_from_zero() noexcept;

} // namespace boc::math
