#include "parking.h"

#include <algorithm>

namespace boc {

namespace {

using compat::Deadline;
using compat::FutexWait;
using std::chrono::milliseconds;

/// A signal that arrives just before the sleep would not end it.
constexpr milliseconds kSlice{compat::kSignalsEndSleep ? 1000 : 50};

Deadline end_of_slice(Deadline deadline, Interrupts interrupts) noexcept {
    return interrupts == Interrupts::kIgnore
               ? deadline
               : std::min(deadline, compat::now() + kSlice);
}

bool has_passed(Deadline deadline) noexcept {
    return deadline != compat::kForever && compat::now() >= deadline;
}

} // namespace

bool Parker::park(Deadline deadline) noexcept {
    std::uint32_t state = kNone;
    if (!state_.compare_exchange_strong(state, kAsleep, std::memory_order_relaxed,
                                        std::memory_order_relaxed)) {
        state_.exchange(kNone, std::memory_order_acquire); // P1
        return true;
    }
    while (state_.load(std::memory_order_relaxed) == kAsleep &&
           compat::futex_wait(state_, kAsleep, deadline) != FutexWait::kTimedOut) {
    }
    return state_.exchange(kNone, std::memory_order_acquire) == kWoken; // P1
}

void Parker::wake() noexcept {
    if (state_.exchange(kWoken, std::memory_order_release) == kAsleep) { // P1, P2
        compat::futex_wake(state_, 1);
    }
}

Eventcount::Ticket Eventcount::prepare() noexcept {
    waiters_.fetch_add(1, std::memory_order_acq_rel); // E1
    return epoch_.load(std::memory_order_acquire);
}

void Eventcount::cancel() noexcept {
    waiters_.fetch_sub(1, std::memory_order_relaxed);
}

Waited Eventcount::commit(Ticket ticket, Deadline deadline,
                          Interrupts interrupts) noexcept {
    const Waited waited = sleep(ticket, end_of_slice(deadline, interrupts), interrupts);
    waiters_.fetch_sub(1, std::memory_order_relaxed);
    if (waited != Waited::kTimedOut) {
        return waited;
    }
    if (epoch_.load(std::memory_order_acquire) != ticket) { // E2
        return Waited::kSignalled;
    }
    return has_passed(deadline) ? Waited::kTimedOut : Waited::kInterrupted;
}

void Eventcount::wake(int count) noexcept {
    if (waiters_.fetch_add(0, std::memory_order_acq_rel) != 0) { // E1
        epoch_.fetch_add(1, std::memory_order_release);          // E2
        compat::futex_wake(epoch_, count);
    }
}

Waited Eventcount::sleep(Ticket ticket, Deadline deadline,
                         Interrupts interrupts) noexcept {
    while (epoch_.load(std::memory_order_acquire) == ticket) { // E2
        const FutexWait woken = compat::futex_wait(epoch_, ticket, deadline);
        if (woken == FutexWait::kTimedOut) {
            return Waited::kTimedOut;
        }
        if (woken == FutexWait::kInterrupted && interrupts == Interrupts::kReport) {
            return Waited::kInterrupted;
        }
    }
    return Waited::kSignalled;
}

} // namespace boc
