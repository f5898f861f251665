#include "post.h"

#include "sched.h"

#include <mutex>
#include <new>
#include <vector>

namespace boc {

namespace {

/// Every post of the process; guarded by `mutex`.
struct Posts {
    std::mutex mutex;
    std::vector<const Post*> all;
};

Posts& posts() noexcept {
    static auto* const known = new Posts; // outlives every thread
    return *known;
}

} // namespace

Post::Post() {
    const std::scoped_lock lock{posts().mutex};
    posts().all.push_back(this);
}

Post::~Post() {
    const std::scoped_lock lock{posts().mutex};
    std::erase(posts().all, this);
}

void Post::serve() noexcept {
    worker_.store(sched::Scheduler::worker_index(), std::memory_order_relaxed); // PO3
    phase_.store(Phase::kServing, std::memory_order_relaxed);                   // PO3
}

void Post::visit(const std::function<void(const Post&)>& see) {
    const std::int64_t me = compat::process_id();
    const std::scoped_lock lock{posts().mutex};
    for (const Post* const post : posts().all) {
        if (post->process_ == me) {
            see(*post);
        }
    }
}

void Post::forget_all() {
    ::new (static_cast<void*>(&posts())) Posts; // a thread may have held the mutex
}

} // namespace boc
