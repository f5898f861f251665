#include "storage.h"

#include "fault.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <new>

#if __has_include(<sys/mman.h>)
#    include <sys/mman.h>
#endif

namespace boc::math::storage {

namespace {

constexpr std::size_t kSmall = std::size_t{1} << 10U; ///< left to malloc's fast path
constexpr std::align_val_t kLine{64};
constexpr std::align_val_t kHugePage{std::size_t{1} << 21U};
constexpr std::size_t kLarge = std::size_t{1} << 15U; ///< kept for the next of its size
constexpr std::size_t kHuge = std::size_t{1} << 22U;  ///< asks for huge pages

constexpr std::align_val_t alignment(std::size_t bytes) noexcept {
    return bytes >= kHuge ? kHugePage : kLine;
}

// Huge pieces begin at different places of a page: a processor that compares only the
// low bits of addresses would take what is read of one for what was stored in another.
constexpr std::size_t kShade = 9 * std::size_t{64};
constexpr std::size_t kShades = 8;
static_assert(kShade * kShades > (1U << 12U), "all over a page");

/// What a piece for `bytes` takes: a last huge page that would be nearly full is made
/// whole, or its pages would be small ones.
constexpr std::size_t rounded(std::size_t bytes) noexcept {
    constexpr auto kPage = static_cast<std::size_t>(kHugePage);
    if (bytes < kHuge) {
        return bytes;
    }
    bytes += kShade * kShades;
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    return whole - bytes <= bytes / 8 ? whole : bytes;
}

/// `bytes` as `rounded` gives them, here and below.
void* allocate_new(std::size_t bytes) noexcept {
    void* const memory = ::operator new(bytes, alignment(bytes), std::nothrow);
    if (memory == nullptr || bytes < kHuge) {
        return memory;
    }
#if defined(MADV_HUGEPAGE)
    static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE)); // only advice
#endif
    static std::atomic<std::size_t> next{0};
    const std::size_t shade = next.fetch_add(1, std::memory_order_relaxed) % kShades;
    return static_cast<char*>(memory) + shade * kShade;
}

void free_now(void* memory, std::size_t bytes) noexcept {
    if (bytes >= kHuge) {
        const auto at = reinterpret_cast<std::uintptr_t>(memory);
        memory = static_cast<char*>(memory) - at % static_cast<std::size_t>(kHugePage);
    }
    ::operator delete(memory, alignment(bytes));
}

/// The last few large pieces given back: their pages are mapped and warm. The mutex
/// guards all fields; whoever finds it taken goes without, so nobody waits, not even
/// the child of a fork whose parent held it.
class Shelf {
public:
    Shelf() noexcept = default;
    Shelf(const Shelf&) = delete;
    Shelf& operator=(const Shelf&) = delete;
    ~Shelf() = delete;

    /// The kept piece of exactly this size that was given back last, or null.
    void* take(std::size_t bytes) noexcept {
        const std::unique_lock lock{mutex_, std::try_to_lock};
        if (!lock) {
            return nullptr;
        }
        for (std::size_t i = count_; i-- > 0;) {
            if (pieces_[i].bytes == bytes) {
                return remove(i).memory;
            }
        }
        return nullptr;
    }

    /// Keeps a piece; returns what had to leave for it: the oldest, or the piece
    /// itself.
    struct Piece {
        void* memory = nullptr;
        std::size_t bytes = 0;
    };
    Piece put(Piece piece) noexcept {
        const std::unique_lock lock{mutex_, std::try_to_lock};
        if (!lock) {
            return piece;
        }
        Piece leaving;
        if (count_ == pieces_.size() || total_ + piece.bytes > kMost) {
            if (count_ == 0 || total_ - pieces_[0].bytes + piece.bytes > kMost) {
                return piece;
            }
            leaving = remove(0);
        }
        pieces_[count_++] = piece;
        total_ += piece.bytes;
        return leaving;
    }

private:
    static constexpr std::size_t kMost = std::size_t{1} << 25U;

    Piece remove(std::size_t index) noexcept {
        const Piece removed = pieces_[index];
        --count_;
        for (std::size_t i = index; i < count_; ++i) {
            pieces_[i] = pieces_[i + 1];
        }
        total_ -= removed.bytes;
        return removed;
    }

    std::mutex mutex_;
    std::array<Piece, 8> pieces_{}; ///< the first `count_`, oldest first
    std::size_t count_ = 0;
    std::size_t total_ = 0;
};

/// Never destroyed: blocks may die after the static objects of the process.
Shelf& shelf() noexcept {
    static auto* const only = new Shelf;
    return *only;
}

} // namespace

void* allocate(std::size_t bytes) noexcept {
    if (fault::strikes(fault::Point::kMemory)) {
        return nullptr;
    }
    if (bytes < kSmall) {
        return std::malloc(bytes);
    }
    bytes = rounded(bytes);
    if (bytes >= kLarge) {
        if (void* const kept = shelf().take(bytes); kept != nullptr) {
            return kept;
        }
    }
    return allocate_new(bytes);
}

void free(void* memory, std::size_t bytes) noexcept {
    if (bytes < kSmall) {
        std::free(memory);
        return;
    }
    if (bytes < kLarge) {
        free_now(memory, bytes);
        return;
    }
    const Shelf::Piece leaving = shelf().put({memory, rounded(bytes)});
    if (leaving.memory != nullptr) {
        free_now(leaving.memory, leaving.bytes);
    }
}

} // namespace boc::math::storage
