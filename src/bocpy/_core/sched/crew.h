#pragma once

#include "atomic.h"
#include "compat.h"

#include <array>
#include <cstdint>

namespace boc::sched {

class Worker;

/// The workers of a runtime, and how many of them are idle, busy, searching for work
/// or watching. All four live in one word, so that every thread sees one history.
///
///   word_      all            CR1: every change is a seq_cst RMW
///   idler_     idle workers   hint: who went idle last
///   spinner_   idle workers   hint: who spins, and needs no system call to be woken
///   size_      start, stop    CR2: published (release) after the table it counts in
///
///   CR3: a push to a queue (seq_cst RMW on its back) is followed by a load of word_; a
///       worker going idle changes word_, then loads the backs of all queues. So either
///       the pusher sees it idle, or it sees the item.
///   CR4: a pusher wakes nobody while somebody searches. The last searcher that finds
///       something leaves the search first, then looks at all queues, and wakes one
///       more if anything is left; a searcher that finds nothing goes idle, see CR3.
///   CR5: while somebody is busy and somebody idle, an idle worker watches the private
///       slots. Who goes idle beside a busy worker becomes the watcher if there is
///       none, and stops watching only when nobody is busy. Only when all were idle and
///       one was handed work is there no watcher yet: that one, reading a word_ no
///       older than its own way out of idleness, summons one at its first use of the
///       slot.
class Crew {
public:
    /// More are refused.
    static constexpr unsigned kMaxWorkers = 4096;

    /// Makes `size` workers ready for a new runtime; false without memory.
    bool open(unsigned size) noexcept;
    /// Leaves nobody to dispatch to. The workers stay allocated.
    void close() noexcept { size_.store(0, std::memory_order_release); }

    [[nodiscard]] unsigned size() const noexcept {
        return size_.load(std::memory_order_acquire);
    }
    /// The size of the latest runtime, closed or not.
    [[nodiscard]] unsigned opened() const noexcept { return opened_; }
    [[nodiscard]] Worker& worker(unsigned index) const noexcept {
        return *workers_[index];
    }

    /// How often in a row a dispatcher may still pass over a sleeping worker. More and
    /// more often in a stream that the others keep up with.
    struct Redirects {
        unsigned left = 3;
        unsigned limit = 3;
    };

    /// Where an outside dispatch should go, and whether that worker looks idle: to
    /// `index`, or to another that is idle. To spare a wake-up the one that spins is
    /// preferred, or nobody woken while somebody searches, as `redirects` allows.
    struct Receiver {
        Worker& worker;
        bool idle;
    };
    [[nodiscard]] Receiver receiver(unsigned index,
                                    Redirects& redirects) const noexcept;

    /// After a push to any queue: wakes a worker if one is idle and none searches. CR3,
    /// CR4
    void pushed() noexcept {
        if (lacks_searcher(word_.load(std::memory_order_seq_cst))) [[unlikely]] {
            wake_one();
        }
    }

    /// After a worker put an item into its empty private slot. CR5
    void slot_filled() noexcept {
        const std::uint64_t word = word_.load(std::memory_order_relaxed);
        if ((word & kWatcher) == 0 && lacks_searcher(word)) [[unlikely]] {
            wake_one();
        }
    }

    /// Wakes one idle worker to search, if there is one.
    void wake_one() noexcept;

    /// An idle worker, the watcher only if no other is; nullptr if none.
    [[nodiscard]] Worker* find_idle() const noexcept;

    /// Whether any queue holds anything, as of the caller's latest RMW. CR3
    [[nodiscard]] bool any_queued() const noexcept;

    /// A thread becomes a busy worker, or ends being one.
    void enter() noexcept { add(kBusy); }
    void leave() noexcept { add(0 - kBusy); }
    /// From busy to idle; true if the worker is to watch.
    [[nodiscard]] bool go_idle(unsigned index, bool searching) noexcept;
    /// From idle to busy and searching.
    void go_busy() noexcept { add(kBusy - kIdle + kSearching); }
    /// The watcher is busy now: if nobody searches, another must watch.
    void stop_watching() noexcept;
    /// The watcher ends its watch if nobody is busy.
    [[nodiscard]] bool retire_watcher() noexcept;
    /// A search ends with work; true if one more worker should be woken. CR4, CR5
    [[nodiscard]] bool found() noexcept;

    /// Whether a worker about to sleep may spin instead: one at a time, and only on a
    /// processor that neither a busy worker nor the main thread needs.
    [[nodiscard]] bool enter_spin(Worker& worker) noexcept;
    void leave_spin() noexcept { spinner_.store(nullptr, std::memory_order_relaxed); }
    [[nodiscard]] unsigned longest_spin() const noexcept { return longest_spin_; }

private:
    static constexpr std::uint64_t kIdle = 1;
    static constexpr std::uint64_t kBusy = std::uint64_t{1} << 16;
    static constexpr std::uint64_t kSearching = std::uint64_t{1} << 32;
    static constexpr std::uint64_t kWatcher = std::uint64_t{1} << 48;

    static constexpr unsigned field(std::uint64_t word, std::uint64_t unit) noexcept {
        return static_cast<unsigned>(word / unit & 0xffff);
    }
    static constexpr bool lacks_searcher(std::uint64_t word) noexcept {
        return field(word, kIdle) != 0 && field(word, kSearching) == 0;
    }
    void add(std::uint64_t delta) noexcept {
        word_.fetch_add(delta, std::memory_order_seq_cst); // CR1
    }

    alignas(compat::kCacheLine) Atomic<std::uint64_t> word_{0};
    alignas(compat::kCacheLine) Atomic<unsigned> idler_{0};
    Atomic<Worker*> spinner_{nullptr};
    alignas(compat::kCacheLine) Atomic<unsigned> size_{0};
    unsigned opened_ = 0;
    unsigned cpus_ = 1;
    unsigned longest_spin_ = 0;
    std::array<Worker*, kMaxWorkers> workers_{};
};

} // namespace boc::sched
