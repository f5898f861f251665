// The mailbox: nothing lost, nothing twice, order per sender, nobody left asleep.

#include "mailbox.h"

#include <cassert>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using boc::Binding;
using boc::Interrupts;
using boc::QueueSet;
using boc::TagName;
using boc::Waited;
using Clock = std::chrono::steady_clock;
using Message = std::unique_ptr<std::uint64_t>;
using Box = boc::Mailbox<Message>;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t kMany = 400'000;
#else
constexpr std::uint64_t kMany = 10'000'000;
#endif

constexpr std::uint64_t kCapacity = boc::Ring<Message>::kCapacity;
constexpr auto kSoon = std::chrono::seconds{60};

Message message(std::uint64_t value) {
    return std::make_unique<std::uint64_t>(value);
}

void send(Box& box, Binding to, std::uint64_t value) {
    while (!box.send(to, message(value))) {
        std::this_thread::yield();
    }
}

/// The next message of any of the queues; aborts after a minute.
Message receive(Box& box, const std::vector<Binding>& from) {
    Message out;
    QueueSet queues = 0;
    for (const Binding& each : from) {
        queues |= 1U << each.queue;
    }
    const auto try_all = [&] {
        for (const Binding& each : from) {
            if (box.try_receive(each, out) == Box::Popped::kItem) {
                return true;
            }
        }
        return false;
    };
    while (!try_all()) {
        typename Box::Wait wait{box, from[0].era, queues};
        const auto deadline = Clock::now() + kSoon;
        if (wait.park(deadline, Interrupts::kIgnore) == Waited::kTimedOut) {
            std::puts("a receiver was left asleep");
            std::abort();
        }
        if (try_all()) {
            break;
        }
    }
    return out;
}

void a_full_queue_refuses_and_keeps_what_it_has() {
    Box box;
    const Binding tag = *box.resolve(TagName{"t"});
    for (int lap = 0; lap < 3; ++lap) {
        for (std::uint64_t i = 0; i < kCapacity; ++i) {
            assert(box.send(tag, message(i)));
        }
        assert(!box.send(tag, message(0)));
        Message out;
        for (std::uint64_t i = 0; i < kCapacity; ++i) {
            assert(box.try_receive(tag, out) == Box::Popped::kItem && *out == i);
        }
        assert(box.try_receive(tag, out) == Box::Popped::kEmpty);
    }
    assert(box.ring(0).pushed() == 3 * kCapacity);
    assert(box.ring(0).popped() == 3 * kCapacity);
}

void a_rebind_drops_what_is_queued_and_what_comes_late() {
    Box box;
    const Binding old = *box.resolve(TagName{"t"});
    assert(box.send(old, message(1)));
    const std::string_view names[] = {"other"};
    box.rebind(names);
    assert(!box.ready(1));
    assert(box.send(old, message(2))); // its sender had looked the tag up before
    const Binding now = *box.resolve(TagName{"other"});
    assert(box.send(now, message(3)));
    Message out;
    assert(box.try_receive(old, out) == Box::Popped::kItem && *out == 2);
    assert(box.try_receive(old, out) == Box::Popped::kLater);
    assert(box.send(old, message(4)));
    assert(box.try_receive(now, out) == Box::Popped::kItem && *out == 3);
    assert(box.try_receive(now, out) == Box::Popped::kEmpty);
}

void a_wait_ends_at_its_deadline() {
    Box box;
    const Binding tag = *box.resolve(TagName{"t"});
    typename Box::Wait wait{box, tag.era, 1};
    const auto deadline = Clock::now() + std::chrono::milliseconds{20};
    assert(wait.park(deadline, Interrupts::kIgnore) == Waited::kTimedOut);
    assert(Clock::now() >= deadline);
}

/// `senders` threads, `receivers` threads: each value once, in order per sender.
void nothing_is_lost(unsigned senders, unsigned receivers, std::uint64_t total) {
    Box box;
    const Binding tag = *box.resolve(TagName{"t"});
    const std::uint64_t share = total / senders;
    std::vector<std::thread> threads;
    for (unsigned s = 0; s < senders; ++s) {
        threads.emplace_back([&, s] {
            for (std::uint64_t i = 1; i <= share; ++i) {
                send(box, tag, std::uint64_t{s} << 32 | i);
            }
        });
    }
    std::vector<std::vector<std::uint64_t>> counts(receivers);
    std::vector<std::thread> takers;
    for (auto& count : counts) {
        count.resize(senders);
        takers.emplace_back([&] {
            std::vector<std::uint64_t> last(senders);
            for (;;) {
                const std::uint64_t value = *receive(box, {tag});
                if (value == 0) {
                    return;
                }
                const std::size_t sender = value >> 32;
                assert((value & 0xffffffff) > last[sender]);
                last[sender] = value & 0xffffffff;
                ++count[sender];
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    for (unsigned r = 0; r < receivers; ++r) {
        send(box, tag, 0);
    }
    for (std::thread& thread : takers) {
        thread.join();
    }
    for (unsigned s = 0; s < senders; ++s) {
        std::uint64_t sum = 0;
        for (const auto& count : counts) {
            sum += count[s];
        }
        assert(sum == share);
    }
}

/// Single messages on tags that are waited for in every combination: each message must
/// find a receiver although calls may go to receivers that take something else.
void nobody_sleeps_beside_a_message() {
    constexpr unsigned kRounds = 3000;
    Box box;
    const Binding a = *box.resolve(TagName{"a"});
    const Binding b = *box.resolve(TagName{"b"});
    const Binding done = *box.resolve(TagName{"done"});
    const std::vector<std::vector<Binding>> interests = {{a}, {b}, {a, b}, {b, a}};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (const auto& interest : interests) {
        threads.emplace_back([&box, &stop, done, interest] {
            while (!stop.load(std::memory_order_relaxed)) {
                static_cast<void>(receive(box, interest));
                send(box, done, 1);
            }
        });
    }
    for (unsigned round = 0; round < kRounds; ++round) {
        send(box, a, 1);
        send(box, b, 1);
        static_cast<void>(receive(box, {done}));
        static_cast<void>(receive(box, {done}));
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::size_t i = 0; i < interests.size(); ++i) {
        send(box, a, 1);
        send(box, b, 1);
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

/// Senders, receivers and drains by name, while the table is rebound under them.
void rebinding_under_traffic_is_safe() {
    Box box;
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    const auto loop = [&](auto step) {
        threads.emplace_back([&stop, step] {
            while (!stop.load(std::memory_order_relaxed)) {
                step();
            }
        });
    };
    const auto resolve = [&box] { return *box.resolve(TagName{"x"}); };
    loop([&] { static_cast<void>(box.send(resolve(), message(1))); });
    loop([&] { static_cast<void>(box.send(resolve(), message(2))); });
    loop([&] { box.drain(resolve()); });
    loop([&] {
        const Binding tag = resolve();
        Message out;
        if (box.try_receive(tag, out) != Box::Popped::kEmpty) {
            return;
        }
        typename Box::Wait wait{box, tag.era, QueueSet{1} << tag.queue};
        const auto deadline = Clock::now() + std::chrono::milliseconds{2};
        static_cast<void>(wait.park(deadline, Interrupts::kIgnore));
    });
    const std::string_view first[] = {"x", "y"};
    const std::string_view second[] = {"y", "x"};
    for (int i = 0; i < 2000; ++i) {
        box.rebind(i % 2 == 0 ? first : second);
        std::this_thread::yield();
    }
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads) {
        thread.join();
    }
}

} // namespace

int main() {
    a_full_queue_refuses_and_keeps_what_it_has();
    a_rebind_drops_what_is_queued_and_what_comes_late();
    a_wait_ends_at_its_deadline();
    nothing_is_lost(4, 1, kMany);
    nothing_is_lost(4, 4, kMany / 10);
    nothing_is_lost(1, 4, kMany / 10);
    nobody_sleeps_beside_a_message();
    rebinding_under_traffic_is_safe();
    std::puts("mailbox: ok");
}
