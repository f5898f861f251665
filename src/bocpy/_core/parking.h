#pragma once

#include "atomic.h"
#include "compat.h"

#include <cstdint>

namespace boc {

/// How a wait ended. A signalled waiter checks its condition again. An interrupted one
/// lets its interpreter handle signals, checks, and waits again; it may be spurious.
enum class Waited : std::uint8_t { kSignalled, kTimedOut, kInterrupted };

/// Whether a wait comes back for signal handlers; threads that run none sleep through.
enum class Interrupts : std::uint8_t { kReport, kIgnore };

/// Where one thread sleeps and any thread wakes it. A wake before the sleep is kept.
///
///   state_   kAsleep by the owner, kWoken by all, kNone by the owner
///     P1: wake (release) pairs with the owner's exchange (acquire)
///     P2: the kernel is asked only when the wake found kAsleep
class Parker {
public:
    /// Sleeps until woken or the deadline; false at the deadline. Owner only.
    bool park(compat::Deadline deadline = compat::kForever) noexcept;

    /// Wakes the owner, or spares it its next sleep.
    void wake() noexcept;

    /// Forgets a wake. No other thread may be using it.
    void reset() noexcept { state_.store(kNone, std::memory_order_relaxed); }

private:
    enum State : std::uint8_t { kNone, kAsleep, kWoken };

    alignas(compat::kCacheLine) Atomic<std::uint32_t> state_{kNone};
};

/// Where any number of threads wait for a condition that lives elsewhere.
///
///     const auto ticket = event.prepare();
///     if (condition()) { event.cancel(); return; }
///     event.commit(ticket, deadline);            // then check again
///
/// and the other side: make the condition true, then wake_one() or wake_all().
///
///   waiters_  all   E1: the RMWs of prepare and wake are ordered: either wake counts
///                       the waiter, or prepare (acquire) sees what came before wake
///   epoch_    wake  E2: bumped before the kernel wakes, so that a waiter between
///                       prepare and its sleep does not sleep
class Eventcount {
public:
    using Ticket = std::uint32_t;

    [[nodiscard]] Ticket prepare() noexcept;
    void cancel() noexcept;
    Waited commit(Ticket ticket, compat::Deadline deadline,
                  Interrupts interrupts = Interrupts::kReport) noexcept;

    void wake_one() noexcept { wake(1); }
    void wake_all() noexcept { wake(kAll); }

    /// Waits until `condition()`. kSignalled says that it was seen true.
    template <typename Condition>
    Waited wait_until(compat::Deadline deadline, Condition&& condition,
                      Interrupts interrupts = Interrupts::kReport) noexcept {
        for (;;) {
            if (condition()) {
                return Waited::kSignalled;
            }
            const Ticket ticket = prepare();
            if (condition()) {
                cancel();
                return Waited::kSignalled;
            }
            const Waited waited = commit(ticket, deadline, interrupts);
            if (waited != Waited::kSignalled) {
                return condition() ? Waited::kSignalled : waited;
            }
        }
    }

private:
    static constexpr int kAll = 0x7fffffff;

    void wake(int count) noexcept;
    Waited sleep(Ticket ticket, compat::Deadline deadline,
                 Interrupts interrupts) noexcept;

    Atomic<std::uint32_t> waiters_{0};
    Atomic<std::uint32_t> epoch_{0};
};

} // namespace boc
