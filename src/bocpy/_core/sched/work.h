#pragma once

#include "atomic.h"

namespace boc::sched {

/// What the scheduler carries: a link, and nothing it would call. Whoever embeds it
/// keeps it alive from dispatch until a worker or a drain hands it out.
struct Work {
    Atomic<Work*> next{nullptr};
};

} // namespace boc::sched
