#include "fault.h"

#if defined(BOC_FAULTS)

#    include <atomic>
#    include <cstdlib>
#    include <new>

namespace boc::fault {

namespace {

struct Countdown {
    Point point;
    std::int64_t left; ///< 0: not armed
};

constinit thread_local Countdown t_here{};
std::atomic<Point> g_point{};
std::atomic<std::int64_t> g_left{0}; ///< at most 0: not armed
std::atomic<int> g_struck{0};

bool count_here(Point point) noexcept {
    return t_here.left != 0 && t_here.point == point && --t_here.left == 0;
}

bool count_everywhere(Point point) noexcept {
    return g_left.load(std::memory_order_relaxed) > 0 &&
           g_point.load(std::memory_order_relaxed) == point &&
           g_left.fetch_sub(1, std::memory_order_relaxed) == 1;
}

} // namespace

bool strikes(Point point) noexcept {
    if (!count_here(point) && !count_everywhere(point)) {
        return false;
    }
    g_struck.fetch_add(1, std::memory_order_relaxed);
    return true;
}

void arm(Point point, std::int64_t nth, bool everywhere) noexcept {
    t_here = {point, everywhere ? 0 : nth};
    g_left.store(0, std::memory_order_relaxed);
    g_point.store(point, std::memory_order_relaxed);
    g_struck.store(0, std::memory_order_relaxed);
    g_left.store(everywhere ? nth : 0, std::memory_order_relaxed);
}

int struck() noexcept {
    return g_struck.load(std::memory_order_relaxed);
}

namespace {

void* allocate(std::size_t size, std::size_t alignment) noexcept {
    if (strikes(Point::kMemory)) {
        return nullptr;
    }
    size = size != 0 ? size : 1;
    return alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
               ? std::malloc(size)
               : std::aligned_alloc(alignment,
                                    (size + alignment - 1) / alignment * alignment);
}

void* allocate_or_throw(std::size_t size, std::size_t alignment) {
    void* const memory = allocate(size, alignment);
    return memory != nullptr ? memory : throw std::bad_alloc{};
}

} // namespace

} // namespace boc::fault

// The module's own, for whatever it makes with new or in a container.

void* operator new(std::size_t size) {
    return boc::fault::allocate_or_throw(size, 0);
}
void* operator new[](std::size_t size) {
    return boc::fault::allocate_or_throw(size, 0);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return boc::fault::allocate(size, 0);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    return boc::fault::allocate_or_throw(size, static_cast<std::size_t>(alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment,
                   const std::nothrow_t&) noexcept {
    return boc::fault::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete[](void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
    std::free(memory);
}

#endif
