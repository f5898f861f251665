#pragma once

#include "atomic.h"
#include "compat.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace boc::sched {

/// What one worker did since its runtime started.
struct WorkerStats {
    std::uint64_t worker_index = 0;
    std::uint64_t pushed_local = 0;
    std::uint64_t dispatched_to_pending = 0;
    std::uint64_t pushed_remote = 0;
    std::uint64_t popped_local = 0;
    std::uint64_t popped_via_steal = 0;
    std::uint64_t enqueue_cas_retries = 0;
    std::uint64_t dequeue_cas_retries = 0;
    std::uint64_t batch_resets = 0;
    std::uint64_t steal_attempts = 0;
    std::uint64_t steal_failures = 0;
    std::uint64_t parked = 0;
    std::uint64_t last_steal_attempt_ns = 0;
    std::uint64_t fairness_arm_fires = 0;
};

/// Name and place of each field, in their order.
struct WorkerStatField {
    std::string_view name;
    std::uint64_t WorkerStats::*field;
};

inline constexpr std::array<WorkerStatField, 14> kWorkerStatFields{{
    {"worker_index", &WorkerStats::worker_index},
    {"pushed_local", &WorkerStats::pushed_local},
    {"dispatched_to_pending", &WorkerStats::dispatched_to_pending},
    {"pushed_remote", &WorkerStats::pushed_remote},
    {"popped_local", &WorkerStats::popped_local},
    {"popped_via_steal", &WorkerStats::popped_via_steal},
    {"enqueue_cas_retries", &WorkerStats::enqueue_cas_retries},
    {"dequeue_cas_retries", &WorkerStats::dequeue_cas_retries},
    {"batch_resets", &WorkerStats::batch_resets},
    {"steal_attempts", &WorkerStats::steal_attempts},
    {"steal_failures", &WorkerStats::steal_failures},
    {"parked", &WorkerStats::parked},
    {"last_steal_attempt_ns", &WorkerStats::last_steal_attempt_ns},
    {"fairness_arm_fires", &WorkerStats::fairness_arm_fires},
}};

/// A count that one thread writes and any thread reads.
class Counter {
public:
    void bump() noexcept { set(get() + 1); }
    void set(std::uint64_t value) noexcept {
        value_.store(value, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

private:
    Atomic<std::uint64_t> value_{0};
};

/// The counts of one worker that only its own thread writes.
struct WorkerCounters {
    Counter pushed_local;
    Counter dispatched_to_pending;
    Counter popped_local;
    Counter popped_via_steal;
    Counter dequeue_cas_retries;
    Counter batch_resets;
    Counter steal_attempts;
    Counter steal_failures;
    Counter parked;
    Counter last_steal_attempt_ns;
    Counter fairness_arm_fires;

    void reset() noexcept {
        for (Counter* const counter :
             {&pushed_local, &dispatched_to_pending, &popped_local, &popped_via_steal,
              &dequeue_cas_retries, &batch_resets, &steal_attempts, &steal_failures,
              &parked, &last_steal_attempt_ns, &fairness_arm_fires}) {
            counter->set(0);
        }
    }
};

} // namespace boc::sched
