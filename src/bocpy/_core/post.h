#pragma once

#include "compat.h"

#include <atomic>
#include <cstdint>
#include <functional>

namespace boc {

class Behavior;

/// Where a worker thread tells what it does, as long as it lives; or a thread that
/// pumps, as long as it does.
///
///   shown_   the worker   PO1: the behavior that runs, from before its cowns are
///                         acquired until before they are passed on; read by who holds
///                         a Look
///   since_   the worker   PO2: when that began, or the phase; stored before shown_
///   phase_, worker_       PO3: rarely written, read for reports
class Post {
public:
    enum class Phase : std::uint8_t { kStarting, kServing, kEnding, kPumping };

    Post();
    ~Post();
    Post(const Post&) = delete;
    Post& operator=(const Post&) = delete;

    /// The worker takes behaviors, as the calling thread's slot.
    void serve() noexcept;
    /// The calling thread is no worker, but runs pinned behaviors.
    void pump() noexcept {
        phase_.store(Phase::kPumping, std::memory_order_relaxed); // PO3
    }
    void end() noexcept {
        since_.store(compat::coarse_ns(), std::memory_order_relaxed); // PO2
        phase_.store(Phase::kEnding, std::memory_order_relaxed);      // PO3
    }

    void show(const Behavior& behavior) noexcept {
        since_.store(compat::coarse_ns(), std::memory_order_relaxed); // PO2
        shown_.store(&behavior, std::memory_order_release);           // PO1
    }
    void hide() noexcept { shown_.store(nullptr, std::memory_order_release); } // PO1

    [[nodiscard]] const Behavior* shown() const noexcept {
        return shown_.load(std::memory_order_acquire); // PO1
    }
    [[nodiscard]] std::uint64_t since() const noexcept {
        return since_.load(std::memory_order_relaxed); // PO2
    }
    [[nodiscard]] Phase phase() const noexcept {
        return phase_.load(std::memory_order_relaxed); // PO3
    }
    /// Slot of the worker; -1 while it starts, and of a thread that is none.
    [[nodiscard]] int worker() const noexcept {
        return worker_.load(std::memory_order_relaxed); // PO3
    }
    [[nodiscard]] compat::ThreadId thread() const noexcept { return thread_; }

    /// Calls `see` for each post of this process; none of them ends meanwhile.
    static void visit(const std::function<void(const Post&)>& see);

    /// In the child of a fork: the stacks where the posts are belong to nobody.
    static void forget_all();

private:
    std::atomic<const Behavior*> shown_{nullptr};
    std::atomic<std::uint64_t> since_{compat::coarse_ns()};
    std::atomic<Phase> phase_{Phase::kStarting};
    std::atomic<int> worker_{-1};
    compat::ThreadId thread_ = compat::this_thread();
    std::int64_t process_ = compat::process_id();
};

} // namespace boc
