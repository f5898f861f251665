#pragma once

#include <cstdint>

/// Failures on demand, in builds for tests (BOC_FAULTS); elsewhere nothing of it is
/// left. Each extension module has faults of its own.
namespace boc::fault {

/// What can be made to fail.
enum class Point : std::uint8_t {
    kMemory, ///< an allocation of ours
    kObject, ///< an allocation of CPython's
    kPickle,
    kUnpickle,
    kRecord,      ///< taking an object out of its interpreter
    kArrival,     ///< making an object of what was taken
    kInterpreter, ///< creating one
    kThread,      ///< creating one of ours
};
inline constexpr int kPoints = 8;

#if defined(BOC_FAULTS)

/// Counts one passage of `point`; true if it has to fail.
[[nodiscard]] bool strikes(Point point) noexcept;

/// The `nth` passage from now on (1: the next) fails, once: on this thread, or on
/// whichever it happens. With 0 none does. Whatever was armed before is not.
void arm(Point point, std::int64_t nth, bool everywhere) noexcept;

/// How often something has failed since the latest arm() of the process.
[[nodiscard]] int struck() noexcept;

#else

[[nodiscard]] constexpr bool strikes(Point) noexcept {
    return false;
}

#endif

} // namespace boc::fault
