#include "sched/pump_queue.h"

#include <new>
#include <utility>

namespace boc::sched {

PumpQueue& PumpQueue::instance() noexcept {
    alignas(PumpQueue) static std::byte place[sizeof(PumpQueue)];
    static auto* const queue = ::new (static_cast<void*>(place))
        PumpQueue{Terminator::instance()}; // outlives every thread
    return *queue;
}

void PumpQueue::forget() noexcept {
    ::new (static_cast<void*>(&instance()))
        PumpQueue{Terminator::instance()}; // a thread may have held the mutex
}

void PumpQueue::set_open(bool open) noexcept {
    const std::scoped_lock lock{mutex_};          // PQ1
    open_.store(open, std::memory_order_release); // PQ2
}

bool PumpQueue::push(Work* work) noexcept {
    {
        const std::scoped_lock lock{mutex_}; // PQ1
        if (!open_.load(std::memory_order_relaxed)) {
            return false;
        }
        work->next.store(nullptr, std::memory_order_relaxed);
        if (first_ == nullptr) {
            first_ = work;
            ++spells_;
            since_ = compat::now();
        } else {
            last_->next.store(work, std::memory_order_relaxed);
        }
        last_ = work;
        depth_.store(depth_.load(std::memory_order_relaxed) + 1,
                     std::memory_order_release); // PQ2
    }
    waiters_.wake();
    return true;
}

Work* PumpQueue::try_take() noexcept {
    const std::scoped_lock lock{mutex_}; // PQ1
    Work* const work = open_.load(std::memory_order_relaxed) ? first_ : nullptr;
    if (work != nullptr) {
        first_ = work->next.load(std::memory_order_relaxed);
        busy_.fetch_add(1, std::memory_order_relaxed); // PQ3
        depth_.store(depth_.load(std::memory_order_relaxed) - 1,
                     std::memory_order_release); // PQ2
    }
    return work;
}

Work* PumpQueue::drain() noexcept {
    const std::scoped_lock lock{mutex_};        // PQ1
    depth_.store(0, std::memory_order_release); // PQ2
    return std::exchange(first_, nullptr);
}

void PumpQueue::done() noexcept {
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) { // PQ3
        unused_.wake_all();
    }
}

Waited PumpQueue::wait_unused_until(compat::Deadline deadline,
                                    Interrupts interrupts) noexcept {
    return unused_.wait_until(
        deadline, [this] { return busy_.load(std::memory_order_acquire) == 0; }, // PQ3
        interrupts);
}

PumpQueue::Spell PumpQueue::spell() noexcept {
    const std::scoped_lock lock{mutex_}; // PQ1
    return {spells_, since_, depth_.load(std::memory_order_relaxed)};
}

} // namespace boc::sched
