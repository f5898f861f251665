// Scenarios on the machine as it is, again and again; for ThreadSanitizer above all.

#include "explore.h"

#include <atomic>
#include <cstdio>

namespace test {

namespace {

constexpr int kRepetitions = 3'000;

void run_once(const Scenario& scenario) {
    void* const state = scenario.make();
    std::atomic<unsigned> ready{0};
    Threads threads;
    for (unsigned index = 0; index < scenario.threads; ++index) {
        threads.add([&, index] {
            ready.fetch_add(1, std::memory_order_acq_rel);
            while (ready.load(std::memory_order_acquire) != scenario.threads) {
                std::this_thread::yield();
            }
            scenario.thread(state, index);
        });
    }
    threads.join();
    scenario.after(state);
    scenario.destroy(state);
}

} // namespace

int explore(std::initializer_list<Scenario> scenarios) {
    for (const Scenario& scenario : scenarios) {
        const int times = repeat(kRepetitions);
        for (int left = times; left != 0; --left) {
            run_once(scenario);
        }
        std::printf("  %s: %d times\n", scenario.name, times);
    }
    return 0;
}

} // namespace test
