#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace boc {

/// A list that lives on the stack until it outgrows `N` items.
template <typename T, std::size_t N>
class Small {
public:
    void add(const T& item) {
        if (size_ < N) {
            few_[size_] = item;
        } else {
            if (size_ == N) {
                many_.assign(few_.begin(), few_.end());
            }
            many_.push_back(item);
        }
        ++size_;
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::span<const T> items() const noexcept {
        return {size_ <= N ? few_.data() : many_.data(), size_};
    }

private:
    std::size_t size_ = 0;
    std::array<T, N> few_; // filled up to size_
    std::vector<T> many_;
};

} // namespace boc
