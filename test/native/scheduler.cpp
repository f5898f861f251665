// The scheduler as the layers above see it: every item runs exactly once, soon, and
// idle workers sleep.

#include "harness.h"
#include "parking.h"
#include "sched.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <ctime>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

using namespace boc;
using namespace boc::sched;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

Scheduler& scheduler = Scheduler::instance();

struct Item : Work {
    std::function<void(Item&)> body;
    std::atomic<int> runs{0};
    std::atomic<int> worker{-1};
};

/// Items that stay until the workers are gone: a worker may still be on its way out of
/// a body when what the body did has ended the round.
class Pool {
public:
    Item& add() { return items_.emplace_back(); }

private:
    std::deque<Item> items_;
};

/// Worker threads that run items until they are told to stop.
class Workers {
public:
    explicit Workers(unsigned count) {
        CHECK(scheduler.start(count));
        for (unsigned index = 0; index < count; ++index) {
            threads_.add([this] { work(); });
        }
        while (registered_.load(std::memory_order_acquire) != count) {
            std::this_thread::yield();
        }
    }

    /// Ends the threads; what did not run is still in the scheduler.
    void end() {
        scheduler.request_stop_all();
        threads_.join();
    }

    ~Workers() {
        end();
        scheduler.stop();
        CHECK(scheduler.drain() == nullptr);
    }

private:
    void work() {
        CHECK(scheduler.register_worker() >= 0);
        registered_.fetch_add(1, std::memory_order_release);
        while (!scheduler.stopping()) {
            Work* work = scheduler.try_next();
            if (work == nullptr) {
                work = scheduler.wait_next();
            }
            if (work == nullptr) {
                break;
            }
            auto& item = static_cast<Item&>(*work);
            item.worker.store(Scheduler::worker_index(), std::memory_order_relaxed);
            item.runs.fetch_add(1, std::memory_order_relaxed);
            if (item.body) {
                item.body(item);
            }
        }
        scheduler.unregister_worker();
        CHECK(!Scheduler::on_worker());
    }

    test::Threads threads_;
    std::atomic<unsigned> registered_{0};
};

/// Lets one thread wait for a number of events.
class Countdown {
public:
    explicit Countdown(int count) : left_{count} {}
    void step() {
        if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            event_.wake_all();
        }
    }
    void wait() {
        const auto deadline = steady_clock::now() + std::chrono::seconds{60};
        const auto done = [this] { return left_.load(std::memory_order_acquire) <= 0; };
        CHECK(event_.wait_until(deadline, done, Interrupts::kIgnore) ==
              Waited::kSignalled);
    }

private:
    std::atomic<int> left_;
    /// Outlives the waiter, which may be gone before the last step() is.
    static inline Eventcount event_;
};

std::uint64_t sum(std::uint64_t WorkerStats::*field) {
    std::uint64_t total = 0;
    for (const WorkerStats& stats : scheduler.stats()) {
        total += stats.*field;
    }
    return total;
}

std::uint64_t popped() {
    return sum(&WorkerStats::popped_local) + sum(&WorkerStats::popped_via_steal);
}

int length(Work* work) {
    int count = 0;
    for (; work != nullptr; work = work->next.load(std::memory_order_relaxed)) {
        ++count;
    }
    return count;
}

void nothing_runs_without_a_runtime() {
    Item item;
    CHECK(!scheduler.running() && scheduler.workers() == 0);
    CHECK(!scheduler.dispatch(&item));
    CHECK(scheduler.register_worker() == -1 && scheduler.worker_index() == -1);
    CHECK(scheduler.stats().empty() && scheduler.drain() == nullptr);
    CHECK(scheduler.try_next() == nullptr && scheduler.wait_next() == nullptr);
    CHECK(scheduler.start(0) && !scheduler.running());
    scheduler.stop();
    scheduler.stop();
}

void slots_are_given_once() {
    CHECK(scheduler.start(1));
    CHECK(scheduler.register_worker() == 0 && Scheduler::worker_index() == 0);
    CHECK(scheduler.register_worker() == -1 && Scheduler::worker_index() == 0);
    CHECK(scheduler.start(1));
    CHECK(!Scheduler::on_worker() && scheduler.try_next() == nullptr);
    CHECK(scheduler.register_worker() == 0);
    scheduler.unregister_worker();
    scheduler.stop();
}

void the_newest_runs_first_and_statistics_say_so() {
    std::array<Item, 3> items;
    scheduler.start(1);
    scheduler.register_worker();
    for (Item& item : items) {
        CHECK(scheduler.dispatch(&item));
    }
    CHECK(scheduler.try_next() == &items[2]);
    CHECK(scheduler.try_next() == &items[0]);
    CHECK(scheduler.try_next() == &items[1]);
    CHECK(scheduler.try_next() == nullptr);
    const WorkerStats stats = scheduler.stats().front();
    CHECK(stats.dispatched_to_pending == 1 && stats.pushed_local == 2);
    CHECK(stats.popped_local == 3 && stats.pushed_remote == 0);
    CHECK(stats.steal_attempts == 0 && stats.fairness_arm_fires == 0);
    scheduler.unregister_worker();
    scheduler.stop();
}

void the_slot_does_not_starve_the_queue() {
    std::array<Item, 2> items;
    scheduler.start(1);
    scheduler.register_worker();
    scheduler.dispatch(&items[0]);
    scheduler.dispatch(&items[1]);
    int slot_pops = 0;
    while (scheduler.try_next() == &items[1]) {
        ++slot_pops;
        scheduler.dispatch(&items[1]);
    }
    CHECK(slot_pops == 100 && scheduler.stats().front().batch_resets == 1);
    CHECK(scheduler.try_next() == &items[1]);
    scheduler.unregister_worker();
    scheduler.stop();
}

void what_did_not_run_is_drained() {
    std::array<Item, 9> items;
    scheduler.start(2);
    for (Item& item : items) {
        scheduler.dispatch(&item);
    }
    CHECK(length(scheduler.drain()) == 9 && scheduler.drain() == nullptr);
    CHECK(sum(&WorkerStats::pushed_remote) == 9);
    scheduler.register_worker();
    for (Item& item : items) {
        scheduler.dispatch(&item);
    }
    scheduler.unregister_worker();
    CHECK(length(scheduler.drain()) == 9);
    scheduler.stop();
}

/// However fast the first worker is, the second gets a share.
void every_worker_gets_something() {
    for (int round = test::repeat(100); round != 0; --round) {
        std::array<Item, 16> items;
        Countdown left{16};
        Workers workers{2};
        for (Item& item : items) {
            item.body = [&](Item&) { left.step(); };
            scheduler.dispatch(&item);
        }
        left.wait();
        for (const WorkerStats& stats : scheduler.stats()) {
            CHECK(stats.popped_local + stats.popped_via_steal >= 1);
        }
        CHECK(popped() == 16 && sum(&WorkerStats::pushed_remote) == 16);
        CHECK(sum(&WorkerStats::dispatched_to_pending) == 0);
    }
}

/// The child of a parent that goes on is run by somebody else, one that hurries is not
/// overtaken.
void a_child_runs_beside_a_long_parent() {
    Pool pool;
    Workers workers{2};
    for (int round = test::repeat(20); round != 0; --round) {
        if (round % 4 == 0) {
            std::this_thread::sleep_for(milliseconds{30}); // nobody watches any more
        }
        Item& parent = pool.add();
        Item& child = pool.add();
        Countdown left{2};
        std::atomic<bool> ran{false};
        child.body = [&](Item&) {
            ran.store(true, std::memory_order_release);
            left.step();
        };
        parent.body = [&](Item&) {
            scheduler.dispatch(&child);
            const auto limit = steady_clock::now() + std::chrono::seconds{30};
            while (!ran.load(std::memory_order_acquire)) {
                CHECK(steady_clock::now() < limit);
                std::this_thread::yield();
            }
            left.step();
        };
        scheduler.dispatch(&parent);
        left.wait();
        CHECK(parent.worker != child.worker);
    }
    for (int round = test::repeat(200); round != 0; --round) {
        Item& parent = pool.add();
        Item& child = pool.add();
        Countdown left{2};
        child.body = [&](Item&) { left.step(); };
        parent.body = [&](Item&) {
            const auto begin = steady_clock::now();
            scheduler.dispatch(&child);
            for (int step = 0; step < 1'000; ++step) {
                compat::cpu_relax();
            }
            const bool overtaken = child.runs.load(std::memory_order_relaxed) != 0;
            CHECK(!overtaken || steady_clock::now() - begin > milliseconds{1});
            left.step();
        };
        scheduler.dispatch(&parent);
        left.wait();
    }
}

void a_child_of_a_blocking_parent_runs_at_once() {
    Pool pool;
    Workers workers{2};
    for (int round = test::repeat(200); round != 0; --round) {
        Item& parent = pool.add();
        Item& child = pool.add();
        Countdown inner{1};
        Countdown outer{1};
        child.body = [&](Item&) { inner.step(); };
        parent.body = [&](Item&) {
            scheduler.dispatch(&child);
            scheduler.body_blocks();
            inner.wait();
            outer.step();
        };
        scheduler.dispatch(&parent);
        outer.wait();
    }
}

/// Items that end only when all of them run at once, dispatched from outside or by the
/// first of them: every worker must be woken, every item found.
void as_many_run_at_once_as_there_are_workers() {
    constexpr int kCount = 4;
    Pool pool;
    Workers workers{kCount};
    for (int round = test::repeat(200); round != 0; --round) {
        std::atomic<int> running{0};
        Countdown left{kCount};
        const auto meet = [&] {
            running.fetch_add(1, std::memory_order_acq_rel);
            const auto limit = steady_clock::now() + std::chrono::seconds{30};
            while (running.load(std::memory_order_acquire) != kCount) {
                CHECK(steady_clock::now() < limit);
                std::this_thread::yield();
            }
            left.step();
        };
        std::vector<Item*> items;
        for (int index = 0; index < kCount; ++index) {
            items.push_back(&pool.add());
            items.back()->body = [&](Item&) { meet(); };
        }
        const bool inside = round % 2 == 0;
        const auto dispatch_others = [&] {
            for (int index = 1; index < kCount; ++index) {
                scheduler.dispatch(items[static_cast<std::size_t>(index)]);
            }
        };
        items[0]->body = [&](Item&) {
            if (inside) {
                dispatch_others();
            }
            meet();
        };
        scheduler.dispatch(items[0]);
        if (!inside) {
            dispatch_others();
        }
        left.wait();
    }
}

void an_idle_runtime_costs_nothing() {
    Workers workers{4};
    const auto deadline = steady_clock::now() + std::chrono::seconds{30};
    const auto all_parked = [] {
        const auto stats = scheduler.stats();
        return std::all_of(stats.begin(), stats.end(),
                           [](const WorkerStats& each) { return each.parked > 0; });
    };
    while (!all_parked()) {
        CHECK(steady_clock::now() < deadline);
        std::this_thread::yield();
    }
    std::this_thread::sleep_for(milliseconds{30}); // the watcher retires
    const auto parked = sum(&WorkerStats::parked);
    const std::clock_t before = std::clock();
    std::this_thread::sleep_for(milliseconds{100});
    CHECK(std::clock() - before < CLOCKS_PER_SEC / 50);
    CHECK(sum(&WorkerStats::parked) == parked);
}

/// One item at a time, with workers going to sleep at any moment in between.
void no_wake_up_is_lost() {
    test::Random random{test::seed()};
    for (const unsigned count : {1U, 2U, 3U}) {
        Pool pool;
        Workers workers{count};
        for (int round = test::repeat(10'000); round != 0; --round) {
            Item& item = pool.add();
            Countdown left{1};
            item.body = [&](Item&) { left.step(); };
            for (auto pause = random.below(400); pause != 0; --pause) {
                compat::cpu_relax();
            }
            scheduler.dispatch(&item);
            left.wait();
        }
    }
}

/// Producers outside, items that dispatch themselves again and items with children, all
/// at once, over many runtimes.
void every_item_runs_exactly_as_often_as_dispatched() {
    constexpr int kProducers = 3;
    constexpr int kRepeats = 20;
    constexpr int kChildren = 5;
    const int per_producer = test::repeat(200) * 10;
    test::Random random{test::seed()};
    for (int cycle = 0; cycle < 8; ++cycle) {
        std::vector<Item> parents(static_cast<std::size_t>(kProducers * per_producer));
        std::vector<Item> children(parents.size() / 10 * kChildren);
        Countdown left{static_cast<int>(parents.size() / 10 * kRepeats +
                                        parents.size() * 9 / 10 + children.size())};
        for (Item& child : children) {
            child.body = [&](Item&) { left.step(); };
        }
        for (std::size_t index = 0; index < parents.size(); ++index) {
            parents[index].body = [&](Item&) { left.step(); };
            if (index % 10 == 0) {
                parents[index].body = [&](Item& self) {
                    left.step();
                    if (self.runs.load(std::memory_order_relaxed) < kRepeats) {
                        scheduler.dispatch(&self);
                    }
                };
            } else if (index % 10 == 1) {
                parents[index].body = [&, index](Item&) {
                    for (std::size_t child = 0; child < kChildren; ++child) {
                        scheduler.dispatch(&children[index / 10 * kChildren + child]);
                    }
                    left.step();
                };
            }
        }
        Workers workers{1 + random.below(4)};
        test::Threads producers;
        for (int producer = 0; producer < kProducers; ++producer) {
            producers.add([&, producer] {
                test::Random own{test::seed() + static_cast<unsigned>(producer)};
                for (int index = 0; index < per_producer; ++index) {
                    CHECK(scheduler.dispatch(&parents[static_cast<std::size_t>(
                        producer * per_producer + index)]));
                    if (own.below(100) == 0) {
                        std::this_thread::yield();
                    }
                }
            });
        }
        producers.join();
        left.wait();
        for (std::size_t index = 0; index < parents.size(); ++index) {
            CHECK(parents[index].runs == (index % 10 == 0 ? kRepeats : 1));
        }
        for (const Item& child : children) {
            CHECK(child.runs == 1);
        }
        CHECK(popped() ==
              parents.size() / 10 * (kRepeats - 1) + parents.size() + children.size());
        CHECK(sum(&WorkerStats::pushed_remote) == parents.size());
    }
}

/// Dispatchers that race with the end: what they were told is taken runs or is drained.
void the_end_loses_nothing() {
    test::Random random{test::seed()};
    for (int cycle = test::repeat(100); cycle != 0; --cycle) {
        constexpr int kItems = 2'000;
        std::vector<Item> items(2 * kItems);
        std::atomic<int> taken{0};
        Workers workers{1 + random.below(3)};
        test::Threads producers;
        for (int producer = 0; producer < 2; ++producer) {
            producers.add([&, producer] {
                for (int index = 0; index < kItems; ++index) {
                    Item& item =
                        items[static_cast<std::size_t>(producer * kItems + index)];
                    if (!scheduler.dispatch(&item)) {
                        break;
                    }
                    taken.fetch_add(1, std::memory_order_relaxed);
                }
            });
        }
        for (auto pause = random.below(2'000); pause != 0; --pause) {
            compat::cpu_relax();
        }
        workers.end();
        scheduler.stop();
        const int drained = length(scheduler.drain());
        producers.join();
        int ran = 0;
        for (const Item& item : items) {
            CHECK(item.runs <= 1);
            ran += item.runs;
        }
        CHECK(ran + drained == taken.load(std::memory_order_relaxed));
    }
}

} // namespace

int main() {
    test::seed();
    nothing_runs_without_a_runtime();
    slots_are_given_once();
    the_newest_runs_first_and_statistics_say_so();
    the_slot_does_not_starve_the_queue();
    what_did_not_run_is_drained();
    every_worker_gets_something();
    a_child_runs_beside_a_long_parent();
    a_child_of_a_blocking_parent_runs_at_once();
    as_many_run_at_once_as_there_are_workers();
    an_idle_runtime_costs_nothing();
    no_wake_up_is_lost();
    every_item_runs_exactly_as_often_as_dispatched();
    the_end_loses_nothing();
}
