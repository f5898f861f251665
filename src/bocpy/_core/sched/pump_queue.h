#pragma once

#include "atomic.h"
#include "compat.h"
#include "sched/work.h"
#include "terminator.h"

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace boc::sched {

/// Work that waits for a thread of the primary interpreter to take it, in the order in
/// which it came.
///
///   mutex_   all      PQ1: guards the chain and what is no atomic
///   depth_,  all      PQ2: stored (release) under mutex_, and only then are those
///   woken open_             who wait at the terminator: they load both (acquire)
///   before they
///                     sleep, so none sleeps beside work
///   busy_    takers   PQ3: counted up under mutex_ with the work that is taken: who
///                     has closed the queue, and then finds 0 here (acquire), knows
///                     that nothing that was taken is still in use
class PumpQueue {
public:
    /// The one of the process.
    [[nodiscard]] static PumpQueue& instance() noexcept;

    /// Wakes those who wait at `waiters`.
    explicit PumpQueue(Terminator& waiters) noexcept : waiters_{waiters} {}
    PumpQueue(const PumpQueue&) = delete;
    PumpQueue& operator=(const PumpQueue&) = delete;
    ~PumpQueue() = default;

    void open() noexcept { set_open(true); }
    /// Refuses what comes; what is here stays, for drain() only.
    void close() noexcept { set_open(false); }

    /// False, and nothing done, while it is closed.
    [[nodiscard]] bool push(Work* work) noexcept;
    /// The work that came first; null without any, or while it is closed. The taker
    /// calls done() after it.
    [[nodiscard]] Work* try_take() noexcept;
    void done() noexcept;
    /// All work, linked through next, for who does not run it.
    [[nodiscard]] Work* drain() noexcept;

    [[nodiscard]] std::size_t depth() const noexcept {
        return depth_.load(std::memory_order_acquire); // PQ2
    }
    /// Whether there is something to take.
    [[nodiscard]] bool ready() const noexcept {
        return depth() > 0 && open_.load(std::memory_order_acquire); // PQ2
    }
    /// Waits until nothing that was taken is still in use.
    Waited wait_unused_until(compat::Deadline deadline, Interrupts interrupts) noexcept;

    /// A time during which there always was work.
    struct Spell {
        std::uint64_t number; ///< which one; 0 before the first
        compat::Deadline since;
        std::size_t depth; ///< 0 if it is over
    };
    [[nodiscard]] Spell spell() noexcept;

    /// Calls `see` for each piece of work, in order; none is taken meanwhile.
    template <typename See>
    void visit(See&& see) {
        const std::scoped_lock lock{mutex_}; // PQ1
        for (const Work* work = first_; work != nullptr;
             work = work->next.load(std::memory_order_relaxed)) {
            see(*work);
        }
    }

    /// In the child of a fork: closed, and empty.
    static void forget() noexcept;

private:
    void set_open(bool open) noexcept;

    Terminator& waiters_;
    Mutex mutex_;
    Work* first_ = nullptr;
    Work* last_ = nullptr;
    std::uint64_t spells_ = 0;
    compat::Deadline since_{}; ///< when the latest spell began
    Atomic<bool> open_{false};
    Atomic<std::size_t> depth_{0};
    Atomic<std::uint32_t> busy_{0};
    Eventcount unused_;
};

} // namespace boc::sched
