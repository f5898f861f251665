// The count of what is pending: its end is seen, whoever brings it about.

#include "terminator.h"

#include "explore.h"

#include <array>

using namespace boc;
using test::Plain;

namespace {

void wait(Terminator& terminator) {
    Terminator::Waited waited = Terminator::kInterrupted;
    while (waited == Terminator::kInterrupted) {
        waited = terminator.wait_until(compat::kForever);
    }
    CHECK(waited == Terminator::kDone);
}

/// Begins a run in which one behavior is counted in.
void open_with_one(Terminator& terminator) {
    terminator.reset();
    CHECK(terminator.inc() == 2);
}

void wait_idle(Terminator& terminator, std::uint32_t run) {
    Terminator::Waited waited = Terminator::kInterrupted;
    while (waited == Terminator::kInterrupted) {
        waited = terminator.wait_idle_until(run, compat::kForever);
    }
    CHECK(waited == Terminator::kDone);
}

/// Two that were counted in end, the seed goes out, and the waiter sees what they did.
struct Rundown {
    static constexpr unsigned kThreads = 3;

    Rundown() {
        terminator.reset();
        CHECK(terminator.inc() == 2 && terminator.inc() == 3);
    }

    void thread(unsigned index) {
        if (index == 0) {
            CHECK(terminator.seed_dec());
            wait(terminator);
            CHECK(written[0].get() == 1 && written[1].get() == 1);
        } else {
            CHECK(terminator.inc() > 0); // a child of what was counted in
            terminator.dec();
            written[index - 1].set(1);
            terminator.dec();
        }
    }
    void after() { CHECK(terminator.count() == 0 && terminator.seeded() == 0); }

    Terminator terminator;
    std::array<Plain, 2> written;
};

/// One works, counted in before; one closes; the waiter sees what was written.
struct Closing {
    static constexpr unsigned kThreads = 3;

    Closing() { open_with_one(terminator); }

    void thread(unsigned index) {
        if (index == 0) {
            terminator.seed_dec();
            wait(terminator);
            CHECK(written.get() == 1);
        } else if (index == 1) {
            written.set(1);
            terminator.dec();
        } else {
            terminator.close();
            CHECK(terminator.inc() == -1);
        }
    }
    void after() { CHECK(terminator.count() == 0 && terminator.closed()); }

    Terminator terminator;
    Plain written;
};

/// The seed goes out once and in once, whoever tries.
struct Seed {
    static constexpr unsigned kThreads = 3;

    Seed() { terminator.reset(); }

    void thread(unsigned index) {
        out[index].set(terminator.seed_dec() ? 1 : 0);
        in[index].set(terminator.seed_inc() ? 1 : 0);
    }
    void after() {
        std::int64_t balance = 1;
        for (unsigned each = 0; each < kThreads; ++each) {
            balance += static_cast<std::int64_t>(in[each].get());
            balance -= static_cast<std::int64_t>(out[each].get());
        }
        CHECK(balance == terminator.count() && balance == terminator.seeded());
    }

    Terminator terminator;
    std::array<Plain, kThreads> out;
    std::array<Plain, kThreads> in;
};

/// The seed goes out and in and out while one works, counted in before: no waiter is
/// let through early.
struct SeedBesideWork {
    static constexpr unsigned kThreads = 3;

    SeedBesideWork() { open_with_one(terminator); }

    void thread(unsigned index) {
        if (index == 0) {
            written.set(1);
            terminator.dec();
            return;
        }
        static_cast<void>(terminator.seed_dec());
        if (index == 1) {
            static_cast<void>(terminator.seed_inc());
            static_cast<void>(terminator.seed_dec());
        } else {
            wait(terminator);
            CHECK(written.get() == 1);
        }
    }
    void after() { CHECK(terminator.count() == terminator.seeded()); }

    Terminator terminator;
    Plain written;
};

/// Two wait for what is pending beside one that takes the seed out and in: both see the
/// end, and neither is let through early.
struct IdleWaiters {
    static constexpr unsigned kThreads = 3;

    IdleWaiters() { open_with_one(terminator); }

    void thread(unsigned index) {
        if (index == 0) {
            CHECK(terminator.seed_dec());
            written.set(1);
            terminator.dec();
            CHECK(terminator.seed_inc());
            return;
        }
        wait_idle(terminator, terminator.run());
        CHECK(written.get() == 1);
    }
    void after() { CHECK(terminator.count() == 1 && terminator.pending() == 0); }

    Terminator terminator;
    Plain written;
};

/// One waits while its run ends and the next begins, which has no end: it is let go.
struct FormerRun {
    static constexpr unsigned kThreads = 2;

    FormerRun() {
        open_with_one(terminator);
        run = terminator.run();
    }

    void thread(unsigned index) {
        if (index == 0) {
            wait_idle(terminator, run);
            return;
        }
        terminator.dec();
        CHECK(terminator.seed_dec());
        terminator.close();
        open_with_one(terminator);
    }
    void after() { CHECK(terminator.run() != run && terminator.pending() == 1); }

    Terminator terminator;
    std::uint32_t run = 0;
};

/// One is refused while the next run begins: that counts what came into it, no less.
struct Refused {
    static constexpr unsigned kThreads = 2;

    Refused() { terminator.close(); }

    void thread(unsigned index) {
        if (index == 0) {
            in.set(terminator.inc() > 0 ? 1 : 0);
        } else {
            terminator.reset();
        }
    }
    void after() { CHECK(terminator.pending() == static_cast<std::int64_t>(in.get())); }

    Terminator terminator;
    Plain in;
};

/// Two workers run chains, each of which schedules the next from its body, and keep a
/// count between them: no waiter is let through early, and none is left waiting.
struct KeptCounts {
    static constexpr unsigned kThreads = 3;
    static constexpr unsigned kLinks = 2;

    KeptCounts() {
        terminator.reset();
        CHECK(terminator.inc() == 2 && terminator.inc() == 3);
    }

    void thread(unsigned index) {
        if (index == 0) {
            CHECK(terminator.seed_dec());
            wait(terminator);
            CHECK(written[0].get() == kLinks && written[1].get() == kLinks);
            return;
        }
        Terminator::Kept kept;
        for (unsigned link = 0; link < kLinks; ++link) {
            CHECK(link + 1 == kLinks || terminator.enter(kept));
            Plain& mine = written[index - 1];
            mine.set(mine.get() + 1);
            terminator.leave(kept);
        }
        terminator.settle(kept);
    }
    void after() { CHECK(terminator.count() == 0); }

    Terminator terminator;
    std::array<Plain, 2> written;
};

/// A worker that keeps a count is refused like others once the terminator is closed.
struct KeptWhileClosing {
    static constexpr unsigned kThreads = 2;

    KeptWhileClosing() { open_with_one(terminator); }

    void thread(unsigned index) {
        if (index == 0) {
            terminator.seed_dec();
            terminator.close();
            Terminator::Kept none;
            CHECK(!terminator.enter(none));
            wait(terminator);
            return;
        }
        Terminator::Kept kept;
        terminator.leave(kept);
        if (terminator.enter(kept)) {
            terminator.leave(kept);
        }
        terminator.settle(kept);
    }
    void after() { CHECK(terminator.count() == 0 && terminator.closed()); }

    Terminator terminator;
};

/// Who is let in, or refused, knows what was done before the opening, or the closing;
/// and who seeds again, what was done before the seed was out.
struct Gates {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            opened.set(1);
            terminator.reset();
            unseeded.set(1);
            terminator.seed_dec();
            closed.set(1);
            terminator.close();
        } else if (index == 1) {
            if (terminator.inc() >= 0) {
                CHECK(opened.get() == 1);
                terminator.dec();
                CHECK(!terminator.closed() || closed.get() == 1);
            }
        } else if (terminator.seed_inc()) {
            CHECK(unseeded.get() == 1);
        }
    }
    void after() { CHECK(terminator.closed()); }

    Terminator terminator;
    Plain opened, unseeded, closed;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Rundown>("rundown"), test::scenario<Closing>("closing"),
         test::scenario<Seed>("seed"),
         test::scenario<SeedBesideWork>("seed beside work"),
         test::scenario<IdleWaiters>("idle waiters"),
         test::scenario<FormerRun>("former run"), test::scenario<Refused>("refused"),
         test::scenario<KeptCounts>("kept counts"),
         test::scenario<KeptWhileClosing>("kept while closing"),
         test::scenario<Gates>("gates")});
}
