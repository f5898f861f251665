#pragma once

#include "py/frame.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace boc {

/// The line that scheduled a behavior, outside every interpreter. One per place, never
/// freed.
class Site {
public:
    /// Throws py::ErrorSet for names that are not text.
    [[nodiscard]] static const Site* intern(PyCodeObject* code, int line);

    std::string file;
    std::string function;
    int line = 0;
};

/// The sites from which an interpreter has scheduled, by code object.
///
///   epoch_   all   SI1: moves on before a code object is let go, so that what a thread
///                  remembers by address is never that of a former one
class SiteCache {
public:
    /// The line of the Python code that called into the core; null if there is none, or
    /// no memory to note it.
    [[nodiscard]] static const Site* here() noexcept;
    /// The same for the innermost frame outside the module called `skipped`.
    [[nodiscard]] static const Site* outside(const char* skipped) noexcept;
    /// Lets go of all code objects.
    void clear() noexcept;

private:
    struct Memo {
        PyObject* code;
        const Site* site;
        std::uint64_t epoch;
        int offset;
    };
    static constexpr std::size_t kMemos = 8;
    using Memos = std::array<Memo, kMemos>;
    using Codes = std::unordered_map<PyObject*, py::Ref>;

    static constexpr std::size_t kMost = 4096; ///< then it starts afresh

    static const Site* look_up(py::Instruction at, Memo& memo) noexcept;
    const Site* find(py::Instruction at, Memo& memo);

    static inline std::atomic<std::uint64_t> epoch_{1};

    std::mutex mutex_;
    Codes codes_; ///< kept alive while a memo may name them
};

} // namespace boc
