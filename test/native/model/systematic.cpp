// One thread runs at a time, and at every step a seeded choice says which one is next.

#include "chooser.h"
#include "clock.h"
#include "explore.h"
#include "model.h"
#include "trace.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <semaphore>
#include <thread>
#include <utility>
#include <vector>

namespace boc::model {

namespace {

constexpr std::uint64_t kMostSteps = 200'000;

/// What a thread of the scenario does.
struct Fiber {
    enum State { kReady, kWaiting, kDone };

    std::binary_semaphore turn{0};
    State state = kReady;
    const Word* word = nullptr; ///< where it sleeps
    compat::Deadline deadline = compat::kForever;
    bool timed_out = false;
};

/// The schedule that is being tried.
class Schedule {
public:
    Schedule(unsigned threads, std::uint64_t seed) : chooser_{threads, seed} {
        for (unsigned index = 0; index < threads; ++index) {
            fibers_.push_back(std::make_unique<Fiber>());
        }
    }

    /// Hands the turn to the first thread, and returns when all have ended.
    void run() {
        give_turn(choose());
        all_done_.acquire();
    }

    void enter(unsigned index) {
        here_ = static_cast<int>(index);
        fibers_[index]->turn.acquire();
    }
    void leave() {
        me().state = Fiber::kDone;
        const bool last = std::all_of(fibers_.begin(), fibers_.end(), [](auto& each) {
            return each->state == Fiber::kDone;
        });
        const unsigned next = last ? 0 : choose();
        here_ = -1;
        last ? all_done_.release() : give_turn(next);
    }

    /// Before every step: somebody else may go first.
    void step() {
        if (++steps_ > kMostSteps) {
            fail("this never ends: threads wait for each other in circles");
        }
        pass_time(kStep);
        chooser_.step(current());
        hand_over(choose());
    }
    void pause() {
        chooser_.demote(current());
        step();
    }

    /// The calling thread sleeps; true if nobody woke it before the deadline.
    bool sleep(const Word& word, compat::Deadline deadline) {
        Fiber& fiber = me();
        fiber.state = Fiber::kWaiting;
        fiber.word = &word;
        fiber.deadline = deadline;
        fiber.timed_out = false;
        hand_over(choose());
        return fiber.timed_out;
    }
    void wake(const Word& word, int count) {
        std::vector<Fiber*> asleep;
        for (auto& each : fibers_) {
            if (each->state == Fiber::kWaiting && each->word == &word) {
                asleep.push_back(each.get());
            }
        }
        for (; count > 0 && !asleep.empty(); --count) {
            const auto at = asleep.begin() + chooser_.below(asleep.size());
            (*at)->state = Fiber::kReady;
            asleep.erase(at);
        }
    }
    bool now_and_then() { return chooser_.below(16) == 0; }

    [[nodiscard]] static bool here() { return here_ >= 0; }
    [[nodiscard]] static unsigned current() { return static_cast<unsigned>(here_); }
    [[nodiscard]] std::uint64_t steps() const { return steps_; }

private:
    static constexpr std::chrono::nanoseconds kStep{100};

    Fiber& me() { return *fibers_[current()]; }

    /// The next to run. With nobody ready, time passes until a sleep ends.
    unsigned choose() {
        std::vector<unsigned> ready = list_ready();
        if (ready.empty() || chooser_.below(64) == 0) {
            if (end_a_sleep()) {
                ready = list_ready();
            } else if (ready.empty()) {
                fail("nobody can run: a deadlock");
            }
        }
        return chooser_.choose(ready, current_or_none());
    }
    int current_or_none() { return here() && me().state == Fiber::kReady ? here_ : -1; }
    std::vector<unsigned> list_ready() {
        std::vector<unsigned> ready;
        for (unsigned index = 0; index < fibers_.size(); ++index) {
            if (fibers_[index]->state == Fiber::kReady) {
                ready.push_back(index);
            }
        }
        return ready;
    }
    bool end_a_sleep() {
        Fiber* first = nullptr;
        for (auto& each : fibers_) {
            if (each->state == Fiber::kWaiting && each->deadline != compat::kForever &&
                (first == nullptr || each->deadline < first->deadline)) {
                first = each.get();
            }
        }
        if (first == nullptr) {
            return false;
        }
        pass_time_until(first->deadline);
        first->timed_out = true;
        first->state = Fiber::kReady;
        return true;
    }
    void hand_over(unsigned next) {
        if (next != current()) {
            Fiber& mine = me();
            give_turn(next);
            mine.turn.acquire();
        }
    }
    void give_turn(unsigned next) { fibers_[next]->turn.release(); }

    static inline thread_local int here_ = -1;

    std::vector<std::unique_ptr<Fiber>> fibers_;
    std::binary_semaphore all_done_{0};
    Chooser chooser_;
    std::uint64_t steps_ = 0;
};

Schedule* schedule = nullptr;
const char* scenario_name = "";
std::uint64_t seed_now = 0;

/// Before a step of the calling thread, if it is one that is scheduled.
void step(const char* what, const Word& word, Site site) {
    if (word.behind == &trace) {
        fail("a word is used that has been destroyed", site);
    }
    if (Schedule::here()) {
        schedule->step();
        trace.add({Schedule::current(), what, &word, word.value, site});
    }
}

} // namespace

void begin(Word& word) noexcept {
    word.behind = nullptr;
}
void end(Word& word) noexcept {
    word.behind = &trace;
}

std::uint64_t load(Word& word, Order, Site site) noexcept {
    step("load", word, site);
    return word.value;
}
void store(Word& word, std::uint64_t value, Order, Site site) noexcept {
    step("store", word, site);
    word.value = value;
}
std::uint64_t exchange(Word& word, std::uint64_t value, Order, Site site) noexcept {
    step("exchange", word, site);
    return std::exchange(word.value, value);
}
std::uint64_t add(Word& word, std::uint64_t value, Order, Site site) noexcept {
    step("add", word, site);
    return std::exchange(word.value, word.value + value);
}
std::uint64_t set_bits(Word& word, std::uint64_t bits, Order, Site site) noexcept {
    step("set_bits", word, site);
    return std::exchange(word.value, word.value | bits);
}
bool compare_exchange(Word& word, std::uint64_t& expected, std::uint64_t wanted,
                      bool weak, Order, Order, Site site) noexcept {
    step("compare_exchange", word, site);
    if (word.value != expected) {
        expected = word.value;
        return false;
    }
    if (weak && Schedule::here() && schedule->now_and_then()) {
        return false;
    }
    word.value = wanted;
    return true;
}

std::uint64_t read(Word& word, Site) noexcept {
    return word.value;
}
void write(Word& word, std::uint64_t value, Site) noexcept {
    word.value = value;
}

void lock(Word& mutex, Site site) noexcept {
    step("lock", mutex, site);
    while (mutex.value != 0) {
        schedule->sleep(mutex, compat::kForever);
    }
    mutex.value = 1;
}
void unlock(Word& mutex, Site site) noexcept {
    step("unlock", mutex, site);
    mutex.value = 0;
    if (Schedule::here()) {
        schedule->wake(mutex, 1);
    }
}

void pause() noexcept {
    if (Schedule::here()) {
        schedule->pause();
    }
}

void fail(const char* what, Site site) noexcept {
    trace.print();
    std::fprintf(stderr,
                 "%s:%u: %s\n%s: BOCPY_SEED=%" PRIu64 " repeats this schedule\n",
                 site.file_name(), static_cast<unsigned>(site.line()), what,
                 scenario_name, seed_now);
    std::fflush(stderr);
    std::_Exit(1);
}

} // namespace boc::model

namespace boc::compat {

FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                     Deadline deadline) noexcept {
    using namespace model;
    step("futex_wait", word.word(), Site::current());
    if (word.word().value != expected || schedule->now_and_then()) {
        return FutexWait::kWoken;
    }
    return schedule->sleep(word.word(), deadline) ? FutexWait::kTimedOut
                                                  : FutexWait::kWoken;
}

void futex_wake(const Atomic<std::uint32_t>& word, int count) noexcept {
    using namespace model;
    step("futex_wake", word.word(), Site::current());
    if (Schedule::here()) {
        schedule->wake(word.word(), count);
    }
}

} // namespace boc::compat

namespace test {

namespace {

namespace model = boc::model;

std::uint64_t number(const char* variable, std::uint64_t otherwise) {
    const char* const given = std::getenv(variable);
    return given != nullptr ? std::strtoull(given, nullptr, 10) : otherwise;
}

/// One schedule; the number of its steps.
std::uint64_t run_once(const Scenario& scenario, std::uint64_t seed) {
    model::seed_now = seed;
    model::trace.clear();
    void* const state = scenario.make();
    model::Schedule schedule{scenario.threads, seed};
    model::schedule = &schedule;
    {
        Threads threads;
        for (unsigned index = 0; index < scenario.threads; ++index) {
            threads.add([&, index] {
                schedule.enter(index);
                scenario.thread(state, index);
                schedule.leave();
            });
        }
        schedule.run();
    }
    model::schedule = nullptr;
    scenario.after(state);
    scenario.destroy(state);
    return schedule.steps();
}

} // namespace

int explore(std::initializer_list<Scenario> scenarios) {
    const std::uint64_t only = number("BOCPY_SEED", 0);
    const std::uint64_t first = only != 0 ? only : number("BOCPY_FIRST_SEED", 1);
    const std::uint64_t count = only != 0 ? 1 : number("BOCPY_SEEDS", 200);
    for (const Scenario& scenario : scenarios) {
        model::scenario_name = scenario.name;
        std::uint64_t steps = 0;
        for (std::uint64_t seed = first; seed < first + count; ++seed) {
            steps += run_once(scenario, seed);
        }
        std::printf("  %s: seeds %" PRIu64 " to %" PRIu64 ", %" PRIu64 " steps\n",
                    scenario.name, first, first + count - 1, steps);
        std::fflush(stdout);
    }
    return 0;
}

} // namespace test
