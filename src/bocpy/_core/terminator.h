#pragma once

#include "atomic.h"
#include "compat.h"
#include "parking.h"

#include <cstdint>
#include <utility>

namespace boc {

/// Counts what a runtime still has to do: one seed, held from start to stop, and each
/// behavior scheduled and not finished. Starts closed, empty and unseeded.
///
///   word_    all   four times what is pending, plus 2 for the seed and 1 for closed
///     T1: every change is an RMW on word_ (acq_rel): who is let in or refused knows
///         what came before the opening or the closing; who brings what is pending, or
///         the count, to 0 wakes the waiters
///     T2: an inc leaves a closed word alone, so it needs no taking back
///   run_     reset T3: moves on before word_ is opened again: who waits for a run that
///                      is over, and sees counts of a later one, sees that, too
///   Kept     each worker   T4: a worker that ends a behavior keeps its count for the
///                          next one that it schedules, and gives it back before it
///                          sleeps: the count is never too low, and too high only while
///                          somebody is busy
class Terminator {
public:
    enum Waited : std::uint8_t { kDone, kTimedOut, kInterrupted };

    /// The one of the process.
    [[nodiscard]] static Terminator& instance() noexcept;

    /// Counts one in; the new count, or -1 when closed.
    std::int64_t inc() noexcept {
        std::int64_t word = word_.load(std::memory_order_relaxed);
        do {
            if ((word & kClosed) != 0) { // T2
                return -1;
            }
        } while (!word_.compare_exchange_weak(word, word + kOne,
                                              std::memory_order_acq_rel,
                                              std::memory_order_relaxed)); // T1
        return total(word + kOne);
    }

    /// Counts one out; the new count.
    std::int64_t dec() noexcept {
        const std::int64_t word =
            word_.fetch_sub(kOne, std::memory_order_acq_rel) - kOne; // T1
        if (behaviors(word) <= 0) {
            event_.wake_all();
        }
        return total(word);
    }

    /// Whether a worker keeps a count. T4
    struct Kept {
        bool count = false;
    };

    /// Counts in what a worker schedules, if it can with the count that it keeps; false
    /// when closed. T4
    bool enter(Kept& kept) noexcept {
        if (kept.count && !closed()) {
            kept.count = false;
            return true;
        }
        return inc() >= 0;
    }

    /// Counts out what a worker has run, or keeps the count. T4
    void leave(Kept& kept) noexcept {
        if (kept.count) {
            dec();
        }
        kept.count = true;
    }

    /// Gives back the count that a worker keeps. T4
    void settle(Kept& kept) noexcept {
        if (std::exchange(kept.count, false)) {
            dec();
        }
    }

    /// Refuses further inc.
    void close() noexcept { word_.fetch_or(kClosed, std::memory_order_acq_rel); }

    /// Counts the seed out; false if it was out already.
    bool seed_dec() noexcept;

    /// Counts the seed in again, unless it is in or the terminator is closed.
    bool seed_inc() noexcept;

    /// Opens with the seed in and nothing else; returns the former count and seed.
    std::pair<std::int64_t, std::int64_t> reset() noexcept;

    /// In the child of a fork: closes, and counts nothing; whether nothing was pending.
    bool forget() noexcept {
        return behaviors(word_.exchange(kClosed, std::memory_order_relaxed)) <= 0; // T1
    }

    [[nodiscard]] std::int64_t count() const noexcept {
        return total(word_.load(std::memory_order_acquire));
    }
    [[nodiscard]] std::int64_t seeded() const noexcept {
        return seed(word_.load(std::memory_order_relaxed));
    }
    /// The count without the seed.
    [[nodiscard]] std::int64_t pending() const noexcept {
        return behaviors(word_.load(std::memory_order_acquire));
    }
    [[nodiscard]] bool closed() const noexcept {
        return (word_.load(std::memory_order_acquire) & kClosed) != 0;
    }

    /// Which reset was the latest.
    [[nodiscard]] std::uint32_t run() const noexcept {
        return run_.load(std::memory_order_relaxed); // T3: after a look at word_
    }

    /// Waits until the count is 0; call again after kInterrupted.
    Waited wait_until(compat::Deadline deadline) noexcept;
    /// Waits until nothing is pending, or another run than `run` has begun.
    Waited wait_idle_until(std::uint32_t run, compat::Deadline deadline) noexcept;
    /// Waits until `condition()`, which the count makes true, or who then calls wake().
    template <typename Condition>
    Waited wait_for(Condition&& condition, compat::Deadline deadline,
                    Interrupts interrupts = Interrupts::kReport) noexcept {
        return outcome(event_.wait_until(deadline, std::forward<Condition>(condition),
                                         interrupts));
    }
    void wake() noexcept { event_.wake_all(); }
    /// Whether nothing is pending, or another run has begun.
    [[nodiscard]] bool idle(std::uint32_t number) const noexcept {
        return pending() <= 0 || run() != number;
    }

private:
    static constexpr std::int64_t kClosed = 1;
    static constexpr std::int64_t kSeed = 2;
    static constexpr std::int64_t kOne = 4;

    static constexpr std::int64_t behaviors(std::int64_t word) noexcept {
        return word >> 2;
    }
    static constexpr std::int64_t seed(std::int64_t word) noexcept {
        return (word & kSeed) != 0 ? 1 : 0;
    }
    static constexpr std::int64_t total(std::int64_t word) noexcept {
        return behaviors(word) + seed(word);
    }
    static constexpr Waited outcome(boc::Waited waited) noexcept {
        return waited == boc::Waited::kSignalled  ? kDone
               : waited == boc::Waited::kTimedOut ? kTimedOut
                                                  : kInterrupted;
    }

    alignas(compat::kCacheLine) Atomic<std::int64_t> word_{kClosed};
    Atomic<std::uint32_t> run_{0};
    alignas(compat::kCacheLine) Eventcount event_;
};

} // namespace boc
