#pragma once

#include "args.h"

#include <span>

namespace boc::math {

using Methods = std::span<const PyMethodDef>;

// The methods of Matrix by theme, each list in the file of that name.
[[nodiscard]] Methods construct_methods();
[[nodiscard]] Methods pattern_methods();
[[nodiscard]] Methods arithmetic_methods();
[[nodiscard]] Methods power_methods();
[[nodiscard]] Methods elementwise_methods();
[[nodiscard]] Methods format_methods();
[[nodiscard]] Methods bounds_methods();
[[nodiscard]] Methods reduce_methods();
[[nodiscard]] Methods rank_methods();
[[nodiscard]] Methods spread_methods();
[[nodiscard]] Methods order_methods();
[[nodiscard]] Methods gather_methods();
[[nodiscard]] Methods along_methods();
[[nodiscard]] Methods choose_methods();
[[nodiscard]] Methods vector_methods();
[[nodiscard]] Methods algebra_methods();
[[nodiscard]] Methods fused_methods();
[[nodiscard]] Methods random_methods();
[[nodiscard]] Methods pickle_methods();
[[nodiscard]] Methods window_methods();
[[nodiscard]] Methods export_methods();
[[nodiscard]] Methods layout_methods();

} // namespace boc::math
