#pragma once

#include "py/ref.h"

#include <array>
#include <atomic>

namespace boc::bind {

/// Parts of the module that programs may replace for a while; `@when` goes through them
/// one by one then, and past them otherwise.
class Seams {
public:
    /// Remembers the parts of a complete module and watches for their replacement.
    explicit Seams(PyObject* module);
    ~Seams();
    Seams(const Seams&) = delete;
    Seams& operator=(const Seams&) = delete;

    [[nodiscard]] bool replaced() const noexcept {
#if BOC_HAS_DICT_WATCH
        return replaced_.load(std::memory_order_relaxed) != 0;
#else
        return look() != 0;
#endif
    }

    /// The originals refer to the module that owns them.
    int traverse(visitproc visit, void* arg) const;

private:
    static constexpr std::array kNames{"BehaviorCapsule", "terminator_inc",
                                       "terminator_dec"};

#if BOC_HAS_DICT_WATCH
    [[nodiscard]] static Seams* find(PyObject* names) noexcept;
    static int changed(PyDict_WatchEvent event, PyObject* names, PyObject* key,
                       PyObject* value);
    int watcher_ = -1;
#endif
    [[nodiscard]] unsigned look() const noexcept;

    void forget() noexcept;

    PyObject* names_; ///< of the module, which owns this
    std::array<py::Ref, kNames.size()> originals_;
    std::atomic<unsigned> replaced_{0}; ///< a bit for each part
};

} // namespace boc::bind
