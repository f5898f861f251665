// Pinned work: nobody sleeps beside it, it comes out in order, and its end is seen.

#include "sched/pump_queue.h"

#include "explore.h"

#include <array>

using namespace boc;
using sched::PumpQueue;
using sched::Work;
using test::Plain;

namespace {

/// Work that writes, as a body would, and was written to by who pushed it.
struct Item : Work {
    Plain pushed;
    Plain ran;
};

/// What all scenarios have: an open queue, and as much counted in as there are items.
template <std::size_t count>
struct Pumped {
    Pumped() {
        terminator.reset();
        for (std::size_t i = 0; i < count; ++i) {
            terminator.inc();
        }
        run = terminator.run();
        queue.open();
    }

    void push(std::size_t index) {
        items[index].pushed.set(1);
        CHECK(queue.push(&items[index]));
    }
    /// Runs one if there is one; whether there was.
    bool pump_one() {
        auto* const item = static_cast<Item*>(queue.try_take());
        if (item == nullptr) {
            return false;
        }
        CHECK(item->pushed.get() == 1);
        item->ran.set(1);
        terminator.dec();
        queue.done();
        return true;
    }
    /// Pumps until nothing is pending.
    void wait() {
        while (!terminator.idle(run)) {
            static_cast<void>(terminator.wait_for(
                [this] { return terminator.idle(run) || queue.ready(); },
                compat::kForever, Interrupts::kIgnore));
            static_cast<void>(pump_one());
        }
    }

    Terminator terminator;
    PumpQueue queue{terminator};
    std::uint32_t run = 0;
    std::array<Item, count> items;
};

/// Two push, one waits and pumps: it is woken for each, and for the end.
struct Waiting : Pumped<2> {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            wait();
            CHECK(items[0].ran.get() == 1 && items[1].ran.get() == 1);
        } else {
            push(index - 1);
        }
    }
    void after() { CHECK(terminator.pending() == 0 && queue.depth() == 0); }
};

/// One pushes two; two wait and pump: both end, and each item runs once.
struct TwoPumps : Pumped<2> {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            push(0);
            push(1);
        } else {
            wait();
        }
    }
    void after() {
        CHECK(terminator.pending() == 0 && queue.spell().depth == 0);
        CHECK(items[0].ran.get() == 1 && items[1].ran.get() == 1);
    }
};

/// The queue is closed while one pushes and one pumps: whoever has closed it and waited
/// sees all that ran, and has what did not.
struct Closing : Pumped<2> {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (Item& item : items) {
                item.pushed.set(1);
                if (!queue.push(&item)) {
                    terminator.dec();
                    refused.set(refused.get() + 1);
                }
            }
        } else if (index == 1) {
            static_cast<void>(pump_one());
            static_cast<void>(pump_one());
        } else {
            queue.close();
            CHECK(queue.wait_unused_until(compat::kForever, Interrupts::kIgnore) ==
                  Waited::kSignalled);
            for (std::size_t i = 0; i < items.size(); ++i) {
                seen[i].set(items[i].ran.get());
            }
            std::uint64_t sum = 0;
            for (Work* work = queue.drain(); work != nullptr;
                 work = work->next.load(std::memory_order_relaxed)) {
                CHECK(static_cast<Item*>(work)->ran.get() == 0);
                ++sum;
                terminator.dec();
            }
            drained.set(sum);
            CHECK(queue.try_take() == nullptr && !queue.ready());
        }
    }
    void after() {
        CHECK(terminator.pending() == 0);
        CHECK(seen[0].get() == items[0].ran.get());
        CHECK(seen[1].get() == items[1].ran.get());
        CHECK(items[0].ran.get() + items[1].ran.get() + refused.get() + drained.get() ==
              2);
    }

    Plain refused;
    Plain drained;
    std::array<Plain, 2> seen;
};

/// What one thread pushes comes out in that order.
struct InOrder : Pumped<3> {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        if (index == 0) {
            push(0);
            push(1);
            push(2);
            return;
        }
        for (Item& item : items) {
            while (!pump_one()) {
                compat::yield();
            }
            CHECK(item.ran.get() == 1);
        }
    }
    void after() {
        CHECK(queue.depth() == 0 && queue.spell().number >= 1);
        CHECK(queue.spell().number <= 3);
    }
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Waiting>("waiting"), test::scenario<TwoPumps>("two pumps"),
         test::scenario<Closing>("closing"), test::scenario<InOrder>("in order")});
}
