// What is handed over: each item arrives once, whole, and those of one thread in order.

#include "inbox.h"

#include "explore.h"

#include <array>

using namespace boc;
using test::Plain;

namespace {

struct Item {
    Item* next = nullptr;
    Plain sent;
};

/// Two hand over, one takes twice; the rest is taken at the end.
struct HandOver {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 2) {
            take();
            take();
            return;
        }
        for (unsigned i = 0; i < 2; ++i) {
            Item& item = items[2 * index + i];
            item.sent.set(1);
            inbox.push(&item);
        }
    }
    void take() {
        for (Item* item = inbox.take_all(); item != nullptr; item = item->next) {
            CHECK(item->sent.get() == 1);
            item->sent.set(2);
            ++taken;
        }
    }
    void after() {
        take();
        CHECK(inbox.empty());
        CHECK(taken == items.size());
    }

    Inbox<Item> inbox;
    std::array<Item, 4> items;
    unsigned taken = 0;
};

/// One hands the same item over again as soon as it is back.
struct Again {
    static constexpr unsigned kThreads = 2;

    void thread(unsigned index) {
        if (index == 0) {
            there.push(&item);
            if (Item* const back = here.take_all()) {
                CHECK(back->sent.get() == 1);
                there.push(back);
            }
            return;
        }
        for (int tries = 0; tries < 2; ++tries) {
            if (Item* const got = there.take_all()) {
                CHECK(got->next == nullptr);
                got->sent.set(1);
                here.push(got);
            }
        }
    }
    void after() {
        unsigned left = 0;
        for (Inbox<Item>* const each : {&here, &there}) {
            left += each->take_all() != nullptr ? 1 : 0;
        }
        CHECK(left == 1);
    }

    Inbox<Item> here;
    Inbox<Item> there;
    Item item;
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<HandOver>("hand over"), test::scenario<Again>("again")});
}
