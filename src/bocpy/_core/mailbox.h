#pragma once

#include "atomic.h"
#include "parking.h"
#include "ring.h"
#include "tags.h"

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace boc {

/// Queues as a set of bits.
using QueueSet = std::uint32_t;

class Receiver;

/// The receivers that are parked or about to park.
///
///   waiting_   under mutex_   M1: a receiver counts itself (seq_cst), then looks at
///                                 the queues; a sender publishes, then reads the
///                                 count (seq_cst): one sees the other
///   list,      under mutex_   M2: calling a receiver takes it off the list; a receiver
///   called_                       passes mutex_ before it looks at the queues again
///                             M3: who was on the list looks at the queues again when
///                                 it leaves, and calls another for what it does not
///                                 take: a call is for whatever there is, not for one
///                                 message
class Receivers {
public:
    [[nodiscard]] bool waiting(std::uint32_t queue) const noexcept {
        return waiting_[queue].load(std::memory_order_seq_cst) != 0; // M1
    }
    /// Wakes the receiver that waits longest for `queue`.
    void call_one(std::uint32_t queue) noexcept;
    void call_all() noexcept;

private:
    friend class Receiver;

    void enter(Receiver& receiver) noexcept;
    void leave(Receiver& receiver) noexcept;
    void unlink(Receiver& receiver) noexcept;
    void call(Receiver& receiver) noexcept;

    std::array<Atomic<std::uint32_t>, kTags> waiting_{};
    Mutex mutex_;
    Receiver* first_ = nullptr;
    Receiver* last_ = nullptr;
};

/// One thread's place among them.
class Receiver {
public:
    Receiver(Receivers& all, QueueSet queues) noexcept : all_{all}, queues_{queues} {
        all_.enter(*this);
    }
    Receiver(const Receiver&) = delete;
    Receiver& operator=(const Receiver&) = delete;
    ~Receiver() { all_.leave(*this); }

    /// Sleeps until called. Look at the queues between entering and this.
    Waited park(compat::Deadline deadline, Interrupts interrupts) noexcept;

private:
    friend class Receivers;

    Receivers& all_;
    QueueSet queues_;
    Atomic<bool> called_{false}; ///< M2
    Receiver* next_ = nullptr;
    Receiver* previous_ = nullptr;
    Eventcount call_;
};

/// Queues of messages by tag: bounded, any number of senders and receivers, first in
/// first out per tag.
template <typename Message, std::uint64_t kSlots = 16384>
class Mailbox {
public:
    using Popped = typename Ring<Message, kSlots>::Popped;

    /// The queue bound to `name`, bound now if need be; nothing if all are taken.
    [[nodiscard]] std::optional<Binding> resolve(const TagName& name) {
        const std::optional<Binding> found = tags_.find(name);
        return found ? found : tags_.bind(name);
    }

    /// False if the queue is full. A message sent across a rebind is never received.
    [[nodiscard]] bool send(Binding to, Message message) {
        Ring<Message, kSlots>& ring = rings_[to.queue];
        if (!ring.try_push(to.era, message)) {
            ring.discard(to.era - kEraStep);
            if (!ring.try_push(to.era, message)) {
                return false;
            }
        }
        if (receivers_.waiting(to.queue)) {
            receivers_.call_one(to.queue);
        }
        return true;
    }

    [[nodiscard]] Popped try_receive(Binding from, Message& out) {
        return rings_[from.queue].try_pop(from.era, out);
    }

    /// A wait for any of some queues bound in one era. Take what is there before it
    /// ends.
    class Wait {
    public:
        Wait(Mailbox& box, std::uint32_t era, QueueSet queues) noexcept
            : box_{box}, era_{era}, queues_{queues},
              receiver_{place_.emplace(box.receivers_, queues)} {}
        Wait(const Wait&) = delete;
        Wait& operator=(const Wait&) = delete;
        ~Wait() {
            place_.reset();
            box_.call_for(queues_); // M3
        }

        /// Until there may be a message, the era ends, the deadline, or a signal.
        Waited park(compat::Deadline deadline, Interrupts interrupts) noexcept {
            if (box_.tags_.era() != era_ || box_.ready(queues_)) { // M1
                return Waited::kSignalled;
            }
            return receiver_.park(deadline, interrupts);
        }

    private:
        Mailbox& box_;
        std::uint32_t era_;
        QueueSet queues_;
        std::optional<Receiver> place_; ///< left before the destructor calls others
        Receiver& receiver_;
    };

    /// Whether a message may be in any of `queues`.
    [[nodiscard]] bool ready(QueueSet queues) const noexcept {
        bool any = false;
        for_each(queues, [&](std::uint32_t queue) { any |= rings_[queue].ready(); });
        return any;
    }

    /// Drops what is queued for a tag.
    void drain(Binding from) {
        rings_[from.queue].discard(from.era);
        receivers_.call_all();
    }

    /// Drops all messages and bindings, then binds `names` in order.
    void rebind(std::span<const std::string_view> names) {
        const std::uint32_t era = tags_.rebind(names);
        for (Ring<Message, kSlots>& ring : rings_) {
            ring.discard(era - kEraStep);
        }
        receivers_.call_all();
    }

    [[nodiscard]] const TagTable& tags() const noexcept { return tags_; }
    [[nodiscard]] const Ring<Message, kSlots>& ring(std::size_t queue) const noexcept {
        return rings_[queue];
    }

private:
    template <typename Visit>
    static void for_each(QueueSet queues, Visit&& visit) {
        for (; queues != 0; queues &= queues - 1) {
            visit(static_cast<std::uint32_t>(std::countr_zero(queues)));
        }
    }
    void call_for(QueueSet queues) noexcept {
        for_each(queues, [this](std::uint32_t queue) {
            if (rings_[queue].ready() && receivers_.waiting(queue)) {
                receivers_.call_one(queue);
            }
        });
    }

    TagTable tags_;
    Receivers receivers_;
    std::array<Ring<Message, kSlots>, kTags> rings_;
};

} // namespace boc
