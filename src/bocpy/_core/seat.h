#pragma once

#include "behavior.h"
#include "plan.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace boc {

struct Bound;

/// The place of one worker thread: the functions it has bound, and how it calls a body.
///
///   running_   written by the worker   K1: the plan of the body that runs,
///   Plan::nameless()
///                                      for one without, null between bodies
class Seat {
public:
    Seat();
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

    /// Calls the body of a behavior whose cowns are acquired.
    [[nodiscard]] py::Ref call(Behavior& behavior);

    /// Calls `callable` with the cowns of a behavior, then all it captured.
    [[nodiscard]] static py::Ref call_with_captures(Behavior& behavior,
                                                    PyObject* callable);

    /// Runs behaviors until the runtime asks this worker to stop.
    void work();

    /// What the body that runs in each busy worker is called.
    [[nodiscard]] static std::vector<std::string> running();

private:
    Bound& bind(const Plan& plan);
    py::Ref call_plan(Behavior& behavior, const Plan& plan);
    static py::Ref call_thunk(Behavior& behavior);

    std::vector<std::unique_ptr<Bound>> bounds_; ///< by the plan's id
    std::atomic<const Plan*> running_{nullptr};
};

/// The arguments of one call of a body. Its capsules are lent: the behavior holds the
/// counts, and must outlive this.
class Arguments {
public:
    explicit Arguments(std::size_t count) : slots_{few_} {
        if (count + 1 > kSmall) [[unlikely]] {
            many_ = std::make_unique<PyObject*[]>(count + 1);
            slots_ = many_.get();
        }
    }
    ~Arguments();
    Arguments(const Arguments&) = delete;
    Arguments& operator=(const Arguments&) = delete;

    /// Adds the cowns of a behavior as its body gets them: capsules, and lists of
    /// those.
    void add_cowns(const Behavior& behavior);
    void add(py::Ref value) noexcept { slots_[1 + size_++] = value.release(); }
    /// Calls `callable`; the last `keywords` values are named by `names`.
    [[nodiscard]] py::Ref call(PyObject* callable, PyObject* names = nullptr) const;

private:
    static constexpr std::size_t kSmall = 12;

    void add_group(Cown* const* cowns, std::size_t count);

    std::size_t size_ = 0;
    std::size_t positions_ = 0; ///< those filled by cowns
    PyObject* few_[kSmall];
    std::unique_ptr<PyObject*[]> many_;
    PyObject** slots_; ///< slot 0 is scratch for the callee
};

} // namespace boc
