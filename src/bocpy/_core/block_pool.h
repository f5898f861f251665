#pragma once

#include <cstddef>

namespace boc {

/// Memory for blocks that one thread takes and another gives back, as a program that
/// schedules here and runs there does with every behavior.
///
/// Each thread keeps up to two batches of each size; full batches change hands through
/// a depot, so that its lock is taken once for many blocks, and never waited for. What
/// fits nowhere goes to the system. After the magazines of Bonwick and Adams,
/// "Magazines and Vmem" (USENIX 2001).
class BlockPool {
public:
    /// Larger blocks come from the system.
    static constexpr std::size_t kLargest = 768;

    /// A block of at least `size` bytes, aligned for everything; throws std::bad_alloc.
    [[nodiscard]] static void* take(std::size_t size);
    /// Gives back a block that was taken with the same size.
    static void give(void* block, std::size_t size) noexcept;
};

} // namespace boc
