// Sleepers and who wakes them: nobody sleeps beside what it waits for.

#include "parking.h"

#include "explore.h"

#include <array>

using namespace boc;
using test::Plain;

namespace {

/// Two threads take turns.
struct Turns {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        for (unsigned round = 0; round < 2; ++round) {
            if (round + index != 0) {
                CHECK(parkers[index].park());
            }
            count.set(count.get() + 1);
            parkers[1 - index].wake();
        }
    }
    void after() { CHECK(count.get() == 4); }

    std::array<Parker, 2> parkers;
    Plain count;
};

/// Two wake one owner, which sleeps until it has seen both.
struct TwoWakers {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            while (come.load(std::memory_order_acquire) != 2) {
                parker.park();
            }
            CHECK(left[0].get() == 1 && left[1].get() == 1);
        } else {
            left[index - 1].set(1);
            come.fetch_add(1, std::memory_order_acq_rel);
            parker.wake();
        }
    }
    void after() {}

    Parker parker;
    Atomic<unsigned> come{0};
    std::array<Plain, 2> left;
};

/// A sleep with a deadline, and a wake that may come too late: one is reported.
struct Deadline {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        if (index == 0) {
            const auto deadline = compat::now() + std::chrono::milliseconds{1};
            if (!parker.park(deadline)) {
                CHECK(compat::now() >= deadline);
                CHECK(parker.park()); // the wake is kept for the next sleep
            }
            CHECK(written.get() == 1);
        } else {
            written.set(1);
            parker.wake();
        }
    }
    void after() {}

    Parker parker;
    Plain written;
};

/// Tokens are made by one and taken by two; each wake is for one.
struct Tokens {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (int made = 0; made < 2; ++made) {
                tokens.fetch_add(1, std::memory_order_relaxed);
                event.wake_one();
            }
            return;
        }
        const auto take = [this] {
            unsigned now = tokens.load(std::memory_order_relaxed);
            while (now != 0 && !tokens.compare_exchange_weak(
                                   now, now - 1, std::memory_order_relaxed,
                                   std::memory_order_relaxed)) {
            }
            return now != 0;
        };
        CHECK(event.wait_until(compat::kForever, take, Interrupts::kIgnore) ==
              Waited::kSignalled);
    }
    void after() { CHECK(tokens.load(std::memory_order_relaxed) == 0); }

    Eventcount event;
    Atomic<unsigned> tokens{0};
};

/// One opens a gate for two.
struct Gate {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            written.set(1);
            open.store(true, std::memory_order_release);
            event.wake_all();
            return;
        }
        const auto is_open = [this] { return open.load(std::memory_order_acquire); };
        CHECK(event.wait_until(compat::kForever, is_open, Interrupts::kIgnore) ==
              Waited::kSignalled);
        CHECK(written.get() == 1);
    }
    void after() {}

    Eventcount event;
    Atomic<bool> open{false};
    Plain written;
};

/// Who is signalled knows what was done before, whatever the condition says.
struct Bell {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        if (index == 0) {
            written.set(1);
            rung.store(true, std::memory_order_relaxed);
            event.wake_all();
            return;
        }
        const auto ticket = event.prepare();
        if (rung.load(std::memory_order_relaxed)) {
            event.cancel();
            return;
        }
        const auto deadline = compat::now() + std::chrono::milliseconds{1};
        if (event.commit(ticket, deadline, Interrupts::kIgnore) == Waited::kSignalled) {
            CHECK(written.get() == 1);
        }
    }
    void after() {}

    Eventcount event;
    Atomic<bool> rung{false};
    Plain written;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Turns>("turns"), test::scenario<TwoWakers>("two wakers"),
         test::scenario<Deadline>("deadline"), test::scenario<Tokens>("tokens"),
         test::scenario<Gate>("gate"), test::scenario<Bell>("bell")});
}
