// What workers show while others look at it: whole, theirs, and not freed meanwhile.

#include "post.h"

#include "harness.h"
#include "look.h"

#include <atomic>
#include <memory>

using namespace boc;

// The class that a post points to stands for itself here.
namespace boc {

class Behavior {
public:
    explicit Behavior(compat::ThreadId by) noexcept : owner{by} {}
    ~Behavior() { alive = false; }

    compat::ThreadId owner;
    bool alive = true;
};

} // namespace boc

namespace {

/// Shows one behavior after the other, and frees each when it is hidden.
void work(std::atomic<int>& running) {
    {
        Post post;
        post.serve();
        for (int left = test::repeat(20'000); left != 0; --left) {
            const auto behavior = std::make_unique<Behavior>(compat::this_thread());
            post.show(*behavior);
            post.hide();
            Look::pass();
        }
        post.end();
    }
    running.fetch_sub(1, std::memory_order_release);
}

void looks_see_whole_behaviors_of_their_threads() {
    constexpr int kWorkers = 3;
    std::atomic<int> running{kWorkers};
    test::Threads threads;
    for (int index = 0; index < kWorkers; ++index) {
        threads.add([&running] { work(running); });
    }
    while (running.load(std::memory_order_acquire) != 0) {
        Post::visit([](const Post& post) {
            const Look look;
            const Behavior* const shown = post.shown();
            CHECK(shown == nullptr || shown->alive);
            CHECK(shown == nullptr || shown->owner == post.thread());
            CHECK(post.since() <= compat::coarse_ns());
        });
    }
    threads.join();
    int left = 0;
    Post::visit([&left](const Post&) { ++left; });
    CHECK(left == 0);
}

} // namespace

int main() {
    looks_see_whole_behaviors_of_their_threads();
    return 0;
}
