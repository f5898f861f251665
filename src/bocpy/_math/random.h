#pragma once

#include <cstdint>

namespace boc::math {

/// A starting position of the random stream, from the entropy of the system.
[[nodiscard]] std::uint64_t random_seed();

} // namespace boc::math
