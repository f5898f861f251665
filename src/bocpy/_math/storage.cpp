#include "storage.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

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

void* allocate_new(std::size_t bytes) noexcept {
    void* const memory = ::operator new(bytes, alignment(bytes), std::nothrow);
#if defined(MADV_HUGEPAGE)
    if (memory != nullptr && bytes >= kHuge) {
        static_cast<void>(::madvise(memory, bytes, MADV_HUGEPAGE)); // only advice
    }
#endif
    return memory;
}

void free_now(void* memory, std::size_t bytes) noexcept {
    ::operator delete(memory, alignment(bytes));
}

/// The last few large pieces given back: their pages are mapped and warm. The mutex
/// guards all fields and is held for a few loads only.
class Shelf {
public:
    Shelf() noexcept = default;
    Shelf(const Shelf&) = delete;
    Shelf& operator=(const Shelf&) = delete;
    ~Shelf() {
        for (const Piece& piece : pieces_) {
            free_now(piece.memory, piece.bytes);
        }
    }

    /// A kept piece of exactly this size, or null.
    void* take(std::size_t bytes) noexcept {
        const std::scoped_lock lock{mutex_};
        const auto found =
            std::find_if(pieces_.begin(), pieces_.end(), [bytes](const Piece& piece) {
                return piece.memory != nullptr && piece.bytes == bytes;
            });
        if (found == pieces_.end()) {
            return nullptr;
        }
        total_ -= bytes;
        return std::exchange(found->memory, nullptr);
    }

    /// Keeps a piece; returns what had to leave for it.
    struct Piece {
        void* memory = nullptr;
        std::size_t bytes = 0;
    };
    Piece put(Piece piece) noexcept {
        const std::scoped_lock lock{mutex_};
        Piece& slot = pieces_[next_];
        const std::size_t freed = slot.memory != nullptr ? slot.bytes : 0;
        if (total_ - freed + piece.bytes > kMost) {
            return piece;
        }
        next_ = (next_ + 1) % pieces_.size();
        total_ += piece.bytes - freed;
        return std::exchange(slot, piece);
    }

private:
    static constexpr std::size_t kMost = std::size_t{1} << 25U;

    std::mutex mutex_;
    std::array<Piece, 8> pieces_{};
    std::size_t next_ = 0;
    std::size_t total_ = 0;
};

/// Never destroyed: blocks may die after the static objects of the process.
Shelf& shelf() noexcept {
    static auto* const only = new Shelf;
    return *only;
}

} // namespace

void* allocate(std::size_t bytes) noexcept {
    if (bytes < kSmall) {
        return std::malloc(bytes);
    }
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
    const Shelf::Piece leaving = shelf().put({memory, bytes});
    if (leaving.memory != nullptr) {
        free_now(leaving.memory, leaving.bytes);
    }
}

} // namespace boc::math::storage
