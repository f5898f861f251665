// The queue of work: every item comes out once, with what was written before it went
// in.

#include "sched/mpmc_queue.h"

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

void send(MpmcQueue& queue, Item& item) {
    item.sent.set(1);
    queue.enqueue(&item);
}

void take(Work* work) {
    auto& item = *static_cast<Item*>(work);
    CHECK(item.sent.get() == 1);
    CHECK(item.taken.get() == 0);
    item.taken.set(1);
}

template <std::size_t kItems>
void all_were_taken(MpmcQueue& queue, std::array<Item, kItems>& items) {
    while (Work* const work = queue.try_dequeue()) {
        take(work);
    }
    CHECK(queue.empty());
    for (Item& item : items) {
        CHECK(item.taken.get() == 1);
    }
}

/// Two push, one takes singly until it has all, in the order of each pusher.
struct Pushers {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index < 2) {
            send(queue, items[index * 2]);
            send(queue, items[index * 2 + 1]);
            return;
        }
        for (unsigned taken = 0; taken != items.size();) {
            if (Work* const work = queue.try_dequeue()) {
                take(work);
                const auto at = static_cast<Item*>(work) - items.data();
                CHECK(at % 2 == 0 || items[static_cast<unsigned>(at) - 1].taken.get());
                ++taken;
            } else {
                compat::yield();
            }
        }
    }
    void after() { all_were_taken(queue, items); }

    MpmcQueue queue;
    std::array<Item, 4> items;
};

/// One pushes; one takes singly, one takes all there is.
struct Takers {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (Item& item : items) {
                send(queue, item);
            }
        } else if (index == 1) {
            for (int tries = 0; tries < 3; ++tries) {
                if (Work* const work = queue.try_dequeue()) {
                    take(work);
                }
            }
        } else {
            for (int tries = 0; tries < 2; ++tries) {
                Segment segment = queue.try_dequeue_all();
                while (Work* const work = segment.take()) {
                    take(work);
                }
            }
        }
    }
    void after() { all_were_taken(queue, items); }

    MpmcQueue queue;
    std::array<Item, 3> items;
};

/// One takes and puts back in front while others push and take.
struct Front {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            send(queue, items[0]);
            send(queue, items[1]);
        } else if (index == 1) {
            if (Work* const work = queue.try_dequeue()) {
                queue.enqueue_front(work);
            }
        } else if (Work* const work = queue.try_dequeue()) {
            take(work);
        }
    }
    void after() { all_were_taken(queue, items); }

    MpmcQueue queue;
    std::array<Item, 2> items;
};

/// A pusher looks for sleepers, a sleeper looks for items: one sees the other.
struct Crosswise {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        if (index == 0) {
            send(queue, item);
            saw_sleeper.set(sleepers.load(std::memory_order_seq_cst) != 0 ? 1 : 0);
        } else {
            sleepers.fetch_add(1, std::memory_order_seq_cst);
            saw_item.set(queue.empty() ? 0 : 1);
        }
    }
    void after() { CHECK(saw_sleeper.get() == 1 || saw_item.get() == 1); }

    MpmcQueue queue;
    Item item;
    Atomic<unsigned> sleepers{0};
    Plain saw_sleeper;
    Plain saw_item;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Pushers>("pushers"), test::scenario<Takers>("takers"),
         test::scenario<Front>("front"), test::scenario<Crosswise>("crosswise")});
}
