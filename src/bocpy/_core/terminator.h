#pragma once

#include "atomic.h"
#include "compat.h"
#include "parking.h"

#include <cstdint>
#include <utility>

namespace boc {

/// Counts what a runtime still has to do: one seed, held from start to wait, and each
/// behavior scheduled and not finished. Starts closed, empty and unseeded.
///
///   word_    all   twice the count, plus 1 while closed
///     T1: every change is an RMW on word_; who brings the count to 0 wakes the waiters
///     T2: an inc that meets the closed bit takes itself back, which is a dec
///   seeded_  all   T3: only the exchange that turns it counts the seed in or out; it
///                      is counted in before that and out after it, so that a seed that
///                      is in is counted
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
        const std::int64_t word =
            word_.fetch_add(kOne, std::memory_order_acq_rel) + kOne; // T1
        return (word & kClosed) == 0 ? word >> 1 : reject();
    }

    /// Counts one out; the new count.
    std::int64_t dec() noexcept {
        const std::int64_t word =
            word_.fetch_sub(kOne, std::memory_order_acq_rel) - kOne; // T1
        if (word >> 1 == 0) {
            event_.wake_all();
        }
        return word >> 1;
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

    [[nodiscard]] std::int64_t count() const noexcept {
        return word_.load(std::memory_order_acquire) >> 1;
    }
    [[nodiscard]] std::int64_t seeded() const noexcept {
        return seeded_.load(std::memory_order_acquire) ? 1 : 0;
    }
    [[nodiscard]] bool closed() const noexcept {
        return (word_.load(std::memory_order_acquire) & kClosed) != 0;
    }

    /// Waits until the count is 0; call again after kInterrupted.
    Waited wait_until(compat::Deadline deadline) noexcept;

private:
    static constexpr std::int64_t kClosed = 1;
    static constexpr std::int64_t kOne = 2;

    std::int64_t reject() noexcept;

    alignas(compat::kCacheLine) Atomic<std::int64_t> word_{kClosed};
    Atomic<bool> seeded_{false};
    alignas(compat::kCacheLine) Eventcount event_;
};

} // namespace boc
