#pragma once

#include "atomic.h"
#include "sched/crew.h"
#include "sched/stats.h"
#include "sched/work.h"

#include <cstdint>
#include <vector>

namespace boc::sched {

/// Who runs what: work is dispatched from any thread, workers take it out.
///
/// Worker slots are never freed, only put out of use: a thread may still be on its way
/// out of dispatch when the runtime that it served has ended.
///
///   incarnation_  start, stop   odd while running
///     S1: a dispatcher counts its item, then checks that the incarnation it chose a
///         worker in still runs (both seq_cst), then pushes; so a drain after stop
///         knows how many items to wait for
class Scheduler {
public:
    /// The one of the process.
    [[nodiscard]] static Scheduler& instance() noexcept;

    /// Makes worker slots ready for use; false without memory. What a former run left
    /// undrained is dropped; its workers must be gone. Without workers nothing runs.
    bool start(unsigned workers) noexcept;

    /// Puts the slots out of use; idempotent. Workers must be gone.
    void stop() noexcept;

    [[nodiscard]] bool running() const noexcept {
        return (incarnation_.load(std::memory_order_acquire) & 1) != 0;
    }
    [[nodiscard]] unsigned workers() const noexcept { return crew_.size(); }

    /// Makes the calling thread the next worker; -1 when every slot is taken. Work may
    /// be handed to it at once, so it goes on to take some.
    int register_worker() noexcept;
    /// Ends that; work still in its hands goes to its queue.
    void unregister_worker() noexcept;

    /// Whether the calling thread is a worker of the running incarnation.
    [[nodiscard]] static bool on_worker() noexcept { return worker_index() >= 0; }
    /// Slot of the calling thread, or -1.
    [[nodiscard]] static int worker_index() noexcept;

    /// Hands over work that is ready to run. False, and nothing done, when not running.
    bool dispatch(Work* work) noexcept;

    /// Worker: the next item, or nullptr if none is at hand; then wait_next must follow
    /// soon, as others leave searching to it.
    [[nodiscard]] Work* try_next() noexcept;
    /// Worker: the next item, sleeping for it; nullptr when asked to stop.
    [[nodiscard]] Work* wait_next() noexcept;
    /// Worker: asked to stop?
    [[nodiscard]] bool stopping() const noexcept;
    /// Worker: the running item is about to block; what it dispatched must not wait.
    void body_blocks() noexcept;

    /// Asks every worker to stop, and wakes it.
    void request_stop_all() noexcept;

    /// Everything dispatched and not handed out, linked through next. Once stopped, it
    /// also waits for dispatchers that are between their check and their push.
    [[nodiscard]] Work* drain() noexcept;

    /// One entry per worker; empty when not running.
    [[nodiscard]] std::vector<WorkerStats> stats() const;

private:
    bool dispatch_remote(Work* work) noexcept;
    [[nodiscard]] std::int64_t waiting() const noexcept;

    alignas(compat::kCacheLine) Atomic<std::uint64_t> incarnation_{0};
    Atomic<unsigned> registered_{0};
    std::int64_t drained_ = 0;
    Atomic<unsigned> cursors_{0}; ///< handed out; every thread starts elsewhere
    Crew crew_;
};

} // namespace boc::sched
