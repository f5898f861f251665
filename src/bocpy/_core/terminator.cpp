#include "terminator.h"

namespace boc {

Terminator& Terminator::instance() noexcept {
    static constinit Terminator terminator;
    return terminator;
}

std::int64_t Terminator::reject() noexcept {
    dec(); // T2
    return -1;
}

bool Terminator::seed_dec() noexcept {
    if (!seeded_.exchange(false, std::memory_order_acq_rel)) { // T3
        return false;
    }
    dec();
    return true;
}

bool Terminator::seed_inc() noexcept {
    if (inc() < 0) {
        return false;
    }
    if (seeded_.exchange(true, std::memory_order_acq_rel)) { // T3
        dec();
        return false;
    }
    return true;
}

std::pair<std::int64_t, std::int64_t> Terminator::reset() noexcept {
    const bool seeded = seeded_.exchange(true, std::memory_order_acq_rel); // T3
    const auto word = word_.exchange(kOne, std::memory_order_acq_rel);     // T1
    return {word >> 1, seeded ? 1 : 0};
}

Terminator::Waited Terminator::wait_until(compat::Deadline deadline) noexcept {
    const boc::Waited waited =
        event_.wait_until(deadline, [this] { return count() == 0; });
    return waited == boc::Waited::kSignalled  ? kDone
           : waited == boc::Waited::kTimedOut ? kTimedOut
                                              : kInterrupted;
}

} // namespace boc
