#pragma once

#include "py/version.h"

#include <unordered_set>

namespace boc {

/// The large dicts of one interpreter that are known to hold nothing but constants:
/// CPython reports each change of them (PyDict_Watch), so they are not searched again.
/// Knows none where dicts cannot be watched, or where threads change them unseen.
class FlatDicts {
public:
    FlatDicts() = default;
    FlatDicts(const FlatDicts&) = delete;
    FlatDicts& operator=(const FlatDicts&) = delete;
    ~FlatDicts() = default;

    [[nodiscard]] bool contains(PyObject* dict) const noexcept {
        return !known_.empty() && known_.contains(dict);
    }
    /// `dict` was searched. It is forgotten as soon as it gets anything else.
    void add(PyObject* dict) noexcept;
    void remove(PyObject* dict) noexcept { known_.erase(dict); }
    /// The interpreter is about to end.
    void close() noexcept;
    /// The interpreter is gone, and its watcher with it.
    void forget() noexcept {
        known_.clear();
        watcher_ = kNotYet;
    }

private:
    static constexpr int kNever = -2; ///< the interpreter has no watcher left
    static constexpr int kNotYet = -1;
    static constexpr Py_ssize_t kLarge = 64;

    std::unordered_set<PyObject*> known_;
    int watcher_ = kNotYet;
};

} // namespace boc
