#pragma once

#include "atomic.h"
#include "compat.h"
#include "sched/waiter.h"

namespace boc::sched {

class Place;

/// Who wants one cown, in order: the last one's place, or null when nobody does. The
/// first is whoever found it null.
class CownQueue {
    friend class Place;
    Atomic<Place*> last_{nullptr};
};

/// The place of one waiter in the queue of one cown (an MCS-style link, as in "When
/// Concurrency Matters: Behaviour-Oriented Concurrency", OOPSLA 2023).
///
///   CownQueue::last_  all        PL1: link() exchanges it (acq_rel); unlink()
///                                    puts null back by CAS if nobody came after
///   next_             successor  PL2: set once (release), after the predecessor was
///                                    seen linked; read by unlink() (acquire). Until
///                                    it is set the predecessor waits, so its place
///                                    lives
///   linked_           owner      PL3: set (release) once all places of the waiter are
///                                    taken: a successor waits for it, so behaviors
///                                    overlap in one order everywhere
class Place {
public:
    /// Phase one, in ascending order of cowns: true if nobody was before.
    [[nodiscard]] bool link(CownQueue& queue, Waiter* waiter) noexcept {
        Place* const before =
            queue.last_.exchange(this, std::memory_order_acq_rel); // PL1
        if (before == nullptr) {
            return true;
        }
        await([before] {
            return before->linked_.load(std::memory_order_acquire); // PL3
        });
        before->next_.store(waiter, std::memory_order_release); // PL2
        return false;
    }
    /// The same for a queue that nobody else can reach yet.
    void link_alone(CownQueue& queue) noexcept {
        queue.last_.store(this, std::memory_order_relaxed);
    }
    /// Phase two: all places of the waiter are taken.
    void open() noexcept { linked_.store(true, std::memory_order_release); } // PL3
    /// Whether somebody waits for this one already.
    [[nodiscard]] bool followed() const noexcept {
        return next_.load(std::memory_order_relaxed) != nullptr;
    }
    /// Who waits for this one, or null.
    [[nodiscard]] const Waiter* successor() const noexcept {
        return next_.load(std::memory_order_acquire); // PL2
    }
    /// Leaves the queue; answers with the waiter that comes next, or null.
    [[nodiscard]] Waiter* unlink(CownQueue& queue) noexcept {
        Waiter* next = next_.load(std::memory_order_acquire); // PL2
        if (next != nullptr) {
            return next;
        }
        Place* expected = this;
        if (queue.last_.compare_exchange_strong(expected, nullptr,
                                                std::memory_order_acq_rel,
                                                std::memory_order_relaxed)) { // PL1
            return nullptr;
        }
        await([&] {
            next = next_.load(std::memory_order_acquire); // PL2
            return next != nullptr;
        });
        return next;
    }

private:
    static constexpr int kSpins = 64;

    /// Waits for another thread that is a few instructions away from what `ready` asks.
    template <typename Ready>
    static void await(Ready ready) noexcept {
        for (int spins = 0; !ready(); ++spins) {
            if (spins < kSpins) {
                compat::cpu_relax();
            } else {
                compat::yield();
            }
        }
    }

    Atomic<Waiter*> next_{nullptr};
    Atomic<bool> linked_{false};
};

} // namespace boc::sched
