// Scenarios on the machine as it is, again and again; for ThreadSanitizer above all.

#include "explore.h"

#include <atomic>
#include <cstdio>

namespace test {

namespace {

constexpr int kRepetitions = 2'000;

/// Where the threads of a scenario wait for one another, so that each round starts at
/// once.
class Meeting {
public:
    explicit Meeting(unsigned threads) noexcept : threads_{threads} {}
    void wait() noexcept {
        const unsigned last =
            arrived_.fetch_add(1, std::memory_order_acq_rel) / threads_;
        while (arrived_.load(std::memory_order_acquire) / threads_ == last) {
            std::this_thread::yield();
        }
    }

private:
    const unsigned threads_;
    std::atomic<unsigned> arrived_{0};
};

void run(const Scenario& scenario, int times) {
    Meeting meeting{scenario.threads};
    void* state = nullptr;
    Threads threads;
    for (unsigned index = 0; index < scenario.threads; ++index) {
        threads.add([&, index] {
            for (int left = times; left != 0; --left) {
                if (index == 0) {
                    state = scenario.make();
                }
                meeting.wait();
                scenario.thread(state, index);
                meeting.wait();
                if (index == 0) {
                    scenario.after(state);
                    scenario.destroy(state);
                }
            }
        });
    }
    threads.join();
}

} // namespace

int explore(std::initializer_list<Scenario> scenarios) {
    for (const Scenario& scenario : scenarios) {
        const int times = repeat(kRepetitions);
        run(scenario, times);
        std::printf("  %s: %d times\n", scenario.name, times);
    }
    return 0;
}

} // namespace test
