// Blocks that one thread takes and another gives back.

#include "block_pool.h"

#include "harness.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <vector>

using namespace boc;

namespace {

/// What the user of a block writes into all of it.
struct Block {
    std::size_t size;
    std::uint32_t number;

    static Block* take(std::size_t size, std::uint32_t number) {
        void* const raw = BlockPool::take(size);
        CHECK(reinterpret_cast<std::uintptr_t>(raw) % alignof(std::max_align_t) == 0);
        std::memset(raw, static_cast<int>(number & 0xFF), size);
        return new (raw) Block{size, number};
    }
    void give() {
        const auto* const bytes = reinterpret_cast<const unsigned char*>(this);
        const auto mark = static_cast<unsigned char>(number & 0xFF);
        const bool intact =
            std::all_of(bytes + sizeof(Block), bytes + size,
                        [mark](unsigned char at) { return at == mark; });
        CHECK(intact);
        BlockPool::give(this, size);
    }
};

/// Every size up to beyond the largest, none shared by two users.
void blocks_are_distinct() {
    std::vector<Block*> taken;
    for (int round = 0; round < 3; ++round) {
        for (std::size_t size = sizeof(Block); size < BlockPool::kLargest + 200;
             size += 7) {
            for (int copy = 0; copy < 50; ++copy) {
                taken.push_back(Block::take(size, test::Random{size}.below(1000)));
            }
        }
        for (Block* const block : taken) {
            block->give();
        }
        taken.clear();
    }
}

/// Threads come and go; each gives back what others took.
void blocks_change_hands() {
    test::Random seeds{test::seed()};
    std::mutex mutex;
    std::vector<Block*> pile;
    for (int wave = 0; wave < 4; ++wave) {
        test::Threads threads;
        for (int index = 0; index < 3; ++index) {
            threads.add([&, seed = seeds.below(1'000'000)] {
                test::Random random{seed};
                const int steps = test::repeat(40'000);
                for (int step = 0; step < steps; ++step) {
                    Block* mine = nullptr;
                    if (random.below(2) == 0) {
                        mine = Block::take(sizeof(Block) + random.below(900),
                                           random.below(1000));
                    }
                    const std::scoped_lock lock{mutex};
                    if (mine != nullptr) {
                        pile.push_back(mine);
                    } else if (!pile.empty()) {
                        std::swap(pile.back(),
                                  pile[random.below(
                                      static_cast<std::uint32_t>(pile.size()))]);
                        pile.back()->give();
                        pile.pop_back();
                    }
                }
            });
        }
    }
    for (Block* const block : pile) {
        block->give();
    }
}

} // namespace

int main() {
    blocks_are_distinct();
    blocks_change_hands();
}
