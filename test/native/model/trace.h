#pragma once

#include "model.h"

#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <vector>

namespace boc::model {

/// The last steps of a schedule, for who has to understand it.
class Trace {
public:
    struct Step {
        unsigned thread;
        const char* what;
        const Word* word;
        std::uint64_t value; ///< before the step
        Site site;
    };

    void add(const Step& step) {
        if (steps_.size() < kKept) {
            steps_.push_back(step);
        } else {
            steps_[next_] = step;
            next_ = (next_ + 1) % kKept;
        }
    }
    void clear() {
        steps_.clear();
        next_ = 0;
    }
    void print() const {
        for (std::size_t i = 0; i < steps_.size(); ++i) {
            const Step& step = steps_[(next_ + i) % steps_.size()];
            const char* const slash = std::strrchr(step.site.file_name(), '/');
            std::fprintf(stderr, "thread %u  %-16s %p was %-#18" PRIx64 " %s:%u\n",
                         step.thread, step.what, static_cast<const void*>(step.word),
                         step.value,
                         slash != nullptr ? slash + 1 : step.site.file_name(),
                         static_cast<unsigned>(step.site.line()));
        }
    }

private:
    static constexpr std::size_t kKept = 120;

    std::vector<Step> steps_;
    std::size_t next_ = 0;
};

inline Trace trace;

} // namespace boc::model
