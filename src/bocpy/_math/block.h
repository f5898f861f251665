#pragma once

#include "kernels.h"
#include "shape.h"
#include "token.h"

#include <atomic>
#include <utility>

namespace boc::math {

/// The storage of a matrix: row-major doubles that no interpreter owns by memory, only
/// by token. Several handles, in several interpreters, may point to one block.
///
///   owner_     written by all   B1: depart (release) pairs with arrive (acquire); only
///   the
///                               owner reads or writes the numbers
///   refs_      written by all   B2: the last release frees (acq_rel)
///   exports_   owner only       B3: no departure and no transposition while above zero
///   flipped_   owner only       B4: one word for both dimensions, so that a racing
///   reader
///                               never sees a shape larger than the storage
///   form_      written by all   B5: who turns kMask into kExpanding (acquire) writes
///                               the numbers, then stores kNumbers (release); data()
///                               loads (acquire). Nobody writes the bytes of a mask
///                               again, so reading them needs no order
class Block {
public:
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;

    /// Uninitialised numbers, one reference, owned by the caller.
    [[nodiscard]] static Block* make(Shape shape);
    /// The same for a mask: the caller writes its bytes before anybody sees the block,
    /// and the first `data` makes numbers of them.
    [[nodiscard]] static Block* make_mask(Shape shape);

    void acquire() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) { // B2
            destroy();
        }
    }

    [[nodiscard]] double* data() noexcept {
        if (form_.load(std::memory_order_acquire) != Form::kNumbers)
            [[unlikely]] { // B5
            expand();
        }
        return numbers();
    }
    /// The bytes of a mask that nobody has asked for its numbers, row-major as they;
    /// null for all other blocks.
    [[nodiscard]] MaskByte* mask() noexcept {
        const bool is_mask = form_.load(std::memory_order_relaxed) == Form::kMask; // B5
        return is_mask ? bytes() : nullptr;
    }
    [[nodiscard]] Shape shape() const noexcept {
        const bool flipped = flipped_.load(std::memory_order_relaxed); // B4
        return flipped ? made_.flipped() : made_;
    }
    [[nodiscard]] Index size() const noexcept { return made_.size(); }
    /// Exchanges the dimensions; the caller moves the numbers.
    void flip() noexcept {
        flipped_.store(!flipped_.load(std::memory_order_relaxed),
                       std::memory_order_relaxed);
    }

    [[nodiscard]] Token owner() const noexcept {
        return owner_.load(std::memory_order_acquire); // B1
    }
    /// Throws RuntimeError unless the caller owns the block, BufferError while
    /// exported.
    void depart();
    /// Throws RuntimeError if somebody owns the block.
    void arrive();
    /// Gives a block that rests back to `token`; does nothing if somebody owns it.
    void return_to(Token token) noexcept;

    void pin() noexcept { exports_.fetch_add(1, std::memory_order_relaxed); }
    void unpin() noexcept { exports_.fetch_sub(1, std::memory_order_release); }
    [[nodiscard]] bool pinned() const noexcept {
        return exports_.load(std::memory_order_acquire) != 0; // B3
    }
    /// Throws BufferError while a buffer of the block is in use.
    void forbid_exports(const char* what) const;

private:
    static constexpr std::size_t kHeader = 64;
    enum class Form : unsigned char { kNumbers, kMask, kExpanding };

    Block(Shape shape, Token owner, Form form) noexcept
        : owner_{owner}, made_{shape}, has_bytes_{form == Form::kMask}, form_{form} {}
    ~Block() = default;
    [[nodiscard]] static Block* make(Shape shape, Form form);
    void destroy() noexcept;

    [[nodiscard]] double* numbers() noexcept {
        return reinterpret_cast<double*>(reinterpret_cast<char*>(this) + kHeader);
    }
    [[nodiscard]] MaskByte* bytes() noexcept;
    void expand() noexcept;

    std::atomic<Token> owner_;
    std::atomic<Index> refs_{1};
    std::atomic<Index> exports_{0};
    Shape made_;
    std::atomic<bool> flipped_{false};
    bool has_bytes_; ///< room for them behind the numbers, whatever the form
    std::atomic<Form> form_;
};

/// RuntimeError that names the caller and the owner.
[[noreturn]] void raise_other_owner(Token owner);

/// A counted pointer to a block.
class BlockRef {
public:
    BlockRef() noexcept = default;
    BlockRef(BlockRef&& other) noexcept : block_{other.give()} {}
    BlockRef& operator=(BlockRef&& other) noexcept {
        const BlockRef old{std::exchange(block_, other.give())};
        return *this;
    }
    BlockRef(const BlockRef&) = delete;
    BlockRef& operator=(const BlockRef&) = delete;
    ~BlockRef() {
        if (block_ != nullptr) {
            block_->release();
        }
    }

    [[nodiscard]] static BlockRef adopt(Block* counted) noexcept {
        return BlockRef{counted};
    }
    [[nodiscard]] static BlockRef share(Block& block) noexcept {
        block.acquire();
        return BlockRef{&block};
    }

    [[nodiscard]] Block* give() noexcept { return std::exchange(block_, nullptr); }
    Block* operator->() const noexcept { return block_; }
    Block& operator*() const noexcept { return *block_; }

private:
    explicit BlockRef(Block* counted) noexcept : block_{counted} {}
    Block* block_ = nullptr;
};

} // namespace boc::math
