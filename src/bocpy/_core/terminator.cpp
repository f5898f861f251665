#include "terminator.h"

namespace boc {

Terminator& Terminator::instance() noexcept {
    static constinit Terminator terminator;
    return terminator;
}

bool Terminator::seed_dec() noexcept {
    std::int64_t word = word_.load(std::memory_order_relaxed);
    do {
        if (seed(word) == 0) {
            return false;
        }
    } while (!word_.compare_exchange_weak(word, word - kSeed, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)); // T1
    if (behaviors(word) == 0) {
        event_.wake_all();
    }
    return true;
}

bool Terminator::seed_inc() noexcept {
    std::int64_t word = word_.load(std::memory_order_relaxed);
    do {
        if ((word & (kSeed | kClosed)) != 0) {
            return false;
        }
    } while (!word_.compare_exchange_weak(word, word + kSeed, std::memory_order_acq_rel,
                                          std::memory_order_relaxed)); // T1
    return true;
}

std::pair<std::int64_t, std::int64_t> Terminator::reset() noexcept {
    run_.fetch_add(1, std::memory_order_relaxed);                       // T3
    const auto word = word_.exchange(kSeed, std::memory_order_acq_rel); // T1
    event_.wake_all();
    return {total(word), seed(word)};
}

Terminator::Waited Terminator::wait_until(compat::Deadline deadline) noexcept {
    return wait_for([this] { return count() == 0; }, deadline);
}

Terminator::Waited Terminator::wait_idle_until(std::uint32_t number,
                                               compat::Deadline deadline) noexcept {
    return wait_for([this, number] { return idle(number); }, deadline);
}

} // namespace boc
