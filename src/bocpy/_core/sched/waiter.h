#pragma once

#include "sched/work.h"

#include <atomic>
#include <cstdint>

namespace boc::sched {

/// Work that may run once it is first in the queue of each of its cowns, and then leaves
/// them, once. A request is anything with link(), open() and unlink(), see Place.
///
///   pending_  all  B2: requests not yet granted, and one guard while linking; whoever
///                      brings it to 0 (acq_rel) dispatches the work
///   queued_   who runs it, or gives it up  B3: only the exchange that turns it passes
///                                              the cowns on
class Waiter : public Work {
public:
    /// Takes a place in every queue: `requests` are those of distinct cowns, in
    /// ascending order. True if the caller is to dispatch it.
    template <typename Requests>
    [[nodiscard]] bool link_all(Requests&& requests) noexcept {
        queued_.store(true, std::memory_order_relaxed);
        pending_.store(static_cast<std::int32_t>(requests.size()) + 1,
                       std::memory_order_relaxed);
        std::int32_t free = 1;
        for (auto& request : requests) {
            free += request.link(this) ? 1 : 0;
        }
        for (auto& request : requests) {
            request.open();
        }
        return granted(free);
    }

    /// Counts `count` requests off; true if the caller is to dispatch it.
    [[nodiscard]] bool granted(std::int32_t count) noexcept {
        return pending_.fetch_sub(count, std::memory_order_acq_rel) == count; // B2
    }

    /// False if it has left the queues already.
    [[nodiscard]] bool leave() noexcept {
        return queued_.exchange(false, std::memory_order_relaxed); // B3
    }

private:
    std::atomic<std::int32_t> pending_{0};
    std::atomic<bool> queued_{false};
};

} // namespace boc::sched
