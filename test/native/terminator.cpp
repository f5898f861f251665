// The count of what a runtime still has to do.

#include "terminator.h"

#include "harness.h"

#include <atomic>
#include <chrono>

using namespace boc;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

bool wait(Terminator& terminator, compat::Deadline deadline = compat::kForever) {
    for (;;) {
        const auto waited = terminator.wait_until(deadline);
        if (waited != Terminator::kInterrupted) {
            return waited == Terminator::kDone;
        }
    }
}

void it_starts_closed_and_empty() {
    Terminator terminator;
    CHECK(terminator.closed() && terminator.inc() == -1);
    CHECK(terminator.count() == 0 && terminator.seeded() == 0);
    CHECK(wait(terminator));
    CHECK(!terminator.seed_inc());
}

void the_seed_counts_once() {
    Terminator terminator;
    CHECK((terminator.reset() == std::pair<std::int64_t, std::int64_t>{0, 0}));
    CHECK(terminator.count() == 1 && terminator.seeded() == 1);
    CHECK(!terminator.seed_inc());
    CHECK(terminator.inc() == 2);
    CHECK(terminator.seed_dec() && !terminator.seed_dec());
    CHECK(terminator.dec() == 0);
    CHECK(terminator.seed_inc() && terminator.count() == 1);
    CHECK((terminator.reset() == std::pair<std::int64_t, std::int64_t>{1, 1}));
}

void idle_is_without_behaviors_whether_or_not_the_seed_is_in() {
    Terminator terminator;
    terminator.reset();
    const std::uint32_t run = terminator.run();
    const auto idle = [&] {
        return terminator.wait_idle_until(run, steady_clock::now()) ==
               Terminator::kDone;
    };
    CHECK(terminator.pending() == 0 && idle());
    terminator.inc();
    CHECK(terminator.pending() == 1 && !idle());
    CHECK(terminator.seed_dec() && !idle());
    terminator.dec();
    CHECK(terminator.pending() == 0 && idle());
    terminator.reset();
    terminator.inc();
    CHECK(idle()); // another run
}

void a_closed_one_refuses_and_still_counts_down() {
    Terminator terminator;
    terminator.reset();
    CHECK(terminator.inc() == 2);
    terminator.close();
    CHECK(terminator.inc() == -1 && terminator.count() == 2);
    CHECK(terminator.dec() == 1 && terminator.seed_dec());
    CHECK(wait(terminator));
}

void a_deadline_ends_the_wait() {
    Terminator terminator;
    terminator.reset();
    CHECK(!wait(terminator, steady_clock::now() + milliseconds{10}));
    CHECK(!wait(terminator, steady_clock::now() - milliseconds{10}));
}

/// Waiters see the end of every round, whoever counts down last.
void no_end_is_missed() {
    const int rounds = test::repeat(3'000);
    for (int round = 0; round < rounds; ++round) {
        Terminator terminator;
        terminator.reset();
        constexpr int kThreads = 3;
        for (int index = 0; index < kThreads; ++index) {
            terminator.inc();
        }
        test::Threads threads;
        for (int index = 0; index < kThreads; ++index) {
            threads.add([&] {
                if (terminator.inc() > 0) {
                    terminator.dec();
                }
                terminator.dec();
            });
        }
        threads.add([&] { terminator.close(); });
        terminator.seed_dec();
        CHECK(wait(terminator, steady_clock::now() + std::chrono::seconds{30}));
        threads.join();
        CHECK(terminator.count() == 0 && terminator.closed());
    }
}

} // namespace

int main() {
    it_starts_closed_and_empty();
    the_seed_counts_once();
    idle_is_without_behaviors_whether_or_not_the_seed_is_in();
    a_closed_one_refuses_and_still_counts_down();
    a_deadline_ends_the_wait();
    no_end_is_missed();
}
