#pragma once

#include "atomic.h"
#include "compat.h"
#include "parking.h"
#include "sched/crew.h"
#include "sched/stats.h"
#include "sched/work.h"
#include "sched/work_queue.h"

#include <cstdint>

namespace boc::sched {

/// One worker: what its thread does, and what others may do to it.
///
///   slot_     owner fills, all empty  newest item that the owner dispatched
///   idleness_ owner, claimer          an Idleness, or an item handed over
///     W1: only the owner makes slot_ non-null (release); who empties it uses an RMW
///         (acquire). So the owner may fill an empty slot with a plain store.
///     W2: slot_fills() grows before slot_ changes, and is read after it: a thief that
///         finds the same item and the same number as 2 ms before takes what has lain
///         there for so long. A child is not seen elsewhere while its parent is short,
///         and is not stuck when its parent is long.
///     W3: whoever turns kIdle into kClaimed is the only one who may write idleness_
///         next: the item it hands over (release), or kSummoned. The owner waits for
///         that.
///     W4: an item handed over is the owner's alone, the first thing it looks at. The
///         queue of a worker that is about to look there (kClaimed to kSeeking) is left
///         alone too: it takes one item before it stops seeking, or looks again once it
///         is idle, and then wakes another if more is left. So however fast the others
///         are, a worker gets a share of what is dispatched to it.
///     W5: pushed_remote_ holds the number of resets, too: a dispatcher that was
///         overtaken by the end of one runtime and the start of another takes nothing
///         off the later one's count.
class Worker {
public:
    /// Nanoseconds after which what lies in a private slot may be stolen.
    static constexpr std::uint64_t kAged = 2'000'000;

    Worker(Crew& crew, unsigned index) noexcept : crew_{crew}, index_{index} {}
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() = default;

    /// Forgets the former runtime. No thread may be this worker.
    void reset() noexcept;

    // The owner.
    void enter() noexcept;
    void leave() noexcept;
    void dispatch(Work* work) noexcept;
    [[nodiscard]] Work* try_next() noexcept;
    [[nodiscard]] Work* wait_next() noexcept;
    [[nodiscard]] bool stopping() const noexcept {
        return stop_.load(std::memory_order_acquire);
    }
    void flush_slot() noexcept;

    // Any thread.
    [[nodiscard]] unsigned index() const noexcept { return index_; }
    [[nodiscard]] bool approx_idle() const noexcept {
        return idleness_.load(std::memory_order_relaxed) == kIdle;
    }
    [[nodiscard]] bool approx_watching() const noexcept {
        return watching_.load(std::memory_order_relaxed);
    }
    /// Whether others should leave the queue alone. W4
    [[nodiscard]] bool is_about_to_look() const noexcept {
        const std::uintptr_t now = idleness_.load(std::memory_order_acquire);
        return now >= kClaimed && now <= kSeeking;
    }
    /// Wakes the worker with an item, if it is idle.
    bool hand_over(Work* work) noexcept;
    /// Wakes the worker to search, if it is idle.
    bool summon() noexcept;
    void push(Work* work) noexcept { queue_.enqueue(work); }
    void request_stop() noexcept;
    /// See MpmcQueue::empty.
    [[nodiscard]] bool queue_empty() const noexcept { return queue_.empty(); }

    /// Counts an outside dispatch in; answers with what uncount_remote() needs. See
    /// Scheduler, S1
    std::uint64_t count_remote() noexcept {
        return pushed_remote_.fetch_add(1, std::memory_order_seq_cst) / kResets;
    }
    /// Counts it out again, unless the count has been reset since. W5
    void uncount_remote(std::uint64_t resets) noexcept;
    [[nodiscard]] WorkerStats stats() const noexcept;
    /// What was dispatched here less what was taken here; only the sum over all
    /// workers says how much is waiting.
    [[nodiscard]] std::int64_t balance() const noexcept;
    /// Takes out what lies here, calling `take(work)`; a worker that leaves lets
    /// nothing go on lying in its hand.
    template <typename Take>
    void drain(Take&& take) noexcept;

private:
    enum Idleness : std::uint8_t {
        kBusy,
        kIdle,
        kClaimed,
        kSummoned,
        kSeeking,
        kFirstItem
    };

    static constexpr unsigned kFewestSpins = 8;
    static constexpr std::uint64_t kResets = std::uint64_t{1} << 48; ///< unit of those

    bool claim(std::uintptr_t what) noexcept;
    Work* come_back() noexcept;
    Work* take_slot() noexcept;
    Work* pop_slot() noexcept;
    Work* pop_queue() noexcept;
    Work* take_queued() noexcept;
    Work* steal() noexcept;
    Work* steal_from(Worker& victim) noexcept;
    Work* steal_aged_slot(Worker& victim, std::uint64_t now) noexcept;
    Work* fairness() noexcept;
    Work* search() noexcept;
    Work* end_search(Work* handed) noexcept;
    void settle() noexcept;
    Work* watch() noexcept;
    Work* rest() noexcept;
    Worker& next_victim() noexcept;
    [[nodiscard]] bool was_claimed() const noexcept;
    bool spin() noexcept;
    void go_idle() noexcept;
    void retire() noexcept;
    /// Whether `work` was a fairness token, which is then with its owner again.
    bool absorb_token(Work* work) noexcept;
    [[nodiscard]] std::uint64_t slot_fills() const noexcept {
        return counters_.dispatched_to_pending.get() + counters_.pushed_local.get();
    }

    Crew& crew_;
    const unsigned index_;

    // The owner's own.
    alignas(compat::kCacheLine) Atomic<Work*> slot_{nullptr};
    bool idle_ = false;
    bool searching_ = false;
    unsigned budget_ = 0;
    unsigned victim_ = 0;
    unsigned spins_ = 0;
    std::uint64_t tick_ns_ = 0;
    WorkerCounters counters_;

    // Written by thieves and watchers.
    alignas(compat::kCacheLine) Atomic<bool> token_home_{true};
    Atomic<std::uint64_t> seen_fills_{0};
    Atomic<std::uint64_t> seen_since_ns_{0};

    // Written by whoever dispatches or wakes.
    alignas(compat::kCacheLine) Atomic<std::uintptr_t> idleness_{kBusy};
    Atomic<std::uint64_t> pushed_remote_{0};
    Atomic<bool> watching_{false};
    Atomic<bool> stop_{false};
    Parker parker_;
    WorkQueue queue_;
};

template <typename Take>
void Worker::drain(Take&& take) noexcept {
    for (unsigned part = 0; part < WorkQueue::kParts; ++part) {
        Segment segment = queue_.try_dequeue_all(part);
        while (Work* const work = segment.take()) {
            if (!absorb_token(work)) {
                take(work);
            }
        }
    }
    if (Work* const work = slot_.exchange(nullptr, std::memory_order_acquire)) { // W1
        take(work);
    }
}

} // namespace boc::sched
