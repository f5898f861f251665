#include "request.h"

#include "compat.h"

#include <thread>

namespace boc {

namespace {

constexpr int kSpins = 64;

/// Waits for another thread that is a few instructions away from what `ready` asks.
template <typename Ready>
void await(Ready ready) noexcept {
    for (int spins = 0; !ready(); ++spins) {
        if (spins < kSpins) {
            compat::cpu_relax();
        } else {
            std::this_thread::yield();
        }
    }
}

} // namespace

bool Request::link(Behavior* behavior) noexcept {
    Request* const before =
        cown_->last_.exchange(this, std::memory_order_acq_rel); // Q1
    if (before == nullptr) {
        return true;
    }
    await([before] { return before->linked_.load(std::memory_order_acquire); }); // Q3
    before->next_.store(behavior, std::memory_order_release);                    // Q2
    return false;
}

Behavior* Request::unlink() noexcept {
    Behavior* next = next_.load(std::memory_order_acquire); // Q2
    if (next != nullptr) {
        return next;
    }
    Request* expected = this;
    if (cown_->last_.compare_exchange_strong(expected, nullptr,
                                             std::memory_order_acq_rel,
                                             std::memory_order_acquire)) { // Q1
        return nullptr;
    }
    await([&] {
        next = next_.load(std::memory_order_acquire); // Q2
        return next != nullptr;
    });
    return next;
}

} // namespace boc
