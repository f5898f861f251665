#pragma once

#include "atomic.h"

namespace boc {

/// What any thread hands to one place, where all of it is taken at once, newest first.
/// `Item` has a member `Item* next`. A stack as in R. K. Treiber, "Systems Programming:
/// Coping with Parallelism" (IBM RJ 5118, 1986); as it is only ever emptied whole, an
/// item that comes back does no harm.
///
///   newest_   all   IB1: push (release) pairs with take_all (acquire)
template <typename Item>
class Inbox {
public:
    void push(Item* fresh) noexcept {
        Item* newest = newest_.load(std::memory_order_relaxed);
        do {
            fresh->next = newest;
        } while (!newest_.compare_exchange_weak(newest, fresh,
                                                std::memory_order_release,
                                                std::memory_order_relaxed)); // IB1
    }
    [[nodiscard]] Item* take_all() noexcept {
        return newest_.exchange(nullptr, std::memory_order_acquire); // IB1
    }
    /// May miss what is being pushed.
    [[nodiscard]] bool empty() const noexcept {
        return newest_.load(std::memory_order_relaxed) == nullptr;
    }

private:
    Atomic<Item*> newest_{nullptr};
};

} // namespace boc
