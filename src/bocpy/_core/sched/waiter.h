#pragma once

#include "atomic.h"
#include "sched/work.h"

#include <cstdint>

namespace boc::sched {

/// Work that may run once it is first in the queue of each of its cowns, and then
/// leaves them, once. A request is anything with link(), open() and unlink(), see
/// Place.
///
///   pending_  all  B2: requests not yet granted, and one guard while several are
///                      linked; whoever brings it to 0 (acq_rel), or sees (acquire)
///                      that all that is left is his, dispatches the work
///   queued_   who runs it, or gives it up  B3: only the exchange that turns it passes
///                                              the cowns on
///   B4: a single request is open before it is linked, for there are no others to wait
///       for; once it has a predecessor it may run, and be gone
class Waiter : public Work {
public:
    /// Takes a place in every queue: `requests` are those of distinct cowns, in
    /// ascending order. True if the caller is to dispatch it.
    template <typename Requests>
    [[nodiscard]] bool link_all(Requests&& requests) noexcept {
        queued_.store(true, std::memory_order_relaxed);
        const auto count = static_cast<std::int32_t>(requests.size());
        if (count == 1) {
            pending_.store(1, std::memory_order_relaxed);
            requests.front().open();
            return requests.front().link(this); // B4
        }
        pending_.store(count + 1, std::memory_order_relaxed);
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
        return pending_.load(std::memory_order_acquire) == count || // B2
               pending_.fetch_sub(count, std::memory_order_acq_rel) == count;
    }

    /// False if it has left the queues already. `alone` if nobody else can ask.
    [[nodiscard]] bool leave(bool alone) noexcept {
        if (!alone) {
            return queued_.exchange(false, std::memory_order_relaxed); // B3
        }
        const bool queued = queued_.load(std::memory_order_relaxed);
        queued_.store(false, std::memory_order_relaxed);
        return queued;
    }

    /// Whether it has a place in the queues.
    [[nodiscard]] bool queued() const noexcept {
        return queued_.load(std::memory_order_relaxed);
    }

private:
    Atomic<std::int32_t> pending_{0};
    Atomic<bool> queued_{false};
};

} // namespace boc::sched
