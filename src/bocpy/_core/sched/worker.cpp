#include "sched/worker.h"

#include <array>

namespace boc::sched {

namespace {

constexpr unsigned kSlotBudget = 100;

/// A fairness token goes round the queue of its owner like an item. All are in one
/// array, so that an address tells tokens from work.
constinit std::array<Work, Crew::kMaxWorkers> tokens;

constexpr unsigned kNoToken = Crew::kMaxWorkers;

unsigned token_index(const Work* work) noexcept {
    const auto offset = reinterpret_cast<std::uintptr_t>(work) -
                        reinterpret_cast<std::uintptr_t>(tokens.data());
    return offset < sizeof tokens ? static_cast<unsigned>(offset / sizeof(Work))
                                  : kNoToken;
}

} // namespace

void Worker::reset() noexcept {
    queue_.reset();
    slot_.store(nullptr, std::memory_order_relaxed);
    idleness_.store(kBusy, std::memory_order_relaxed);
    parker_.reset();
    idle_ = searching_ = false;
    watching_.store(false, std::memory_order_relaxed);
    budget_ = kSlotBudget;
    victim_ = index_;
    spins_ = kFewestSpins;
    counters_.reset();
    token_home_.store(true, std::memory_order_relaxed);
    seen_since_ns_.store(0, std::memory_order_relaxed);
    seen_fills_.store(0, std::memory_order_relaxed);
    const auto resets = pushed_remote_.load(std::memory_order_relaxed) / kResets + 1;
    pushed_remote_.store(resets * kResets, std::memory_order_relaxed); // W5
    stop_.store(false, std::memory_order_relaxed);
}

void Worker::uncount_remote(std::uint64_t resets) noexcept {
    std::uint64_t now = pushed_remote_.load(std::memory_order_relaxed);
    while (now / kResets == resets && !pushed_remote_.compare_exchange_weak(
                                          now, now - 1, std::memory_order_seq_cst,
                                          std::memory_order_relaxed)) { // W5
    }
}

void Worker::enter() noexcept {
    crew_.enter();
    go_idle();
}

void Worker::leave() noexcept {
    retire();
    flush_slot();
    crew_.leave();
}

void Worker::dispatch(Work* work) noexcept {
    if (slot_.load(std::memory_order_relaxed) == nullptr) { // W1
        counters_.dispatched_to_pending.bump();             // W2
        slot_.store(work, std::memory_order_release);       // W1
        crew_.slot_filled();
        return;
    }
    counters_.pushed_local.bump();                                       // W2
    Work* const older = slot_.exchange(work, std::memory_order_acq_rel); // W1
    if (older != nullptr) {
        queue_.enqueue(older);
        crew_.pushed();
    }
}

void Worker::flush_slot() noexcept {
    if (Work* const work = slot_.exchange(nullptr, std::memory_order_acquire)) { // W1
        queue_.enqueue(work);
        crew_.pushed();
    }
}

Work* Worker::try_next() noexcept {
    if (idle_ || searching_) [[unlikely]] {
        return end_search(idle_ ? come_back() : nullptr);
    }
    if (Work* const work = pop_slot()) {
        return work;
    }
    return search();
}

/// Without others there are no thieves.
Work* Worker::take_slot() noexcept {
    if (crew_.size() > 1) {
        return slot_.exchange(nullptr, std::memory_order_acquire); // W1
    }
    Work* const work = slot_.load(std::memory_order_relaxed);
    slot_.store(nullptr, std::memory_order_relaxed); // W1
    return work;
}

Work* Worker::pop_slot() noexcept {
    if (slot_.load(std::memory_order_relaxed) == nullptr) {
        return nullptr;
    }
    if (budget_ == 0) [[unlikely]] {
        budget_ = kSlotBudget;
        counters_.batch_resets.bump();
        if (Work* const work = pop_queue()) {
            return work;
        }
        if (crew_.size() > 1) {
            Worker& victim = next_victim();
            if (Work* const work = steal_aged_slot(victim, compat::monotonic_ns())) {
                return work;
            }
        }
    }
    Work* const work = take_slot();
    if (work != nullptr) {
        --budget_;
        counters_.popped_local.bump();
    }
    return work;
}

/// Uncounted: whoever runs it counts it.
Work* Worker::take_queued() noexcept {
    while (Work* const work = queue_.try_dequeue()) {
        if (!absorb_token(work)) {
            return work;
        }
    }
    if (!queue_.approx_empty()) {
        counters_.dequeue_cas_retries.bump();
    }
    return nullptr;
}

Work* Worker::pop_queue() noexcept {
    Work* const work = take_queued();
    if (work != nullptr) {
        budget_ = kSlotBudget;
        counters_.popped_local.bump();
    }
    return work;
}

Work* Worker::search() noexcept {
    const bool alone = crew_.size() <= 1;
    Work* stolen = alone ? nullptr : fairness();
    if (stolen == nullptr) {
        if (Work* const work = pop_queue()) {
            return work;
        }
        stolen = alone ? nullptr : steal();
    }
    if (stolen != nullptr) {
        counters_.popped_via_steal.bump();
    }
    return stolen;
}

/// The first item after idleness: `handed` over, or found.
Work* Worker::end_search(Work* handed) noexcept {
    Work* work = handed;
    if (handed != nullptr) {
        counters_.popped_local.bump();
    } else {
        work = pop_slot();
        if (work == nullptr) {
            work = search();
        }
        if (work == nullptr) {
            return nullptr;
        }
    }
    settle();
    return work;
}

/// Stops counting as a searcher. What is left over goes to another idle worker, into
/// its hand, so that it is not gone before that worker is awake. CR4
void Worker::settle() noexcept {
    idleness_.store(kBusy, std::memory_order_relaxed); // W4
    searching_ = false;
    if (!crew_.found()) {
        return;
    }
    Worker* const other = crew_.find_idle();
    if (other == nullptr) {
        return;
    }
    Work* spare = take_queued();
    if (spare == nullptr) {
        spare = steal();
    }
    if (spare == nullptr) {
        crew_.wake_one();
    } else if (!other->hand_over(spare)) {
        queue_.enqueue(spare);
        crew_.pushed();
    }
}

Work* Worker::fairness() noexcept {
    if (!token_home_.load(std::memory_order_acquire) || queue_.approx_empty()) {
        return nullptr;
    }
    counters_.fairness_arm_fires.bump();
    token_home_.store(false, std::memory_order_relaxed);
    queue_.enqueue(&tokens[index_]);
    counters_.last_steal_attempt_ns.set(compat::monotonic_ns());
    return steal_from(next_victim());
}

bool Worker::absorb_token(Work* work) noexcept {
    const unsigned owner = token_index(work);
    if (owner == kNoToken) {
        return false;
    }
    crew_.worker(owner).token_home_.store(true, std::memory_order_release);
    return true;
}

Worker& Worker::next_victim() noexcept {
    const unsigned size = crew_.size();
    victim_ = victim_ + 1 < size ? victim_ + 1 : 0;
    if (victim_ == index_) {
        victim_ = victim_ + 1 < size ? victim_ + 1 : 0;
    }
    return crew_.worker(victim_);
}

Work* Worker::steal() noexcept {
    counters_.last_steal_attempt_ns.set(compat::monotonic_ns());
    for (unsigned tries = crew_.size() - 1; tries != 0; --tries) {
        if (Work* const work = steal_from(next_victim())) {
            return work;
        }
    }
    return nullptr;
}

Work* Worker::steal_from(Worker& victim) noexcept {
    counters_.steal_attempts.bump();
    Segment loot =
        victim.is_about_to_look() ? Segment{} : queue_.try_steal(victim.queue_);
    Work* work = loot.try_take();
    while (work != nullptr && absorb_token(work)) {
        work = loot.try_take();
    }
    if (!loot.empty()) {
        queue_.spread(loot);
        crew_.pushed();
    }
    if (work == nullptr) {
        counters_.steal_failures.bump();
    }
    return work;
}

Work* Worker::steal_aged_slot(Worker& victim, std::uint64_t now) noexcept {
    Work* work = victim.slot_.load(std::memory_order_acquire); // W2
    if (work == nullptr) {
        return nullptr;
    }
    const std::uint64_t fills = victim.slot_fills(); // W2
    const std::uint64_t since = victim.seen_since_ns_.load(std::memory_order_relaxed);
    if (since == 0 || victim.seen_fills_.load(std::memory_order_relaxed) != fills) {
        victim.seen_fills_.store(fills, std::memory_order_relaxed);
        victim.seen_since_ns_.store(now, std::memory_order_relaxed);
        return nullptr;
    }
    if (now < since + kAged) {
        return nullptr;
    }
    counters_.steal_attempts.bump();
    counters_.last_steal_attempt_ns.set(now);
    if (!victim.slot_.compare_exchange_strong(work, nullptr, std::memory_order_acquire,
                                              std::memory_order_relaxed)) { // W1
        counters_.steal_failures.bump();
        return nullptr;
    }
    counters_.popped_via_steal.bump();
    return work;
}

WorkerStats Worker::stats() const noexcept {
    return {
        .worker_index = index_,
        .pushed_local = counters_.pushed_local.get(),
        .dispatched_to_pending = counters_.dispatched_to_pending.get(),
        .pushed_remote = pushed_remote_.load(std::memory_order_relaxed) % kResets,
        .popped_local = counters_.popped_local.get(),
        .popped_via_steal = counters_.popped_via_steal.get(),
        .enqueue_cas_retries = 0, // a push is an exchange
        .dequeue_cas_retries = counters_.dequeue_cas_retries.get(),
        .batch_resets = counters_.batch_resets.get(),
        .steal_attempts = counters_.steal_attempts.get(),
        .steal_failures = counters_.steal_failures.get(),
        .parked = counters_.parked.get(),
        .last_steal_attempt_ns = counters_.last_steal_attempt_ns.get(),
        .fairness_arm_fires = counters_.fairness_arm_fires.get(),
    };
}

std::int64_t Worker::balance() const noexcept {
    const WorkerStats now = stats();
    return static_cast<std::int64_t>(now.pushed_remote + slot_fills() -
                                     now.popped_local - now.popped_via_steal);
}

} // namespace boc::sched
