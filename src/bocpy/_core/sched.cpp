#include "sched.h"

#include "sched/worker.h"

#include <chrono>

namespace boc::sched {

namespace {

/// How long a drain waits for dispatchers that have counted but not pushed.
constexpr std::chrono::seconds kDrainPatience{1};

/// What the scheduler knows of the calling thread.
struct Here {
    Worker* worker = nullptr;
    std::uint64_t incarnation = 0;
    unsigned cursor = 0;
    Crew::Redirects redirects;

    /// The next of `size` workers; a new one takes its first from `cursors`.
    unsigned next(unsigned size, std::uint64_t now,
                  Atomic<unsigned>& cursors) noexcept {
        if (incarnation != now) {
            worker = nullptr;
            incarnation = now;
            redirects = {};
            cursor = cursors.fetch_add(1, std::memory_order_relaxed) % size;
        }
        const unsigned index = cursor < size ? cursor : 0;
        cursor = index + 1;
        return index;
    }
};

BOC_THREAD_LOCAL Here here;

} // namespace

Scheduler& Scheduler::instance() noexcept {
    static constinit Scheduler scheduler;
    return scheduler;
}

bool Scheduler::start(unsigned workers) noexcept {
    stop();
    static_cast<void>(drain()); // S1: nobody is half way through a push any more
    if (!crew_.open(workers)) {
        return false;
    }
    registered_.store(0, std::memory_order_relaxed);
    drained_ = 0;
    cursors_.store(0, std::memory_order_relaxed);
    if (workers != 0) {
        incarnation_.fetch_add(1, std::memory_order_seq_cst); // S1
    }
    return true;
}

void Scheduler::stop() noexcept {
    if (running()) {
        incarnation_.fetch_add(1, std::memory_order_seq_cst); // S1
    }
    crew_.close();
}

int Scheduler::register_worker() noexcept {
    const std::uint64_t now = incarnation_.load(std::memory_order_acquire);
    unsigned index = registered_.load(std::memory_order_relaxed);
    do {
        if (index >= crew_.size() || worker_index() >= 0) {
            return -1;
        }
    } while (!registered_.compare_exchange_weak(
        index, index + 1, std::memory_order_acq_rel, std::memory_order_relaxed));
    here = Here{};
    here.worker = &crew_.worker(index);
    here.incarnation = now;
    here.worker->enter();
    return static_cast<int>(index);
}

void Scheduler::unregister_worker() noexcept {
    if (on_worker()) {
        here.worker->leave();
    }
    here.worker = nullptr;
}

int Scheduler::worker_index() noexcept {
    const Worker* const worker = here.worker;
    if (worker == nullptr ||
        here.incarnation != instance().incarnation_.load(std::memory_order_relaxed)) {
        return -1;
    }
    return static_cast<int>(worker->index());
}

bool Scheduler::dispatch(Work* work) noexcept {
    Worker* const worker = here.worker;
    if (worker != nullptr &&
        here.incarnation == incarnation_.load(std::memory_order_relaxed)) [[likely]] {
        worker->dispatch(work);
        return true;
    }
    return dispatch_remote(work);
}

bool Scheduler::dispatch_remote(Work* work) noexcept {
    const std::uint64_t now = incarnation_.load(std::memory_order_acquire);
    const unsigned size = crew_.size();
    if ((now & 1) == 0 || size == 0) {
        return false;
    }
    const auto [worker, idle] =
        crew_.receiver(here.next(size, now, cursors_), here.redirects);
    const std::uint64_t resets = worker.count_remote();
    if (incarnation_.load(std::memory_order_seq_cst) != now) { // S1
        worker.uncount_remote(resets);
        return false;
    }
    if (!idle || !worker.hand_over(work)) {
        worker.push(work);
        crew_.pushed();
    }
    return true;
}

Work* Scheduler::try_next() noexcept {
    return on_worker() ? here.worker->try_next() : nullptr;
}

Work* Scheduler::wait_next() noexcept {
    return on_worker() ? here.worker->wait_next() : nullptr;
}

bool Scheduler::stopping() const noexcept {
    return !on_worker() || here.worker->stopping();
}

void Scheduler::body_blocks() noexcept {
    if (on_worker()) {
        here.worker->flush_slot();
    }
}

void Scheduler::request_stop_all() noexcept {
    for (unsigned index = crew_.size(); index-- != 0;) {
        crew_.worker(index).request_stop();
    }
}

std::int64_t Scheduler::waiting() const noexcept {
    std::int64_t sum = -drained_;
    for (unsigned index = crew_.opened(); index-- != 0;) {
        sum += crew_.worker(index).balance();
    }
    return sum;
}

Work* Scheduler::drain() noexcept {
    Work head;
    Work* last = &head;
    const auto append = [&](Work* work) noexcept {
        last->next.store(work, std::memory_order_relaxed);
        last = work;
        ++drained_;
    };
    const auto deadline = compat::now() + kDrainPatience;
    for (;;) {
        for (unsigned index = 0; index < crew_.opened(); ++index) {
            crew_.worker(index).drain(append);
        }
        if (running() || waiting() <= 0 || compat::now() > deadline) {
            break;
        }
        compat::yield();
    }
    last->next.store(nullptr, std::memory_order_relaxed);
    return head.next.load(std::memory_order_relaxed);
}

std::vector<WorkerStats> Scheduler::stats() const {
    std::vector<WorkerStats> all;
    const unsigned size = crew_.size();
    all.reserve(size);
    for (unsigned index = 0; index < size; ++index) {
        all.push_back(crew_.worker(index).stats());
    }
    return all;
}

} // namespace boc::sched
