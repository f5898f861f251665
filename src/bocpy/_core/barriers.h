#pragma once

#include "atomic.h"
#include "parking.h"

#include <algorithm>
#include <cstdint>

namespace boc {

/// Numbers in a line of work, and how far the work has got.
///
///   passed_   completers   BA1: has_passed (acquire) sees what came before the
///                               complete (release) of that number or a later one
class Barriers {
public:
    /// A number behind all others.
    [[nodiscard]] std::int64_t next() noexcept {
        return last_.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    /// What comes before `barrier` is done. Of a number that nobody has, the last one.
    void complete(std::int64_t barrier) noexcept {
        barrier = std::min(barrier, last_.load(std::memory_order_relaxed));
        std::int64_t passed = passed_.load(std::memory_order_relaxed);
        while (passed < barrier && !passed_.compare_exchange_weak(
                                       passed, barrier, std::memory_order_release,
                                       std::memory_order_relaxed)) { // BA1
        }
        event_.wake_all();
    }
    [[nodiscard]] bool has_passed(std::int64_t barrier) const noexcept {
        return passed_.load(std::memory_order_acquire) >= barrier; // BA1
    }
    Waited wait_for(std::int64_t barrier, compat::Deadline deadline,
                    Interrupts interrupts) noexcept {
        return event_.wait_until(
            deadline, [this, barrier] { return has_passed(barrier); }, interrupts);
    }

private:
    Atomic<std::int64_t> last_{0};
    Atomic<std::int64_t> passed_{0};
    Eventcount event_;
};

} // namespace boc
