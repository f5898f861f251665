// The queue of work: order, and nothing lost or doubled among many threads.

#include "sched/mpmc_queue.h"

#include "harness.h"

#include <atomic>
#include <vector>

using namespace boc::sched;

namespace {

struct Item : Work {
    int id = 0;
    std::atomic<int> taken{0};
};

Item* as_item(Work* work) {
    return static_cast<Item*>(work);
}

int id_of(Work* work) {
    return work != nullptr ? as_item(work)->id : -1;
}

std::vector<Item> make_items(int count) {
    std::vector<Item> items(static_cast<std::size_t>(count));
    for (int id = 0; id < count; ++id) {
        items[static_cast<std::size_t>(id)].id = id;
    }
    return items;
}

void order_is_first_in_first_out() {
    auto items = make_items(5);
    MpmcQueue queue;
    CHECK(queue.empty() && queue.try_dequeue() == nullptr);
    for (int round = 0; round < 2; ++round) {
        for (Item& item : items) {
            queue.enqueue(&item);
        }
        for (int id = 0; id < 5; ++id) {
            CHECK(!queue.empty());
            CHECK(id_of(queue.try_dequeue()) == id);
        }
        CHECK(queue.empty() && queue.try_dequeue() == nullptr);
    }
}

void front_comes_before_all() {
    auto items = make_items(3);
    MpmcQueue queue;
    queue.enqueue_front(&items[1]);
    queue.enqueue(&items[2]);
    queue.enqueue_front(&items[0]);
    for (int id = 0; id < 3; ++id) {
        CHECK(id_of(queue.try_dequeue()) == id);
    }
    CHECK(queue.empty());
}

void all_at_once_keeps_order() {
    auto items = make_items(4);
    MpmcQueue queue;
    CHECK(queue.try_dequeue_all().empty());
    for (Item& item : items) {
        queue.enqueue(&item);
    }
    Segment segment = queue.try_dequeue_all();
    CHECK(queue.empty());
    queue.enqueue(segment);
    segment = queue.try_dequeue_all();
    for (int id = 0; id < 4; ++id) {
        CHECK(id_of(segment.take()) == id);
    }
    CHECK(segment.take() == nullptr && queue.empty());
}

/// Eight producers; one consumer takes singly, one takes all, one puts back in front.
void nothing_is_lost_among_many() {
    constexpr int kProducers = 8;
    const int per_producer = test::repeat(20'000);
    const int total = kProducers * per_producer;
    auto items = make_items(total);
    MpmcQueue queue;
    std::atomic<int> taken{0};
    const auto take = [&](Work* work) {
        CHECK(as_item(work)->taken.fetch_add(1, std::memory_order_relaxed) == 0);
        taken.fetch_add(1, std::memory_order_relaxed);
    };
    const auto more = [&] { return taken.load(std::memory_order_relaxed) != total; };
    test::Threads threads;
    for (int producer = 0; producer < kProducers; ++producer) {
        threads.add([&, producer] {
            for (int id = producer; id < total; id += kProducers) {
                queue.enqueue(&items[static_cast<std::size_t>(id)]);
            }
        });
    }
    threads.add([&] {
        while (more()) {
            if (Work* const work = queue.try_dequeue()) {
                take(work);
            } else {
                std::this_thread::yield();
            }
        }
    });
    threads.add([&] {
        while (more()) {
            Segment segment = queue.try_dequeue_all();
            while (Work* const work = segment.take()) {
                take(work);
            }
            std::this_thread::yield();
        }
    });
    threads.add([&] {
        test::Random random{test::seed()};
        while (more()) {
            Work* const work = queue.try_dequeue();
            if (work != nullptr && random.below(2) == 0) {
                queue.enqueue_front(work);
            } else if (work != nullptr) {
                take(work);
            }
            std::this_thread::yield();
        }
    });
    threads.join();
    CHECK(queue.empty());
}

} // namespace

int main() {
    test::seed();
    order_is_first_in_first_out();
    front_comes_before_all();
    all_at_once_keeps_order();
    nothing_is_lost_among_many();
}
