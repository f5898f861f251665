// An owner and thieves of one queue of four: nothing lost, nothing twice.

#include "sched/work_queue.h"

#include "explore.h"

#include <array>

using namespace boc;
using namespace boc::sched;
using test::Plain;

namespace {

struct Item : Work {
    Plain sent;
    Plain taken;
};

void take(Work* work) {
    auto& item = *static_cast<Item*>(work);
    CHECK(item.sent.get() == 1 && item.taken.get() == 0);
    item.taken.set(1);
}

/// The owner pushes and takes, another pushes, a thief takes a part and spreads it over
/// a queue of its own.
struct Theft {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (unsigned each = 0; each < 3; ++each) {
                push(each);
                if (Work* const work = owner.try_dequeue()) {
                    take(work);
                }
            }
        } else if (index == 1) {
            push(3);
            push(4);
        } else {
            for (int tries = 0; tries < 2; ++tries) {
                Segment loot = thief.try_steal(owner);
                if (Work* const work = loot.try_take()) {
                    take(work);
                }
                if (!loot.empty()) {
                    thief.spread(loot);
                }
            }
        }
    }
    void push(unsigned each) {
        items[each].sent.set(1);
        owner.enqueue(&items[each]);
    }
    void after() {
        for (WorkQueue* const queue : {&owner, &thief}) {
            while (Work* const work = queue->try_dequeue()) {
                take(work);
            }
            CHECK(queue->empty());
        }
        for (const Item& item : items) {
            CHECK(item.taken.get() == 1);
        }
    }

    WorkQueue owner;
    WorkQueue thief;
    std::array<Item, 5> items;
};

/// Two thieves rob each other of a long part while its last link is on its way.
struct Thieves {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (Item& item : items) {
                item.sent.set(1);
                queues[0].enqueue(&item);
            }
            return;
        }
        WorkQueue& mine = queues[index];
        for (WorkQueue* const victim : {queues.data(), &queues[3 - index]}) {
            const Segment loot = mine.try_steal(*victim);
            if (!loot.empty()) {
                mine.spread(loot);
            }
            if (Work* const work = mine.try_dequeue()) {
                take(work);
            }
        }
    }
    void after() {
        for (WorkQueue& queue : queues) {
            while (Work* const work = queue.try_dequeue()) {
                take(work);
            }
            CHECK(queue.empty());
        }
        for (const Item& item : items) {
            CHECK(item.taken.get() == 1);
        }
    }

    std::array<WorkQueue, 3> queues;
    std::array<Item, 5> items;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Theft>("theft"), test::scenario<Thieves>("thieves")});
}
