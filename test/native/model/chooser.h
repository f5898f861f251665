#pragma once

#include "harness.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace boc::model {

/// Who runs next, as the seed says, in one of three manners: anybody at every step;
/// mostly the same thread, with a change now and then; or by priorities that change at
/// a few points ("A Randomized Scheduler with Probabilistic Guarantees of Finding
/// Bugs", ASPLOS 2010), which finds what needs one thread to be held up for long.
class Chooser {
public:
    Chooser(unsigned threads, std::uint64_t seed)
        : random_{seed}, manner_{static_cast<Manner>(seed % 3)} {
        for (unsigned index = 0; index < threads; ++index) {
            priorities_.push_back(static_cast<int>(threads - index));
        }
        for (unsigned index = threads; index > 1; --index) { // a random order
            std::swap(priorities_[index - 1], priorities_[random_.below(index)]);
        }
        const std::uint32_t length = 16U << random_.below(6);
        for (unsigned left = 1 + random_.below(4); left != 0; --left) {
            changes_.push_back(random_.below(length));
        }
    }

    /// The thread is about to take a step.
    void step(unsigned thread) {
        if (std::find(changes_.begin(), changes_.end(), steps_++) != changes_.end()) {
            demote(thread);
        }
    }
    /// The thread has nothing to do before others have run.
    void demote(unsigned thread) {
        priorities_[thread] = --lowest_;
        paused_ = static_cast<int>(thread);
    }

    /// One of `ready`; `current` is the one that runs, or -1.
    unsigned choose(const std::vector<unsigned>& ready, int current) {
        const int paused = paused_;
        paused_ = -1;
        if (ready.size() == 1) {
            return ready[0];
        }
        if (manner_ == kByPriority) {
            return *std::max_element(ready.begin(), ready.end(), [&](auto a, auto b) {
                return priorities_[a] < priorities_[b];
            });
        }
        if (manner_ == kSeldom && current >= 0 && current != paused && below(12) != 0) {
            return static_cast<unsigned>(current);
        }
        unsigned chosen = ready[below(ready.size())];
        while (static_cast<int>(chosen) == paused) {
            chosen = ready[below(ready.size())];
        }
        return chosen;
    }

    std::uint32_t below(std::size_t limit) {
        return random_.below(static_cast<std::uint32_t>(limit));
    }

private:
    enum Manner : std::uint8_t { kAnybody, kSeldom, kByPriority };

    test::Random random_;
    Manner manner_;
    std::vector<int> priorities_;
    std::vector<std::uint32_t> changes_;
    std::uint32_t steps_ = 0;
    int lowest_ = 0;
    int paused_ = -1;
};

} // namespace boc::model
