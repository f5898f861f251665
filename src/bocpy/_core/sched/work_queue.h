#pragma once

#include "atomic.h"
#include "compat.h"
#include "sched/mpmc_queue.h"
#include "sched/work.h"

#include <array>
#include <cstdint>

namespace boc::sched {

/// A position that goes round `kCount` places. Threads may race for it: a lost step
/// only means that a place is visited twice.
template <unsigned kCount>
class Cursor {
public:
    /// Moves on, and returns where it is then.
    unsigned pre_inc() noexcept {
        const unsigned place = at_.load(std::memory_order_relaxed) + 1;
        return set(place == kCount ? 0 : place);
    }
    /// Moves back, and returns where it was before.
    unsigned post_dec() noexcept {
        const unsigned place = at_.load(std::memory_order_relaxed);
        set(place == 0 ? kCount - 1 : place - 1);
        return place;
    }

    void reset() noexcept { set(0); }

private:
    unsigned set(unsigned place) noexcept {
        at_.store(place, std::memory_order_relaxed);
        return place;
    }
    Atomic<unsigned> at_{0};
};

/// The queue of one worker: four queues, so that a thief takes a part and pushers
/// rarely meet. Order holds within each of the four.
///
///   in_     pushers   where the next push goes
///   out_    owner     where the owner takes next
///   steal_  owner     where the owner, as a thief, starts in the queue of another
class WorkQueue {
public:
    static constexpr unsigned kParts = 4;

    void enqueue(Work* work) noexcept { parts_[in_.pre_inc()].enqueue(work); }
    void enqueue(Segment segment) noexcept { parts_[in_.pre_inc()].enqueue(segment); }

    /// Owner: the next item; nullptr if empty, or if thieves are in the middle.
    [[nodiscard]] Work* try_dequeue() noexcept {
        for (unsigned tries = 0; tries < kParts; ++tries) {
            if (Work* const work = parts_[out_.pre_inc()].try_dequeue()) {
                return work;
            }
        }
        return nullptr;
    }

    /// Owner: takes one of the four queues of `victim`, whole.
    [[nodiscard]] Segment try_steal(WorkQueue& victim) noexcept {
        for (unsigned tries = 0; tries < kParts; ++tries) {
            const Segment loot = victim.parts_[steal_.post_dec()].try_dequeue_all();
            if (!loot.empty()) {
                return loot;
            }
        }
        return {};
    }

    /// Spreads a chain over the four queues. What lies behind a link that is on its
    /// way, or far back in a long chain, goes into one of them.
    void spread(Segment segment) noexcept {
        for (unsigned count = 0; count < kSpreadLimit; ++count) {
            Work* const work = segment.try_take();
            if (work == nullptr) {
                break;
            }
            enqueue(work);
        }
        if (!segment.empty()) {
            enqueue(segment);
        }
    }

    [[nodiscard]] Segment try_dequeue_all(unsigned part) noexcept {
        return parts_[part].try_dequeue_all();
    }

    [[nodiscard]] bool approx_empty() const noexcept {
        for (const MpmcQueue& part : parts_) {
            if (!part.approx_empty()) {
                return false;
            }
        }
        return true;
    }

    /// See MpmcQueue::empty.
    [[nodiscard]] bool empty() const noexcept {
        for (const MpmcQueue& part : parts_) {
            if (!part.empty()) {
                return false;
            }
        }
        return true;
    }

    void reset() noexcept {
        for (MpmcQueue& part : parts_) {
            part.reset();
        }
        in_.reset();
        out_.reset();
        steal_.reset();
    }

private:
    static constexpr unsigned kSpreadLimit = 1024;

    std::array<MpmcQueue, kParts> parts_;
    alignas(compat::kCacheLine) Cursor<kParts> in_;
    alignas(compat::kCacheLine) Cursor<kParts> out_;
    Cursor<kParts> steal_;
};

} // namespace boc::sched
