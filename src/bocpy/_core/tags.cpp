#include "tags.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace boc {

namespace {

constexpr std::size_t kLongest = TagName::kWords * sizeof(std::uint64_t) - 1;

/// First word of a name that does not fit; the length byte of no other.
constexpr std::uint64_t kTooLong = ~std::uint64_t{0};

} // namespace

TagName::TagName(std::string_view text) noexcept : text_{text} {
    if (text.size() > kLongest) {
        size_ = 0;
        return;
    }
    size_ = text.size() / sizeof(std::uint64_t) + 1;
    words_[size_ - 1] = 0; // what the text does not fill
    auto* const bytes = reinterpret_cast<unsigned char*>(words_.data());
    bytes[0] = static_cast<unsigned char>(text.size());
    std::memcpy(bytes + 1, text.data(), text.size());
}

bool TagTable::matches(std::size_t queue, const TagName& name) const noexcept {
    const auto& word = words_[queue].word;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (word[i].load(std::memory_order_acquire) != name[i]) { // TT2
            return false;
        }
    }
    return name.size() != 0;
}

std::optional<Binding> TagTable::find(const TagName& name) const noexcept {
    const std::uint32_t era = era_.load(std::memory_order_acquire); // TT2
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    for (std::uint32_t queue = 0; queue < count; ++queue) {
        if (matches(queue, name)) {
            const bool whole = era_.load(std::memory_order_relaxed) == era; // TT2
            return whole && era % 2 == 0 ? std::optional{Binding{era, queue}}
                                         : std::nullopt;
        }
    }
    return std::nullopt;
}

std::optional<Binding> TagTable::bind(const TagName& name) {
    const std::scoped_lock lock{mutex_};
    const std::uint32_t era = era_.load(std::memory_order_relaxed);
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    for (std::uint32_t queue = 0; queue < count; ++queue) {
        if (names_[queue] == name.text()) {
            return Binding{era, queue};
        }
    }
    if (count == kTags) {
        return std::nullopt;
    }
    append(count, name, std::string{name.text()});
    return Binding{era, count};
}

std::uint32_t TagTable::rebind(std::span<const std::string_view> names) {
    std::array<std::string, kTags> fresh; // what may fail comes first
    std::copy(names.begin(), names.end(), fresh.begin());
    const std::scoped_lock lock{mutex_};
    const std::uint32_t era = era_.load(std::memory_order_relaxed);
    era_.store(era + 1, std::memory_order_relaxed); // TT2: what follows is a release
    count_.store(0, std::memory_order_relaxed);
    for (std::size_t queue = 0; queue < names.size(); ++queue) {
        append(queue, TagName{names[queue]}, std::move(fresh[queue]));
    }
    era_.store(era + kEraStep, std::memory_order_release); // TT2
    return era + kEraStep;
}

void TagTable::append(std::size_t queue, const TagName& name,
                      std::string text) noexcept {
    names_[queue] = std::move(text);
    auto& word = words_[queue].word;
    if (name.size() == 0) {
        word[0].store(kTooLong, std::memory_order_relaxed); // is no name of anything
    }
    for (std::size_t i = 0; i < name.size(); ++i) {
        word[i].store(name[i], std::memory_order_release); // TT2
    }
    count_.store(static_cast<std::uint32_t>(queue) + 1, std::memory_order_relaxed);
}

std::size_t TagTable::names(std::span<std::string, kTags> out) const {
    const std::scoped_lock lock{mutex_};
    const std::uint32_t count = count_.load(std::memory_order_relaxed);
    std::copy_n(names_.begin(), count, out.begin());
    return count;
}

} // namespace boc
