// Workers that look, sleep and are woken: what is dispatched is run, by one of them.

#include "sched/crew.h"

#include "explore.h"
#include "sched/worker.h"

#include <array>

using namespace boc;
using namespace boc::sched;
using test::Plain;

namespace {

Crew& open_crew(unsigned workers) {
    static Crew crew;
    CHECK(crew.open(workers));
    return crew;
}

struct Item : Work {
    void send() { sent.set(1); }
    void run() {
        CHECK(sent.get() == 1 && runs.get() == 0);
        runs.set(1);
    }

    Plain sent;
    Plain runs;
    Item* child = nullptr;
};

/// Some workers and what they share; `left` items end them.
struct Workers {
    explicit Workers(int items, unsigned count = 2)
        : crew{open_crew(count)}, left{items} {}

    /// Works as one of them until told to stop.
    template <typename Run>
    void work(unsigned index, Run run) {
        Worker& me = crew.worker(index);
        me.enter();
        while (!me.stopping()) {
            Work* work = me.try_next();
            if (work == nullptr) {
                work = me.wait_next();
            }
            if (work != nullptr) {
                run(me, *static_cast<Item*>(work));
            }
        }
        me.leave();
    }
    void work(unsigned index) {
        work(index, [this](Worker& me, Item& item) { run(me, item); });
    }
    void run(Worker& me, Item& item) {
        item.run();
        if (Item* const child = item.child) {
            child->send();
            me.dispatch(child);
        }
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            stop();
        }
    }
    void stop() {
        for (unsigned index = crew.size(); index-- != 0;) {
            crew.worker(index).request_stop();
        }
    }
    void dispatch(Item& item, unsigned index) {
        item.send();
        const auto [worker, idle] = crew.receiver(index, redirects);
        if (!idle || !worker.hand_over(&item)) {
            worker.push(&item);
            crew.pushed();
        }
    }

    Crew& crew;
    Crew::Redirects redirects;
    Atomic<int> left;
};

/// One dispatches from outside, now to this worker, now to that.
struct Outside {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index < 2) {
            workers.work(index);
            return;
        }
        for (unsigned each = 0; each < items.size(); ++each) {
            workers.dispatch(items[each], each % 2);
        }
    }
    void after() {
        for (const Item& item : items) {
            CHECK(item.runs.get() == 1);
        }
    }

    Workers workers{3};
    std::array<Item, 3> items;
};

/// Three bodies that wait for each other, as many workers: nobody sleeps while one of
/// them lies in a queue.
struct Together {
    static constexpr unsigned kThreads = 4;

    void thread(unsigned index) {
        if (index == 3) {
            for (Item& item : items) {
                workers.dispatch(item, 0);
            }
            return;
        }
        workers.work(index, [this](Worker&, Item& item) {
            item.run();
            here.fetch_add(1, std::memory_order_acq_rel);
            while (here.load(std::memory_order_acquire) != items.size()) {
                compat::yield();
            }
            workers.stop();
        });
    }
    void after() {
        for (const Item& item : items) {
            CHECK(item.runs.get() == 1);
        }
    }

    Workers workers{0, 3};
    std::array<Item, 3> items;
    Atomic<unsigned> here{0};
};

/// A body dispatches a child, which dispatches another; a second comes from outside.
struct Children {
    static constexpr unsigned kThreads = 3;

    Children() {
        items[0].child = &items[1];
        items[1].child = &items[2];
    }

    void thread(unsigned index) {
        if (index < 2) {
            workers.work(index);
            return;
        }
        workers.dispatch(items[0], 0);
        workers.dispatch(items[3], 0);
    }
    void after() {
        for (const Item& item : items) {
            CHECK(item.runs.get() == 1);
        }
    }

    Workers workers{4};
    std::array<Item, 4> items;
};

/// A body waits for its child: the other worker takes it out of the private slot.
struct LongParent {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 2) {
            workers.dispatch(parent, 0);
            return;
        }
        workers.work(index, [this](Worker& me, Item& item) {
            item.run();
            if (&item == &child) {
                child_ran.store(true, std::memory_order_release);
                return;
            }
            child.send();
            me.dispatch(&child);
            while (!child_ran.load(std::memory_order_acquire)) {
                compat::yield();
            }
            workers.stop();
        });
    }
    void after() { CHECK(parent.runs.get() == 1 && child.runs.get() == 1); }

    Workers workers{0};
    Item parent;
    Item child;
    Atomic<bool> child_ran{false};
};

/// The end comes at any time: what did not run is still there.
struct Stop {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index < 2) {
            workers.work(index);
            return;
        }
        workers.dispatch(items[0], 0);
        workers.dispatch(items[1], 0);
        workers.stop();
    }
    void after() {
        for (unsigned index = 0; index < 2; ++index) {
            workers.crew.worker(index).drain(
                [](Work* work) { static_cast<Item*>(work)->run(); });
        }
        for (const Item& item : items) {
            CHECK(item.runs.get() == 1);
        }
    }

    Workers workers{-1};
    std::array<Item, 2> items;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Outside>("outside"), test::scenario<Children>("children"),
         test::scenario<Together>("together"),
         test::scenario<LongParent>("long parent"), test::scenario<Stop>("stop")});
}
