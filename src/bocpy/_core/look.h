#pragma once

#include <atomic>
#include <cstdint>

namespace boc {

/// A look at behaviors that run or wait. While it lasts, none of those that it can find
/// is freed: what a worker shows (see boc::Post), and what waits behind that.
///
///   open_   looker   L1: the looker sets it, has every thread pass a barrier, then
///                    reads what is shown. A worker hides a behavior before it passes
///                    the cowns on, and reads open_ before it frees it, or what waited
///                    for it. Either the looker sees it hidden, or the worker was past
///                    its barrier before it hid it: then it, and who runs what comes
///                    next, sees open_ and waits
class Look {
public:
    /// Waits until no other thread looks.
    Look() noexcept;
    ~Look();
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;

    /// About to free a behavior: waits while somebody looks.
    static void pass() noexcept {
        std::atomic_signal_fence(std::memory_order_seq_cst); // L1: the compiler's share
        if (open_.load(std::memory_order_acquire) != 0) [[unlikely]] { // L1
            wait();
        }
    }

private:
    static void wait() noexcept;

    /// The looker's process: a fork leaves looks behind that nobody ends.
    static inline std::atomic<std::int64_t> open_{0};
};

} // namespace boc
