#include "sched/worker.h"

#include <algorithm>

namespace boc::sched {

namespace {

constexpr std::uint64_t kLongestTick = 5 * Worker::kAged;
/// A sleep that ended sooner should have been a spin.
constexpr std::uint64_t kShortSleep = 20'000;

void back_off(unsigned round) noexcept {
    if (round < 16) {
        compat::cpu_relax();
    } else {
        compat::yield();
    }
}

} // namespace

Work* Worker::wait_next() noexcept {
    for (unsigned round = 0; !stopping(); ++round) {
        if (!idle_) {
            go_idle();
        }
        if (crew_.any_queued()) { // CR3
            back_off(round);
        } else if (Work* const aged = rest()) {
            return aged;
        } else {
            round = 0;
        }
        if (Work* const work = try_next()) {
            return work;
        }
    }
    retire();
    return nullptr;
}

void Worker::go_idle() noexcept {
    idleness_.store(kIdle, std::memory_order_release);
    watching_.store(crew_.go_idle(index_, searching_), std::memory_order_relaxed);
    idle_ = true;
    searching_ = false;
    tick_ns_ = kAged;
}

Work* Worker::come_back() noexcept {
    std::uintptr_t now = kIdle;
    if (idleness_.compare_exchange_strong(now, kSeeking, std::memory_order_acquire,
                                          std::memory_order_acquire)) {
        crew_.go_busy();
        now = kSeeking;
    }
    for (unsigned round = 0; now == kClaimed; ++round) { // W3
        back_off(round);
        now = idleness_.load(std::memory_order_acquire);
    }
    const bool handed = now >= kFirstItem;
    idleness_.store(handed ? kBusy : kSeeking, std::memory_order_relaxed);
    idle_ = false;
    if (watching_.load(std::memory_order_relaxed)) {
        watching_.store(false, std::memory_order_relaxed);
        crew_.stop_watching(); // CR5
    }
    searching_ = true;
    return handed ? reinterpret_cast<Work*>(now) : nullptr;
}

void Worker::retire() noexcept {
    if (idle_) {
        if (Work* const handed = come_back()) {
            queue_.enqueue(handed);
            crew_.pushed();
        }
    }
    if (searching_) {
        settle();
    }
}

bool Worker::was_claimed() const noexcept {
    return idleness_.load(std::memory_order_relaxed) != kIdle;
}

/// Idle until claimed, asked to stop, or left with an item of a busy worker.
Work* Worker::rest() noexcept {
    if (spin()) {
        return nullptr;
    }
    const std::uint64_t since = compat::monotonic_ns();
    while (!was_claimed() && !stopping()) {
        const bool watching = watching_.load(std::memory_order_relaxed);
        const auto deadline = watching
                                  ? compat::now() + std::chrono::nanoseconds{tick_ns_}
                                  : compat::kForever;
        counters_.parked.bump();
        if (parker_.park(deadline) || !watching) {
            continue;
        }
        if (crew_.retire_watcher()) {
            watching_.store(false, std::memory_order_relaxed);
        } else if (Work* const work = watch()) {
            return work;
        }
    }
    const bool short_sleep = compat::monotonic_ns() - since < kShortSleep;
    spins_ = short_sleep ? std::min(spins_ * 2, crew_.longest_spin())
                         : std::max(spins_ / 2, kFewestSpins);
    return nullptr;
}

/// One look at the private slots of the others.
Work* Worker::watch() noexcept {
    const std::uint64_t now = compat::monotonic_ns();
    bool anything = false;
    for (unsigned peer = crew_.size(); peer-- != 0;) {
        Worker& victim = crew_.worker(peer);
        if (peer == index_ || victim.slot_.load(std::memory_order_relaxed) == nullptr) {
            continue;
        }
        anything = true;
        Work* const work = steal_aged_slot(victim, now);
        if (work == nullptr) {
            continue;
        }
        if (Work* const handed = come_back()) {
            queue_.enqueue(handed);
            crew_.pushed();
        }
        settle();
        return work;
    }
    tick_ns_ = anything ? kAged : std::min(tick_ns_ * 2, kLongestTick);
    return nullptr;
}

bool Worker::spin() noexcept {
    if (!crew_.enter_spin(*this)) {
        return false;
    }
    unsigned left = spins_;
    while (left != 0 && !was_claimed() && !stopping()) {
        compat::cpu_relax();
        --left;
    }
    crew_.leave_spin();
    return left != 0;
}

bool Worker::claim(std::uintptr_t what) noexcept {
    std::uintptr_t now = kIdle;
    if (!approx_idle() ||
        !idleness_.compare_exchange_strong(now, kClaimed, std::memory_order_acquire,
                                           std::memory_order_relaxed)) { // W3
        return false;
    }
    crew_.go_busy();
    idleness_.store(what, std::memory_order_release); // W3
    parker_.wake();
    return true;
}

bool Worker::hand_over(Work* work) noexcept {
    return claim(reinterpret_cast<std::uintptr_t>(work));
}

bool Worker::summon() noexcept {
    return claim(kSummoned);
}

void Worker::request_stop() noexcept {
    stop_.store(true, std::memory_order_release);
    parker_.wake();
}

} // namespace boc::sched
