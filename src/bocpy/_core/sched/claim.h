#pragma once

#include "atomic.h"

#include <cstdint>

namespace boc {

/// Who may touch a value: an interpreter's id, or the seat of a worker thread.
using Owner = std::int64_t;

/// Nobody holds it; never an interpreter's id.
inline constexpr Owner kNobody = -2;

/// The primary interpreter holds it for ever.
inline constexpr Owner kPinned = -4;

} // namespace boc

namespace boc::sched {

/// Whose a value is.
///
///   word_   all   K1: nobody -> busy by CAS (acquire), busy -> an owner or nobody by
///                 store (release), an owner -> busy by CAS, or by store where the
///                 threads of that owner take turns: whoever made it busy alone touches
///                 the value
class Claim {
public:
    [[nodiscard]] Owner owner() const noexcept {
        return word_.load(std::memory_order_acquire); // K1
    }

    [[nodiscard]] bool busy() const noexcept { return owner() == kBusy; }

    /// Makes nobody's busy; if it is not, `seen` tells whose it is.
    [[nodiscard]] bool take(Owner& seen) noexcept {
        seen = kNobody;
        return word_.compare_exchange_strong(seen, kBusy, std::memory_order_acquire,
                                             std::memory_order_acquire); // K1
    }

    /// The same for what belongs to `me`, as whom nobody else acts meanwhile if
    /// `in_turn`.
    template <bool in_turn>
    [[nodiscard]] bool retake(Owner me, Owner& seen) noexcept {
        if constexpr (in_turn) {
            seen = word_.load(std::memory_order_relaxed);
            if (seen == me) {
                word_.store(kBusy, std::memory_order_relaxed); // K1
            }
            return seen == me;
        } else {
            seen = me;
            return word_.compare_exchange_strong(seen, kBusy, std::memory_order_acquire,
                                                 std::memory_order_relaxed); // K1
        }
    }

    /// Ends the busy time of the caller.
    void settle(Owner next) noexcept {
        word_.store(next, std::memory_order_release); // K1
    }

    /// A busy time that ends with the block: whoever made the claim busy says whose it
    /// is next.
    struct Busy {
        Busy(Claim& busy, Owner next) noexcept : claim{busy}, owner{next} {}
        Busy(const Busy&) = delete;
        Busy& operator=(const Busy&) = delete;
        ~Busy() {
            if (!settled) {
                now(owner);
            }
        }

        void now(Owner next) noexcept {
            owner = next;
            claim.settle(next);
            settled = true;
        }

        Claim& claim;
        Owner owner;
        bool settled = false;
    };

private:
    static constexpr Owner kBusy = -3; ///< its value is being taken out or put away

    Atomic<Owner> word_{kNobody};
};

} // namespace boc::sched
