#pragma once

#include "behavior.h"
#include "post.h"
#include "sched/pump_queue.h"
#include "seat.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace boc {

/// How threads of the primary interpreter that are no workers run pinned behaviors.
///
///   pumping_  all   PU1: how many do so. Where threads run at once it is one at most,
///                   who makes it 1 by CAS (acquire); who leaves (release) while work
///                   is left wakes those who wait
///   idle_     all   PU2: guarded by mutex_; seats that no thread is in
class Pump {
public:
    struct Limits {
        std::optional<compat::Deadline> deadline; ///< asked for after each behavior
        std::uint64_t most = UINT64_MAX;
        bool raise = false; ///< end with the first exception of a body
    };
    struct Outcome {
        std::uint64_t executed = 0;
        bool deadline_reached = false;
        std::uint64_t raised = 0; ///< by bodies
    };
    /// Runs what waits, and does not wait. Throws what a body raised if that is no
    /// Exception, or if it shall; the rest stays.
    [[nodiscard]] Outcome run(const Limits& limits);

    /// Whether the calling thread is in run().
    [[nodiscard]] static bool inside() noexcept { return inside_; }
    /// Whether there is work that the calling thread could run.
    [[nodiscard]] bool ready() const noexcept {
        return !inside_ && sched::PumpQueue::instance().ready() &&
               (py::kThreadsTakeTurns ||
                pumping_.load(std::memory_order_acquire) == 0); // PU1
    }

    /// How long there has been work, at most one time a spell.
    struct Starvation {
        std::int64_t milliseconds;
        std::size_t depth;
    };
    /// Whether the latest spell lasts for more than `patience`; told once.
    [[nodiscard]] std::optional<Starvation>
    starvation(std::chrono::milliseconds patience);

    /// Forgets the functions that it has bound.
    void clear() noexcept;
    /// In the child of a fork: no other thread is in run().
    void forget() noexcept;

private:
    class Turn;

    static inline BOC_THREAD_LOCAL bool inside_ = false;

    std::atomic<int> pumping_{0};
    std::mutex mutex_;
    std::vector<std::unique_ptr<Seat>> idle_;
    std::atomic<std::uint64_t> told_{0}; ///< the latest spell that was told of
};

} // namespace boc
