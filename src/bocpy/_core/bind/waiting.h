#pragma once

#include "bind/state.h"
#include "parking.h"
#include "py/attach.h"
#include "sched.h"
#include "terminator.h"

#include <chrono>

namespace boc::bind {

/// The moment `timeout` from now.
[[nodiscard]] inline compat::Deadline deadline_of(Timeout timeout) {
    if (timeout.forever) {
        return compat::kForever;
    }
    const std::chrono::duration<double> seconds{timeout.seconds};
    using Clock = std::chrono::steady_clock;
    return Clock::now() + std::chrono::ceil<Clock::duration>(seconds);
}

/// Detaches for `wait(interrupts)`, which parks. Then lets signal handlers run, whose
/// exception it throws.
template <typename Wait>
Waited wait_detached(Wait&& wait) {
    const bool handles_signals = Home::on_main();
    if (sched::Scheduler::on_worker()) {
        sched::Scheduler::instance().body_blocks();
    }
    Waited waited;
    {
        const py::Detached detached;
        waited = wait(handles_signals ? Interrupts::kReport : Interrupts::kIgnore);
    }
    if (waited == Waited::kInterrupted) {
        py::check(PyErr_CheckSignals());
    }
    return waited;
}

/// Repeats `wait()` of a Terminator until it is not interrupted.
template <typename Wait>
Terminator::Waited wait_through(Wait&& wait) {
    auto waited = Terminator::kInterrupted;
    while (waited == Terminator::kInterrupted) {
        wait_detached([&](Interrupts) {
            waited = wait();
            return waited == Terminator::kInterrupted ? Waited::kInterrupted
                                                      : Waited::kSignalled;
        });
    }
    return waited;
}

} // namespace boc::bind
