// The scheduler from start to stop: what it took is run or drained.

#include "explore.h"
#include "sched.h"

#include <array>

using namespace boc;
using namespace boc::sched;
using test::Plain;

namespace {

Scheduler& scheduler = Scheduler::instance();

struct Item : Work {
    Plain sent;
    Plain runs;
    Item* child = nullptr;
};

/// One dispatches; two workers run what comes, and its children, until all has run.
struct Runtime {
    static constexpr unsigned kThreads = 3;

    Runtime() {
        items[0].child = &items[3];
        CHECK(scheduler.start(2));
    }

    void thread(unsigned index) {
        if (index == 2) {
            for (unsigned each = 0; each < 3; ++each) {
                items[each].sent.set(1);
                CHECK(scheduler.dispatch(&items[each]));
            }
            return;
        }
        CHECK(scheduler.register_worker() >= 0);
        while (!scheduler.stopping()) {
            Work* work = scheduler.try_next();
            if (work == nullptr) {
                work = scheduler.wait_next();
            }
            if (work != nullptr) {
                run(*static_cast<Item*>(work));
            }
        }
        scheduler.unregister_worker();
    }
    void run(Item& item) {
        CHECK(item.sent.get() == 1 && item.runs.get() == 0);
        item.runs.set(1);
        if (item.child != nullptr) {
            item.child->sent.set(1);
            CHECK(scheduler.dispatch(item.child));
        }
        if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            scheduler.request_stop_all();
        }
    }
    void after() {
        scheduler.stop();
        CHECK(scheduler.drain() == nullptr);
        for (const Item& item : items) {
            CHECK(item.runs.get() == 1);
        }
    }

    std::array<Item, 4> items;
    Atomic<int> left{4};
};

/// The end overtakes a dispatcher: what it was told is taken is in the drain.
struct End {
    static constexpr unsigned kThreads = 3;

    End() { CHECK(scheduler.start(2)); }

    void thread(unsigned index) {
        if (index == 2) {
            scheduler.stop();
            for (Work* work = scheduler.drain(); work != nullptr;) {
                auto& item = *static_cast<Item*>(work);
                work = work->next.load(std::memory_order_relaxed);
                CHECK(item.sent.get() == 1);
                item.runs.set(1);
            }
            return;
        }
        for (unsigned each = index * 2; each < index * 2 + 2; ++each) {
            items[each].sent.set(1);
            taken[each].set(scheduler.dispatch(&items[each]) ? 1 : 0);
        }
    }
    void after() {
        CHECK(scheduler.drain() == nullptr);
        for (unsigned each = 0; each < items.size(); ++each) {
            CHECK(items[each].runs.get() == taken[each].get());
        }
    }

    std::array<Item, 4> items;
    std::array<Plain, 4> taken;
};

/// An end and another start overtake a dispatcher: the later runtime counts what came
/// into it, and no less.
struct Restart {
    static constexpr unsigned kThreads = 2;

    Restart() { CHECK(scheduler.start(1)); }

    void thread(unsigned index) {
        if (index == 0) {
            static_cast<void>(scheduler.dispatch(&item));
            return;
        }
        scheduler.stop();
        static_cast<void>(scheduler.drain());
        CHECK(scheduler.start(1));
    }
    void after() {
        const std::uint64_t counted = scheduler.stats().front().pushed_remote;
        scheduler.stop();
        CHECK(counted == (scheduler.drain() != nullptr ? 1 : 0));
    }

    Item item;
};

} // namespace

int main() {
    return test::explore({test::scenario<Runtime>("runtime"),
                          test::scenario<End>("end"),
                          test::scenario<Restart>("restart")});
}
