// Sleeping and waking: no wake is lost, no deadline missed.

#include "parking.h"

#include "harness.h"

#include <atomic>
#include <chrono>

#if BOC_HAS_FUTEX
#    include <csignal>
#    include <pthread.h>
#endif

using namespace boc;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

void a_wake_before_the_sleep_is_kept() {
    Parker parker;
    parker.wake();
    parker.wake();
    CHECK(parker.park());
    CHECK(!parker.park(steady_clock::now() + milliseconds{5}));
}

void a_deadline_ends_the_sleep() {
    const auto deadline = steady_clock::now() + milliseconds{20};
    Parker parker;
    CHECK(!parker.park(deadline));
    CHECK(steady_clock::now() >= deadline);
}

/// Two threads take turns; a lost wake would end this in the time-out of the run.
void no_wake_of_a_parker_is_lost() {
    const int rounds = test::repeat(50'000);
    Parker parkers[2];
    std::atomic<int> turn{0};
    test::Threads threads;
    for (int me = 0; me < 2; ++me) {
        threads.add([&, me] {
            for (int round = 0; round < rounds; ++round) {
                while (turn.load(std::memory_order_acquire) != me) {
                    parkers[me].park();
                }
                turn.store(1 - me, std::memory_order_release);
                parkers[1 - me].wake();
            }
        });
    }
}

/// Tokens are made and taken by crowds; each token wakes one.
void no_wake_of_an_eventcount_is_lost() {
    const int per_thread = test::repeat(20'000);
    Eventcount event;
    std::atomic<int> tokens{0};
    const auto take = [&] {
        int now = tokens.load(std::memory_order_acquire);
        while (now > 0) {
            if (tokens.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel)) {
                return true;
            }
        }
        return false;
    };
    test::Threads threads;
    for (int index = 0; index < 3; ++index) {
        threads.add([&] {
            for (int count = 0; count < per_thread; ++count) {
                CHECK(event.wait_until(compat::kForever, take, Interrupts::kIgnore) ==
                      Waited::kSignalled);
            }
        });
        threads.add([&, index] {
            test::Random random{test::seed() + static_cast<unsigned>(index)};
            for (int count = 0; count < per_thread; ++count) {
                tokens.fetch_add(1, std::memory_order_release);
                event.wake_one();
                if (random.below(64) == 0) {
                    std::this_thread::yield();
                }
            }
        });
    }
    threads.join();
    CHECK(tokens.load(std::memory_order_relaxed) == 0);
}

void one_wake_reaches_all() {
    Eventcount event;
    std::atomic<bool> open{false};
    std::atomic<int> through{0};
    test::Threads threads;
    for (int index = 0; index < 4; ++index) {
        threads.add([&] {
            event.wait_until(
                compat::kForever, [&] { return open.load(std::memory_order_acquire); },
                Interrupts::kIgnore);
            through.fetch_add(1, std::memory_order_relaxed);
        });
    }
    open.store(true, std::memory_order_release);
    event.wake_all();
    threads.join();
    CHECK(through.load(std::memory_order_relaxed) == 4);
}

void an_eventcount_keeps_its_deadline() {
    Eventcount event;
    const auto deadline = steady_clock::now() + milliseconds{120};
    const auto never = [] { return false; };
    Waited waited = Waited::kInterrupted;
    while (waited == Waited::kInterrupted) {
        waited = event.wait_until(deadline, never);
    }
    CHECK(waited == Waited::kTimedOut);
    CHECK(steady_clock::now() >= deadline);
    CHECK(event.wait_until(steady_clock::now() - milliseconds{1}, never) ==
          Waited::kTimedOut);
}

#if BOC_HAS_FUTEX
void a_signal_interrupts_who_asked_for_it() {
    struct sigaction action {};
    action.sa_handler = [](int) {};
    sigaction(SIGUSR1, &action, nullptr);
    Eventcount event;
    std::atomic<bool> back{false};
    test::Threads threads;
    std::atomic<pthread_t> waiter{};
    std::atomic<bool> ready{false};
    threads.add([&] {
        waiter.store(pthread_self(), std::memory_order_relaxed);
        ready.store(true, std::memory_order_release);
        const Waited waited = event.wait_until(compat::kForever, [] { return false; });
        CHECK(waited == Waited::kInterrupted);
        back.store(true, std::memory_order_release);
    });
    while (!ready.load(std::memory_order_acquire)) {
        std::this_thread::yield();
    }
    while (!back.load(std::memory_order_acquire)) {
        pthread_kill(waiter.load(std::memory_order_relaxed), SIGUSR1);
        std::this_thread::sleep_for(milliseconds{1});
    }
}
#else
void a_signal_interrupts_who_asked_for_it() {}
#endif

} // namespace

int main() {
    test::seed();
    a_wake_before_the_sleep_is_kept();
    a_deadline_ends_the_sleep();
    no_wake_of_a_parker_is_lost();
    no_wake_of_an_eventcount_is_lost();
    one_wake_reaches_all();
    an_eventcount_keeps_its_deadline();
    a_signal_interrupts_who_asked_for_it();
}
