// Syncs: who has passed a barrier sees what was done before it.

#include "barriers.h"

#include "explore.h"

#include <chrono>

using namespace boc;
using test::Plain;

namespace {

/// One works off two barriers, each behind a piece of work; two wait for them.
struct Syncs {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index == 0) {
            for (unsigned i = 0; i < 2; ++i) {
                done[i].set(1);
                barriers.complete(numbers[i]);
            }
            return;
        }
        CHECK(barriers.wait_for(numbers[index - 1], compat::kForever,
                                Interrupts::kIgnore) == Waited::kSignalled);
        for (unsigned i = 0; i < index; ++i) {
            CHECK(done[i].get() == 1);
        }
    }
    void after() { CHECK(barriers.has_passed(numbers[1])); }

    Barriers barriers;
    std::int64_t numbers[2]{barriers.next(), barriers.next()};
    Plain done[2];
};

/// Two complete, the later number first or last; nothing goes back.
struct OutOfOrder {
    static constexpr unsigned kThreads = 3;

    void thread(unsigned index) {
        if (index < 2) {
            done[index].set(1);
            barriers.complete(numbers[index]);
            return;
        }
        const auto deadline = compat::now() + std::chrono::milliseconds{1};
        if (barriers.wait_for(numbers[1], deadline, Interrupts::kIgnore) ==
            Waited::kSignalled) {
            CHECK(done[1].get() == 1);
            CHECK(barriers.has_passed(numbers[0]));
        }
    }
    void after() {
        CHECK(barriers.has_passed(numbers[1]));
        barriers.complete(numbers[1] + 10); // nobody has it
        CHECK(!barriers.has_passed(numbers[1] + 1));
    }

    Barriers barriers;
    std::int64_t numbers[2]{barriers.next(), barriers.next()};
    Plain done[2];
};

} // namespace

int main() {
    return test::explore(
        {test::scenario<Syncs>("syncs"), test::scenario<OutOfOrder>("out of order")});
}
