// Looking at what other threads are about to free.

#include "look.h"

#include "harness.h"

#include <array>
#include <atomic>
#include <thread>

using namespace boc;

namespace {

constexpr int kAlive = 7;

/// Stands for a behavior: it knows who waits for it.
struct Node {
    std::atomic<Node*> next{nullptr};
    int state = kAlive;
};

/// A worker: what it shows, and what the other one hands to it.
struct Stand {
    std::atomic<const Node*> shown{nullptr};
    std::atomic<Node*> inbox{nullptr};
};

std::array<Stand, 2> g_stands;

/// Takes a node, shows it while another lines up behind it, passes that on, frees it.
void work(std::size_t me, int rounds) {
    Stand& here = g_stands[me];
    for (int round = 0; round < rounds; ++round) {
        Node* node = nullptr;
        while ((node = here.inbox.exchange(nullptr, std::memory_order_acquire)) ==
               nullptr) {
            std::this_thread::yield();
        }
        here.shown.store(node, std::memory_order_release);
        auto* const successor = new Node;
        node->next.store(successor, std::memory_order_release);
        here.shown.store(nullptr, std::memory_order_release);
        g_stands[1 - me].inbox.store(successor, std::memory_order_release);
        Look::pass();
        node->state = 0;
        delete node;
    }
}

/// Counts the nodes that it could look at.
int look() {
    int seen = 0;
    for (const Stand& stand : g_stands) {
        const Look look;
        const Node* node = stand.shown.load(std::memory_order_acquire);
        for (int depth = 0; node != nullptr && depth < 4; ++depth) {
            CHECK(node->state == kAlive);
            ++seen;
            node = node->next.load(std::memory_order_acquire);
        }
    }
    return seen;
}

void what_a_look_finds_is_alive() {
    const int rounds = test::repeat(5'000);
    std::atomic<bool> over{false};
    g_stands[0].inbox.store(new Node, std::memory_order_release);
    std::thread first{work, 0, rounds};
    std::thread second{work, 1, rounds};
    std::thread looker{[&over] {
        while (!over.load(std::memory_order_relaxed)) {
            static_cast<void>(look());
            std::this_thread::yield(); // or the others wait for their turn each round
        }
    }};
    first.join();
    second.join();
    over.store(true, std::memory_order_relaxed);
    looker.join();
    delete g_stands[0].inbox.load(std::memory_order_acquire);
}

void a_look_finds_what_is_shown_and_waits() {
    Node shown;
    Node waiting;
    shown.next.store(&waiting, std::memory_order_release);
    g_stands[0].shown.store(&shown, std::memory_order_release);
    CHECK(look() == 2);
    g_stands[0].shown.store(nullptr, std::memory_order_release);
    CHECK(look() == 0);
}

} // namespace

int main() {
    what_a_look_finds_is_alive();
    a_look_finds_what_is_shown_and_waits();
}
