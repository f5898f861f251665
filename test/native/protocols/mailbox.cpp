// Senders, receivers and the queues between: a message finds a receiver.

#include "mailbox.h"

#include "explore.h"

#include <array>
#include <string_view>

using namespace boc;
using test::Plain;

namespace {

class Message {
public:
    explicit Message(std::uint64_t value = 0) : value_{value} {}
    Message(Message&& other) noexcept : value_{other.value()} {}
    Message& operator=(Message&& other) noexcept {
        value_.set(other.value());
        return *this;
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;
    ~Message() = default;
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.get(); }

private:
    Plain value_;
};

using Box = Mailbox<Message, 2>;

/// Goes through all places of a queue once, so that all threads know them.
Binding warm_up(Box& box, std::string_view name) {
    const Binding tag = *box.resolve(TagName{name});
    Message out;
    for (std::uint64_t each = 0; each < 4; ++each) {
        CHECK(box.send(tag, Message{each}));
        CHECK(box.try_receive(tag, out) == Box::Popped::kItem && out.value() == each);
    }
    return tag;
}

std::uint64_t receive(Box& box, Binding from) {
    Message out;
    const QueueSet queues = QueueSet{1} << from.queue;
    while (box.try_receive(from, out) != Box::Popped::kItem) {
        typename Box::Wait wait{box, from.era, queues};
        static_cast<void>(wait.park(compat::kForever, Interrupts::kIgnore));
        if (box.try_receive(from, out) == Box::Popped::kItem) {
            break;
        }
    }
    return out.value();
}

void send(Box& box, Binding to, std::uint64_t value) {
    while (!box.send(to, Message{value})) {
        compat::yield();
    }
}

/// Two senders fill a queue of two places, one receiver empties it.
struct Senders {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index < 2) {
            send(box, tag, index * 10 + 1);
            send(box, tag, index * 10 + 2);
            return;
        }
        std::array<std::uint64_t, 2> last{};
        for (int left = 4; left != 0; --left) {
            const std::uint64_t value = receive(box, tag);
            CHECK(value % 10 == last[value / 10] + 1); // in order, once
            last[value / 10] = value % 10;
        }
    }
    void after() { CHECK(!box.ready(1)); }

    Box box;
    Binding tag = warm_up(box, "t");
};

/// Two receivers, one of which stops waiting: its call goes to the other.
struct GivesUp {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            send(box, tag, 1);
            send(box, tag, 2);
        } else if (index == 1) {
            received[0].set(receive(box, tag));
            received[1].set(receive(box, tag));
        } else {
            typename Box::Wait wait{box, tag.era, 1};
            const auto deadline = compat::now() + std::chrono::milliseconds{1};
            static_cast<void>(wait.park(deadline, Interrupts::kIgnore));
        }
    }
    void after() { CHECK(received[0].get() == 1 && received[1].get() == 2); }

    Box box;
    Binding tag = warm_up(box, "t");
    std::array<Plain, 2> received;
};

/// Two receivers for two messages: each gets one.
struct OneEach {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            send(box, tag, 1);
            send(box, tag, 2);
        } else {
            received[index - 1].set(receive(box, tag));
        }
    }
    void after() { CHECK(received[0].get() + received[1].get() == 3); }

    Box box;
    Binding tag = warm_up(box, "t");
    std::array<Plain, 2> received;
};

/// The tags are bound anew while one sends and one waits: a message of before is not
/// received after, and nobody goes on waiting for what is gone.
struct Rebind {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            static_cast<void>(box.send(tag, Message{1}));
        } else if (index == 1) {
            const std::string_view names[] = {"other", "t"};
            box.rebind(names);
        } else {
            Message out;
            if (box.try_receive(tag, out) == Box::Popped::kEmpty) {
                typename Box::Wait wait{box, tag.era, 1};
                if (box.tags().era() == tag.era && !box.ready(1)) {
                    const Waited waited =
                        wait.park(compat::kForever, Interrupts::kIgnore);
                    CHECK(waited == Waited::kSignalled);
                }
            }
        }
    }
    void after() {
        const Binding other = *box.resolve(TagName{"other"});
        const Binding same = *box.resolve(TagName{"t"});
        CHECK(other.queue == 0 && same.queue == 1);
        Message out;
        CHECK(box.try_receive(other, out) == Box::Popped::kEmpty);
        send(box, other, 7);
        CHECK(box.try_receive(other, out) == Box::Popped::kItem && out.value() == 7);
    }

    Box box;
    Binding tag = warm_up(box, "t");
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Senders>("senders"), test::scenario<GivesUp>("gives up"),
         test::scenario<OneEach>("one each"), test::scenario<Rebind>("rebind")});
}
