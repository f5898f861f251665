#include "mailbox.h"

namespace boc {

void Receivers::enter(Receiver& receiver) noexcept {
    const std::scoped_lock lock{mutex_};
    receiver.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &receiver;
    last_ = &receiver;
    for (QueueSet left = receiver.queues_; left != 0; left &= left - 1) {
        const auto queue = static_cast<std::size_t>(std::countr_zero(left));
        waiting_[queue].fetch_add(1, std::memory_order_seq_cst); // M1
    }
}

void Receivers::leave(Receiver& receiver) noexcept {
    const std::scoped_lock lock{mutex_};
    if (!receiver.called_.load(std::memory_order_relaxed)) { // M2
        unlink(receiver);
    }
}

void Receivers::unlink(Receiver& receiver) noexcept {
    Receiver* const next = receiver.next_;
    Receiver* const previous = receiver.previous_;
    (previous != nullptr ? previous->next_ : first_) = next;
    (next != nullptr ? next->previous_ : last_) = previous;
    for (QueueSet left = receiver.queues_; left != 0; left &= left - 1) {
        const auto queue = static_cast<std::size_t>(std::countr_zero(left));
        waiting_[queue].fetch_sub(1, std::memory_order_relaxed);
    }
}

void Receivers::call(Receiver& receiver) noexcept {
    unlink(receiver);
    receiver.called_.store(true, std::memory_order_relaxed); // M2
    receiver.call_.wake_one();
}

void Receivers::call_one(std::uint32_t queue) noexcept {
    const std::scoped_lock lock{mutex_}; // M2: a called receiver waits for it to leave
    for (Receiver* each = first_; each != nullptr; each = each->next_) {
        if ((each->queues_ >> queue & 1) != 0) {
            call(*each);
            return;
        }
    }
}

void Receivers::call_all() noexcept {
    const std::scoped_lock lock{mutex_};
    while (first_ != nullptr) {
        call(*first_);
    }
}

Waited Receiver::park(compat::Deadline deadline, Interrupts interrupts) noexcept {
    return call_.wait_until(
        deadline, [this] { return called_.load(std::memory_order_relaxed); },
        interrupts);
}

} // namespace boc
