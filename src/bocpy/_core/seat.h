#pragma once

#include "behavior.h"
#include "plan.h"
#include "post.h"

#include <memory>
#include <string>
#include <vector>

namespace boc {

struct Bound;

/// The place of one thread that runs behaviors: the functions it has bound, and how it
/// calls a body.
class Seat {
public:
    /// Of a caller that drives behaviors by hand, and shows none.
    Seat() noexcept;
    explicit Seat(Post& post) noexcept;
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

    /// Shows from now on in `post`, or nowhere: it goes from thread to thread.
    void show_in(Post* post) noexcept { post_ = post; }

    /// What went wrong with one behavior; its result tells the same.
    struct Failure {
        py::Ref error;        ///< null if nothing did
        bool in_body = false; ///< not before
    };
    /// Runs one that is in the calling thread's hands, as a worker would.
    [[nodiscard]] Failure run_one(Behavior& behavior);

private:
    /// Runs the body, passes the cowns on, drops the schedule's count. Tells
    /// `told(error, in_body)` what was raised until then.
    template <typename Told>
    void run(Behavior& behavior, Told told);
    Bound& bind(const Plan& plan);
    py::Ref call_plan(Behavior& behavior, const Plan& plan);
    static py::Ref call_thunk(Behavior& behavior);

    Post* post_ = nullptr;                       ///< where it shows what runs
    std::vector<std::unique_ptr<Bound>> bounds_; ///< by the plan's id
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
