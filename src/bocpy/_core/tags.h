#pragma once

#include "atomic.h"
#include "compat.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace boc {

/// Queues there are for messages, hence tags that may be bound at a time.
inline constexpr std::size_t kTags = 16;

/// A UTF-8 name as the words that the table compares: its length, then its bytes.
class TagName {
public:
    explicit TagName(std::string_view text) noexcept;

    static constexpr std::size_t kWords = 8;

    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    /// Words in use; 0 for a name that does not fit.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::uint64_t operator[](std::size_t i) const noexcept {
        return words_[i];
    }

private:
    std::array<std::uint64_t, kWords> words_;
    std::size_t size_;
    std::string_view text_;
};

/// From one era of the tag table to the next; the odd numbers between are not eras.
inline constexpr std::uint32_t kEraStep = 2;

/// The queue that a tag stands for during one era of the table.
struct Binding {
    std::uint32_t era = 0;
    std::uint32_t queue = 0;
};

/// Which tag is bound to which queue. A tag is bound at first use and stays so until
/// the era ends, which unbinds all.
///
///   words_   written under mutex_   TT1: a look may miss what is bound, which the
///   count_   written under mutex_        mutex then finds; what it finds is whole
///   era_     written under mutex_   TT2: odd while the table is rewritten; a reader
///                                        whose era is still there at the end read one
///                                        era only
///   names_   plain data             TT3: under mutex_
class TagTable {
public:
    /// The queue bound to `name`, without a lock; may miss one that is bound.
    [[nodiscard]] std::optional<Binding> find(const TagName& name) const noexcept;
    /// The queue bound to `name`, binding a free one if need be; nothing if none is
    /// free.
    [[nodiscard]] std::optional<Binding> bind(const TagName& name);
    /// Ends the era: binds `names` to the first queues and frees the others. Answers
    /// with the new era. Requires at most kTags names.
    std::uint32_t rebind(std::span<const std::string_view> names);

    [[nodiscard]] std::uint32_t era() const noexcept {
        return era_.load(std::memory_order_acquire); // TT2
    }
    /// The names of the queues in use, in order.
    [[nodiscard]] std::size_t names(std::span<std::string, kTags> out) const;

private:
    struct alignas(compat::kCacheLine) Words {
        std::array<Atomic<std::uint64_t>, TagName::kWords> word{};
    };

    [[nodiscard]] bool matches(std::size_t queue, const TagName& name) const noexcept;
    void append(std::size_t queue, const TagName& name, std::string text) noexcept;

    alignas(compat::kCacheLine) Atomic<std::uint32_t> era_{0};
    Atomic<std::uint32_t> count_{0};
    std::array<Words, kTags> words_{};
    mutable Mutex mutex_;
    std::array<std::string, kTags> names_;
};

} // namespace boc
