#include "look.h"

#include "compat.h"

#include <thread>

namespace boc {

Look::Look() noexcept {
    const std::int64_t me = compat::process_id();
    std::int64_t seen = 0;
    while (!open_.compare_exchange_weak(seen, me, std::memory_order_acq_rel,
                                        std::memory_order_relaxed)) { // L1
        if (seen == me) {
            std::this_thread::yield();
            seen = 0;
        }
    }
    compat::barrier_everywhere(); // L1
}

Look::~Look() {
    open_.store(0, std::memory_order_release); // L1
}

void Look::wait() noexcept {
    const std::int64_t me = compat::process_id();
    while (open_.load(std::memory_order_acquire) == me) { // L1
        std::this_thread::yield();
    }
}

} // namespace boc
