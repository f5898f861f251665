#pragma once

#include "atomic.h"
#include "compat.h"
#include "fault.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>

namespace boc {

/// Bounded queue of `T` for any number of producers and consumers, first in first out.
/// Each item carries the era it was sent in; items of an earlier era are never seen.
///
///   state_   of a slot: turn and     R1: free for lap n at turn 2n, full at 2n + 1;
///            era; whoever claimed        publishing (seq_cst) pairs with the look of
///            it                          a consumer, freeing (release) with that of
///                                        a producer
///   tail_    producers, by CAS       R2: a claim of p makes the slot of p private
///   head_    consumers, by CAS           until it is published or freed
///                                    R3: a slot between claim and publication delays
///                                        those behind it; no claimer waits for
///                                        anything, so they just look again
template <typename T, std::uint64_t kSlots = 16384>
class Ring {
public:
    static constexpr std::uint64_t kCapacity = kSlots;

    Ring() : slots_{allocate()} {}
    Ring(const Ring&) = delete;
    Ring& operator=(const Ring&) = delete;
    ~Ring() {
        for (std::uint64_t place = popped(); place != pushed(); ++place) {
            static_cast<void>(take(slots_[place % kCapacity], place));
        }
    }

    /// False if the ring is full; `item` is then untouched.
    [[nodiscard]] bool try_push(std::uint32_t era, T& item) noexcept {
        std::uint64_t place = tail_.load(std::memory_order_relaxed);
        for (;;) {
            Slot& slot = slots_[place % kCapacity];
            const std::uint64_t state =
                slot.state.load(std::memory_order_acquire); // R1
            const std::int32_t ahead = lead(state, place) + 1;
            if (ahead == 0) {
                if (claim(tail_, place)) { // R2
                    ::new (&slot.item) T{std::move(item)};
                    slot.state.store(pack(free_turn(place) + 1, era),
                                     std::memory_order_seq_cst); // R1
                    return true;
                }
                push_retries_.fetch_add(1, std::memory_order_relaxed);
                continue;
            }
            if (ahead < 0 &&
                place - head_.load(std::memory_order_relaxed) == kCapacity) {
                return false;
            }
            place = look_again(tail_, place); // R3
        }
    }

    enum class Popped : std::uint8_t {
        kItem,
        kEmpty,
        kLater, ///< the next item is of a later era than asked for
    };

    /// Takes the next item of `era`, dropping earlier ones.
    [[nodiscard]] Popped try_pop(std::uint32_t era, T& out) {
        std::uint64_t place = head_.load(std::memory_order_relaxed);
        for (;;) {
            Slot& slot = slots_[place % kCapacity];
            const std::uint64_t state =
                slot.state.load(std::memory_order_seq_cst); // R1
            const std::int32_t ahead = lead(state, place);
            if (ahead != 0) {
                if (ahead < 0 && tail_.load(std::memory_order_relaxed) == place) {
                    return Popped::kEmpty;
                }
                place = look_again(head_, place); // R3
                continue;
            }
            const auto age = static_cast<std::int32_t>(era - era_of(state));
            if (age < 0) {
                return Popped::kLater;
            }
            if (!claim(head_, place)) { // R2
                pop_retries_.fetch_add(1, std::memory_order_relaxed);
                continue;
            }
            T taken = take(slot, place);
            if (age == 0) {
                out = std::move(taken);
                return Popped::kItem;
            }
            place = head_.load(std::memory_order_relaxed);
        }
    }

    /// Drops what was there at the call and is not of a later era.
    void discard(std::uint32_t era) {
        const std::uint64_t end = tail_.load(std::memory_order_relaxed);
        T dropped;
        while (head_.load(std::memory_order_relaxed) < end) {
            if (try_pop(era, dropped) != Popped::kItem) {
                return;
            }
        }
    }

    /// Whether there is something to take, or about to be.
    [[nodiscard]] bool ready() const noexcept {
        const std::uint64_t place = head_.load(std::memory_order_relaxed);
        const Slot& slot = slots_[place % kCapacity];
        const std::uint64_t state = slot.state.load(std::memory_order_seq_cst); // R1
        return lead(state, place) >= 0 ||
               tail_.load(std::memory_order_relaxed) != place;
    }

    [[nodiscard]] std::uint64_t pushed() const noexcept {
        return tail_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t popped() const noexcept {
        return head_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t push_retries() const noexcept {
        return push_retries_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t pop_retries() const noexcept {
        return pop_retries_.load(std::memory_order_relaxed);
    }

private:
    struct Slot {
        Atomic<std::uint64_t> state;
        union {
            T item;
        };
    };
    struct Free {
        void operator()(Slot* slots) const noexcept { std::free(slots); }
    };
    using Word = Atomic<std::uint64_t>;

    /// Zero bytes are slots free for lap 0; pages never used are never touched.
    [[nodiscard]] static Slot* allocate() {
        void* const zeroes = fault::strikes(fault::Point::kMemory)
                                 ? nullptr
                                 : std::calloc(kCapacity, sizeof(Slot));
        return zeroes != nullptr ? static_cast<Slot*>(zeroes) : throw std::bad_alloc{};
    }

    [[nodiscard]] static std::uint32_t free_turn(std::uint64_t place) noexcept {
        return static_cast<std::uint32_t>(place / kCapacity * 2);
    }
    [[nodiscard]] static std::uint64_t pack(std::uint32_t turn,
                                            std::uint32_t era) noexcept {
        return std::uint64_t{turn} << 32 | era;
    }
    [[nodiscard]] static std::uint32_t era_of(std::uint64_t state) noexcept {
        return static_cast<std::uint32_t>(state);
    }

    /// Turns by which a slot is past the full one of `place`: -1 if free for it.
    [[nodiscard]] static std::int32_t lead(std::uint64_t state,
                                           std::uint64_t place) noexcept {
        const auto turn = static_cast<std::uint32_t>(state >> 32);
        return static_cast<std::int32_t>(turn - free_turn(place) - 1);
    }

    [[nodiscard]] static bool claim(Word& next, std::uint64_t& place) noexcept {
        return next.compare_exchange_weak(place, place + 1, std::memory_order_relaxed,
                                          std::memory_order_relaxed);
    }

    /// Where the other claimers have got to; gives way to them if nowhere.
    [[nodiscard]] static std::uint64_t look_again(const Word& next,
                                                  std::uint64_t place) noexcept {
        const std::uint64_t now = next.load(std::memory_order_relaxed);
        if (now == place) {
            compat::yield();
        }
        return now;
    }

    /// Empties a slot that the caller claimed.
    [[nodiscard]] static T take(Slot& slot, std::uint64_t place) noexcept {
        T taken{std::move(slot.item)};
        slot.item.~T();
        slot.state.store(pack(free_turn(place) + 2, 0),
                         std::memory_order_release); // R1
        return taken;
    }

    std::unique_ptr<Slot[], Free> slots_;
    alignas(compat::kCacheLine) Word tail_{0};
    Atomic<std::uint64_t> push_retries_{0};
    alignas(compat::kCacheLine) Word head_{0};
    Atomic<std::uint64_t> pop_retries_{0};
};

} // namespace boc
