#pragma once

#include "census.h"
#include "cown.h"
#include "request.h"
#include "sched/waiter.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace boc {

class Plan;
class Site;

/// One parameter of a body: a cown, or a group of them that arrives as a list.
struct Position {
    std::uint32_t count; ///< cowns it takes
    bool group;
};

/// A body that waits for its cowns, runs once, and passes them on.
///
/// One block of memory holds the behavior, its result cown, and behind them its
/// requests, the cowns in the order of the parameters, the parameters, and the captured
/// values.
///
///   refs_      B1: its maker, the schedule and each capsule hold a count. At 0 it lets
///                  go of its result; the block goes with its own result cown
///   grip_      B5: who drives a behavior by hand takes it by CAS (acquire) for each
///                  step and puts it back (release). One that the schedule has, or that
///                  has let go, is in nobody's hand
class Behavior : public sched::Waiter, InCensus<Counted::kBehavior> {
public:
    /// A behavior over `cowns`, in the order of the parameters; its captures are yet to
    /// be filled in. `result` is a cown that exists already, or null for one of its
    /// own.
    [[nodiscard]] static Behavior* create(std::span<Cown* const> cowns,
                                          std::span<const Position> positions,
                                          std::size_t captures, CownPtr result = {});
    Behavior(const Behavior&) = delete;
    Behavior& operator=(const Behavior&) = delete;

    void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); } // B1
    void drop() noexcept {
        if (unshared() || refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) { // B1
            destroy();
        }
    }

    void set_plan(const Plan* plan) noexcept { plan_ = plan; }
    void set_site(const Site* site) noexcept { site_ = site; }
    void set_thunk(std::string name) { thunk_ = std::move(name); }
    [[nodiscard]] Cown* result() const noexcept { return result_; }
    /// A count of the result of a behavior that nobody else has seen yet.
    [[nodiscard]] CownPtr share_new_result() noexcept {
        result_->retain_alone();
        return CownPtr::adopt(result_);
    }
    [[nodiscard]] std::span<Parcel> captures() noexcept {
        return {captures_, n_captures_};
    }
    [[nodiscard]] std::span<Cown* const> cowns() const noexcept {
        return {cowns_, n_cowns_};
    }
    [[nodiscard]] std::span<const Position> positions() const noexcept {
        return {positions_, n_positions_};
    }
    [[nodiscard]] const Plan* plan() const noexcept { return plan_; }
    /// Where it was scheduled, or null.
    [[nodiscard]] const Site* site() const noexcept { return site_; }
    [[nodiscard]] const std::string& thunk() const noexcept { return thunk_; }
    /// Name, file and line of the body, or the name of a thunk; for readers.
    [[nodiscard]] std::string label() const;
    /// What the body calls one of its cowns.
    [[nodiscard]] std::string name_of(const Cown* cown) const;
    /// One per distinct cown, without a result of its own.
    [[nodiscard]] std::span<const Request> requests() const noexcept {
        return {requests_, n_requests_};
    }
    /// What waits for the result, if that is its own.
    [[nodiscard]] const Request& result_request() const noexcept {
        return own_request_;
    }

    /// Takes its place in the queue of every cown, and is dispatched once it is first
    /// in all of them. The caller holds the terminator and gives one count to the
    /// schedule. False if no runtime is there to run it: nothing has happened.
    [[nodiscard]] bool schedule() noexcept;

    // For callers that drive a behavior by hand. B5

    /// Whether it is in nobody's hand.
    [[nodiscard]] bool loose() const noexcept {
        return grip_.load(std::memory_order_acquire) == Grip::kNone;
    }
    /// Takes it for one step; false if it is not in the caller's hand, or in use.
    [[nodiscard]] bool take_up() noexcept {
        Grip seen = Grip::kHand;
        return grip_.compare_exchange_strong(
            seen, Grip::kStep, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void put_back() noexcept { grip_.store(Grip::kHand, std::memory_order_release); }
    void let_loose() noexcept { grip_.store(Grip::kNone, std::memory_order_release); }

    // The steps of a run, of a Seat and of those callers.
    void acquire_cowns();
    /// Answers with the error of the first parameter whose value could not be packed,
    /// or null.
    py::Ref release_cowns();
    /// Passes every cown on to its next behavior; nothing if that has happened.
    void unlink() noexcept;
    /// Stores what the body answered or raised.
    void settle(py::Ref value, bool raised);
    /// Gives up what only the run needed: a result cown may keep the block for long.
    void let_go() noexcept;
    /// Gives up what was scheduled but will never run: its result tells `error`.
    void abandon(py::Ref error);
    /// Frees the block of a result cown that has died.
    static void free_block(Behavior* behavior) noexcept;

private:
    enum class Grip : std::uint8_t { kNone, kHand, kStep };

    Behavior() = default;
    ~Behavior() = default;
    void destroy() noexcept;
    /// Whether the caller's count is the only one: nobody else can get any.
    [[nodiscard]] bool unshared() const noexcept {
        return refs_.load(std::memory_order_acquire) == 1; // B1
    }
    void add_requests(std::span<Cown*> scratch) noexcept;
    void dispatch() noexcept {
        if (pinned_) [[unlikely]] {
            dispatch_to_main();
        } else {
            dispatch_to_worker();
        }
    }
    [[gnu::noinline]] void dispatch_to_main() noexcept;
    void dispatch_to_worker() noexcept;
    /// Nobody takes it: it will never run.
    [[gnu::noinline]] void give_up() noexcept;
    [[nodiscard]] bool result_unseen() const noexcept;

    std::atomic<std::int32_t> refs_{1};
    std::uint32_t n_requests_ = 0;
    std::uint32_t n_cowns_ = 0;
    std::uint32_t n_positions_ = 0;
    std::uint32_t n_captures_ = 0;
    std::uint32_t size_ = 0; ///< of the whole block
    std::atomic<Grip> grip_{Grip::kNone};
    bool pinned_ = false; ///< to the primary interpreter
    const Plan* plan_ = nullptr;
    const Site* site_ = nullptr;
    Request* requests_ = nullptr;
    Cown** cowns_ = nullptr;
    Position* positions_ = nullptr;
    Parcel* captures_ = nullptr;
    Cown* result_ = nullptr;
    std::string thunk_;
    Cown own_result_;
    Request own_request_{&own_result_}; ///< of the own result
};

struct DropBehavior {
    void operator()(Behavior* behavior) const noexcept { behavior->drop(); }
};

/// One count of a behavior.
using BehaviorPtr = std::unique_ptr<Behavior, DropBehavior>;

} // namespace boc
