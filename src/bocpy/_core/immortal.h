#pragma once

#include <cstddef>
#include <new>

namespace boc {

/// One object in static storage that is never destroyed: threads may outlive main.
/// Making it allocates nothing that the object itself does not.
template <typename T>
class Immortal {
public:
    Immortal() { ::new (static_cast<void*>(bytes_)) T; }
    Immortal(const Immortal&) = delete;
    Immortal& operator=(const Immortal&) = delete;
    ~Immortal() = default;

    [[nodiscard]] T& operator*() noexcept {
        return *std::launder(reinterpret_cast<T*>(bytes_));
    }

private:
    alignas(T) std::byte bytes_[sizeof(T)];
};

} // namespace boc
