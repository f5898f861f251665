#include "sched/crew.h"

#include "sched/worker.h"

#include <algorithm>
#include <new>

namespace boc::sched {

namespace {

// In cpu_relax steps, of 10 to 50 ns each.
constexpr unsigned kSpinOnTwo = 256;
constexpr unsigned kSpinOnMany = 1024;

constexpr unsigned kMostRedirects = 64;

} // namespace

bool Crew::open(unsigned size) noexcept {
    if (size > kMaxWorkers) {
        return false;
    }
    for (unsigned index = 0; index < size; ++index) {
        if (workers_[index] == nullptr) {
            workers_[index] = new (std::nothrow) Worker{*this, index};
        }
        if (workers_[index] == nullptr) {
            return false;
        }
        workers_[index]->reset();
    }
    word_.store(0, std::memory_order_relaxed);
    idler_.store(0, std::memory_order_relaxed);
    spinner_.store(nullptr, std::memory_order_relaxed);
    cpus_ = compat::usable_cpu_count();
    longest_spin_ = cpus_ > 2 ? kSpinOnMany : kSpinOnTwo;
    opened_ = size;
    size_.store(size, std::memory_order_release); // CR2
    return true;
}

Crew::Receiver Crew::receiver(unsigned index, Redirects& redirects) const noexcept {
    Worker& preferred = worker(index);
    const std::uint64_t word = word_.load(std::memory_order_relaxed);
    if (field(word, kIdle) == 0) {
        redirects = {};
        return {preferred, false};
    }
    Worker* const spinner = spinner_.load(std::memory_order_relaxed);
    const bool spins = spinner != nullptr && spinner->approx_idle();
    if (spins && spinner == &preferred) {
        return {preferred, true};
    }
    if (redirects.left != 0 && (spins || field(word, kSearching) != 0)) {
        redirects.left -= preferred.approx_idle() ? 1 : 0;
        return spins ? Receiver{*spinner, true} : Receiver{preferred, false};
    }
    if (preferred.approx_idle()) {
        redirects.limit = std::min(redirects.limit * 2, kMostRedirects);
        redirects.left = redirects.limit;
        return {preferred, true};
    }
    Worker* const other = find_idle();
    return other != nullptr ? Receiver{*other, true} : Receiver{preferred, false};
}

Worker* Crew::find_idle() const noexcept {
    const unsigned end = size();
    unsigned index = idler_.load(std::memory_order_relaxed);
    Worker* watcher = nullptr;
    for (unsigned left = end; left != 0; --left, ++index) {
        index = index < end ? index : 0;
        Worker& candidate = worker(index);
        if (candidate.approx_idle()) {
            if (!candidate.approx_watching()) {
                return &candidate;
            }
            watcher = &candidate;
        }
    }
    return watcher;
}

void Crew::wake_one() noexcept {
    while (Worker* const worker = find_idle()) {
        if (worker->summon()) {
            return;
        }
    }
}

bool Crew::any_queued() const noexcept {
    for (unsigned index = size(); index-- != 0;) {
        const Worker& each = worker(index);
        if (!each.queue_empty() && !each.is_about_to_look()) {
            return true;
        }
    }
    return false;
}

bool Crew::go_idle(unsigned index, bool searching) noexcept {
    idler_.store(index, std::memory_order_relaxed);
    const std::uint64_t delta = kIdle - kBusy - (searching ? kSearching : 0);
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        std::uint64_t next = word + delta;
        const bool watch = field(next, kBusy) != 0 && (next & kWatcher) == 0;
        next |= watch ? kWatcher : 0;
        if (word_.compare_exchange_weak(word, next, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) { // CR1, CR3
            return watch;
        }
    }
}

void Crew::stop_watching() noexcept {
    const std::uint64_t word =
        word_.fetch_sub(kWatcher, std::memory_order_seq_cst); // CR1
    if (lacks_searcher(word)) {
        wake_one(); // CR5
    }
}

bool Crew::retire_watcher() noexcept {
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    while (field(word, kBusy) == 0) {
        if (word_.compare_exchange_weak(word, word - kWatcher,
                                        std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) { // CR1
            return true;
        }
    }
    return false;
}

bool Crew::found() noexcept {
    const std::uint64_t word =
        word_.fetch_sub(kSearching, std::memory_order_seq_cst) - kSearching; // CR4
    // Another busy worker may have left it to this search to end in a watcher. CR5
    const bool unwatched = (word & kWatcher) == 0 && field(word, kBusy) > 1;
    return lacks_searcher(word) && (unwatched || any_queued());
}

bool Crew::enter_spin(Worker& worker) noexcept {
    if (field(word_.load(std::memory_order_relaxed), kBusy) + 1 >= cpus_) {
        return false;
    }
    Worker* spinner = nullptr;
    return spinner_.load(std::memory_order_relaxed) == nullptr &&
           spinner_.compare_exchange_strong(spinner, &worker, std::memory_order_relaxed,
                                            std::memory_order_relaxed);
}

} // namespace boc::sched
