// Prints what a dispatch and the matching pop cost, in nanoseconds per item.

#include "harness.h"
#include "sched.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

namespace {

using boc::compat::monotonic_ns;
using boc::sched::Scheduler;
using boc::sched::Work;

Scheduler& scheduler = Scheduler::instance();

void burn(unsigned steps) {
    for (unsigned step = 0; step < steps; ++step) {
        asm volatile("" ::: "memory");
    }
}

double per_item(std::uint64_t since, unsigned count) {
    return static_cast<double>(monotonic_ns() - since) / count;
}

/// One item that dispatches itself again: private slot only.
double chain(unsigned count) {
    Work work;
    const auto since = monotonic_ns();
    for (unsigned index = 0; index < count; ++index) {
        scheduler.dispatch(&work);
        if (scheduler.try_next() != &work) {
            std::abort();
        }
    }
    return per_item(since, count);
}

/// Items that go through the queue of their own worker.
double local_queue(unsigned count) {
    std::vector<Work> works(64);
    const auto since = monotonic_ns();
    for (unsigned round = 0; round < count / 64; ++round) {
        for (Work& work : works) {
            scheduler.dispatch(&work);
        }
        while (scheduler.try_next() != nullptr) {
        }
    }
    return per_item(since, count);
}

struct Remote {
    double dispatch_ns;
    double total_ns;
    std::uint64_t parked;
};

/// Items from a thread that is no worker; `pace` and `cost` are empty loop steps.
Remote remote(unsigned workers, unsigned count, unsigned pace, unsigned cost) {
    scheduler.start(workers);
    std::vector<Work> works(count);
    std::atomic<unsigned> done{0};
    test::Threads threads;
    for (unsigned index = 0; index < workers; ++index) {
        threads.add([&] {
            scheduler.register_worker();
            while (!scheduler.stopping()) {
                const Work* work = scheduler.try_next();
                if (work == nullptr) {
                    work = scheduler.wait_next();
                }
                if (work != nullptr) {
                    burn(cost);
                    done.fetch_add(1, std::memory_order_relaxed);
                }
            }
            scheduler.unregister_worker();
        });
    }
    const auto since = monotonic_ns();
    for (Work& work : works) {
        burn(pace);
        scheduler.dispatch(&work);
    }
    const double dispatch_ns = per_item(since, count);
    while (done.load(std::memory_order_relaxed) != count) {
        std::this_thread::yield();
    }
    const double total_ns = per_item(since, count);
    std::uint64_t parked = 0;
    for (const auto& stats : scheduler.stats()) {
        parked += stats.parked;
    }
    scheduler.request_stop_all();
    threads.join();
    scheduler.stop();
    return {dispatch_ns, total_ns, parked};
}

} // namespace

int main() {
    for (const unsigned workers : {1U, 2U}) {
        scheduler.start(workers);
        scheduler.register_worker();
        chain(1000);
        std::printf("%u workers: chain %.1f ns, own queue %.1f ns\n", workers,
                    chain(10'000'000), local_queue(5'000'000));
        scheduler.unregister_worker();
        scheduler.stop();
    }
    std::printf("%8s %8s %8s %12s %12s %8s\n", "workers", "pace", "cost", "dispatch",
                "total", "parked");
    for (const unsigned workers : {1U, 2U, 4U}) {
        for (const unsigned pace : {0U, 1000U, 4000U}) {
            for (const unsigned cost : {0U, 1000U, 4000U, 16000U}) {
                const Remote result = remote(workers, 100'000, pace, cost);
                std::printf("%8u %8u %8u %9.0f ns %9.0f ns %8llu\n", workers, pace,
                            cost, result.dispatch_ns, result.total_ns,
                            static_cast<unsigned long long>(result.parked));
            }
        }
    }
}
