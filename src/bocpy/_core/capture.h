#pragma once

#include "parcel.h"
#include "plan.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

namespace boc {

/// What is known of one code object in the interpreter it belongs to.
struct Known {
    py::Ref code;
    PyObject* globals; ///< of the function that was described; compared, never touched
    const Plan* plan;
    std::vector<py::Ref> kwonly; ///< names, interned
    std::vector<py::Ref> global_names;
};

/// The plans of the functions that an interpreter has scheduled, by code object.
///
///   epoch_   all   PC1: moves on before an entry is freed, so that what a thread
///                  remembers by address is never that of a former entry
class PlanCache {
public:
    /// The plan of `function` if this thread found it before and it captures nothing
    /// but defaults; or null.
    [[nodiscard]] static const Plan* recall(PyObject* function) noexcept;
    /// What is known of `function`, described if it is new; throws what is wrong with
    /// it.
    [[nodiscard]] std::shared_ptr<const Known> find(PyObject* function);
    /// Forgets all: another start may describe a function differently.
    void clear() noexcept;

private:
    std::shared_ptr<const Known> describe(PyObject* function);

    /// What a thread remembers of one code object.
    struct Memo {
        PyObject* code;
        PyObject* globals;
        const Plan* plan;
        std::uint64_t epoch;
    };

    static constexpr std::size_t kMost = 4096; ///< then it starts afresh
    static constexpr std::size_t kMemos = 8;
    using Memos = std::array<Memo, kMemos>;

    /// Null if there is no memory for it.
    static Memo* memo_of(PyObject* code) noexcept;
    static void remember(const Known& known) noexcept;

    static inline std::atomic<std::uint64_t> epoch_{1};

    std::mutex mutex_;
    std::unordered_map<PyObject*, std::shared_ptr<const Known>> known_;
};

/// The plain function below decorators and wrappers.
[[nodiscard]] py::Ref plain_function(PyObject* callable);

/// How many captured values a call of `function` over `cowns` arguments carries.
[[nodiscard]] std::size_t count_captures(const Plan& plan, PyObject* function,
                                         Py_ssize_t cowns);

/// Takes the captured values of `function` as they are now, in the order of its plan.
void capture(const Known& known, PyObject* function, std::span<Parcel> out);
/// Only those that are not positional parameters.
void capture_implicit(const Known& known, PyObject* function, std::span<Parcel> out);

} // namespace boc
