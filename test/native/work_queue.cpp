// The queue of one worker: spreading, stealing, exactly once.

#include "sched/work_queue.h"

#include "harness.h"

#include <array>
#include <atomic>
#include <memory>
#include <vector>

using namespace boc::sched;

namespace {

struct Item : Work {
    std::atomic<int> taken{0};
};

using Counts = std::array<int, WorkQueue::kParts>;

Counts drain(WorkQueue& queue) {
    Counts counts{};
    for (unsigned part = 0; part < WorkQueue::kParts; ++part) {
        Segment segment = queue.try_dequeue_all(part);
        while (segment.take() != nullptr) {
            ++counts[part];
        }
    }
    return counts;
}

Segment chain(std::vector<Work>& works) {
    for (std::size_t index = 1; index < works.size(); ++index) {
        works[index - 1].next.store(&works[index], std::memory_order_relaxed);
    }
    return {&works.front(), &works.back().next};
}

void cursors_go_round() {
    Cursor<4> cursor;
    for (unsigned step = 1; step <= 9; ++step) {
        CHECK(cursor.pre_inc() == step % 4);
    }
    Cursor<4> back;
    for (const unsigned place : {0U, 3U, 2U, 1U, 0U, 3U}) {
        CHECK(back.post_dec() == place);
    }
}

void pushes_go_to_all_parts_alike() {
    std::vector<Work> works(12);
    WorkQueue queue;
    for (Work& work : works) {
        queue.enqueue(&work);
    }
    CHECK((drain(queue) == Counts{3, 3, 3, 3}));
    CHECK(queue.empty());
}

void a_chain_is_spread_evenly() {
    for (const std::size_t length : {1U, 16U, 5000U}) {
        std::vector<Work> works(length);
        WorkQueue queue;
        queue.spread(chain(works));
        int sum = 0;
        for (const int count : drain(queue)) {
            sum += count;
        }
        CHECK(sum == static_cast<int>(length));
    }
    std::vector<Work> works(16);
    WorkQueue queue;
    queue.spread(chain(works));
    CHECK((drain(queue) == Counts{4, 4, 4, 4}));
}

void a_thief_takes_a_part() {
    std::vector<Work> works(16);
    WorkQueue victim;
    WorkQueue thief;
    CHECK(thief.try_steal(victim).empty());
    for (Work& work : works) {
        victim.enqueue(&work);
    }
    Segment loot = thief.try_steal(victim);
    int count = 0;
    while (loot.take() != nullptr) {
        ++count;
    }
    CHECK(count == 4);
    CHECK(drain(victim)[0] == 0);
}

/// Two owners push to themselves and steal from each other, a stranger pushes to both.
void stealing_loses_nothing() {
    const int per_thread = test::repeat(50'000);
    const int total = 3 * per_thread;
    std::vector<Item> items(static_cast<std::size_t>(total));
    std::array<WorkQueue, 2> queues;
    std::atomic<int> taken{0};
    const auto take = [&](Work* work) {
        auto* const item = static_cast<Item*>(work);
        CHECK(item->taken.fetch_add(1, std::memory_order_relaxed) == 0);
        taken.fetch_add(1, std::memory_order_relaxed);
    };
    const auto item = [&](int thread, int index) {
        return &items[static_cast<std::size_t>(thread * per_thread + index)];
    };
    test::Threads threads;
    for (unsigned me = 0; me < 2; ++me) {
        threads.add([&, me] {
            test::Random random{test::seed() + me};
            WorkQueue& mine = queues[me];
            int pushed = 0;
            while (taken.load(std::memory_order_relaxed) != total) {
                for (auto left = random.below(8); left != 0 && pushed != per_thread;
                     --left) {
                    mine.enqueue(item(static_cast<int>(me), pushed++));
                }
                if (random.below(4) != 0) {
                    if (Work* const work = mine.try_dequeue()) {
                        take(work);
                        continue;
                    }
                }
                Segment loot = mine.try_steal(queues[1 - me]);
                if (Work* const work = loot.try_take()) {
                    take(work);
                }
                mine.spread(loot);
            }
        });
    }
    threads.add([&] {
        for (int index = 0; index < per_thread; ++index) {
            queues[static_cast<unsigned>(index) % 2].enqueue(item(2, index));
        }
    });
    threads.join();
    CHECK(queues[0].empty() && queues[1].empty());
}

} // namespace

int main() {
    test::seed();
    cursors_go_round();
    pushes_go_to_all_parts_alike();
    a_chain_is_spread_evenly();
    a_thief_takes_a_part();
    stealing_loses_nothing();
}
