#pragma once

#include <cstddef>

/// Raw memory for blocks, aligned to 64 bytes from 1 KiB on; any thread may free it.
namespace boc::math::storage {

/// Null if there is no memory.
[[nodiscard]] void* allocate(std::size_t bytes) noexcept;

/// `bytes` as given to allocate.
void free(void* memory, std::size_t bytes) noexcept;

} // namespace boc::math::storage
