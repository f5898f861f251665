#pragma once

#include "compat.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace boc {

/// What is counted while it lives.
enum class Counted : std::uint8_t {
    kBehavior,
    kCown, ///< but for the results that lie in their behaviors
    kParcel,
    kNotice,
    kReturn,
    kPinnedCown, ///< those of the cowns that are
};
inline constexpr std::size_t kCountedKinds = 6;

/// What one thread counts.
struct alignas(compat::kCacheLine) CensusSheet {
    std::array<std::atomic<std::int64_t>, kCountedKinds> counts{};
    std::atomic<bool> taken{true};
    CensusSheet* next = nullptr; ///< written before it is published
};

/// How many things of each kind the process has.
///
///   counts   of a sheet: its thread   G1: each thread writes a sheet of its own, by
///                                     load and store, so counting shares no cache line
///   taken    of a sheet: all          G2: taking it (acquire) pairs with the release
///                                     of the thread that used it before; its counts
///                                     stay
///   G3: who has no sheet, for want of memory or because its thread is ending, counts
///       in the common one, by fetch_add
class Census {
public:
    [[gnu::always_inline]] static void add(Counted kind, std::int64_t change) noexcept {
        if (Sheet* const mine = mine_) [[likely]] {
            auto& count = mine->counts[static_cast<std::size_t>(kind)];
            count.store(count.load(std::memory_order_relaxed) + change,
                        std::memory_order_relaxed); // G1
        } else {
            add_slowly(kind, change);
        }
    }
    /// Exact once the threads that counted have been waited for.
    [[nodiscard]] static std::int64_t total(Counted kind) noexcept;

private:
    friend struct SheetUse;
    using Sheet = CensusSheet;

    static void add_slowly(Counted kind, std::int64_t change) noexcept;
    [[nodiscard]] static Sheet* take_sheet() noexcept;
    static void leave_sheet() noexcept;

    static inline BOC_THREAD_LOCAL Sheet* mine_ = nullptr;
    static inline constinit Sheet common_{};
    static inline std::atomic<Sheet*> sheets_{nullptr}; ///< G2; none is ever freed
};

/// Base of a class whose objects are counted.
template <Counted kind>
class InCensus {
public:
    InCensus(const InCensus&) = delete;
    InCensus& operator=(const InCensus&) = delete;

protected:
    InCensus() noexcept { Census::add(kind, 1); }
    ~InCensus() { Census::add(kind, -1); }
};

} // namespace boc
