#pragma once

#include "atomic.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

#if defined(_MSC_VER)
#    include <intrin.h>
#endif

/// Whether a thread can be interrupted to run a function.
#if defined(_WIN32)
#    define BOC_HAS_SIGNALS 0
#else
#    include <pthread.h>
#    define BOC_HAS_SIGNALS 1
#endif

#if !defined(BOC_HAS_FUTEX)
#    if defined(__linux__)
#        define BOC_HAS_FUTEX 1
#    else
#        define BOC_HAS_FUTEX 0
#    endif
#endif

/// Thread storage reached without a call, where the loader keeps room for it.
#if defined(__GLIBC__)
#    define BOC_THREAD_LOCAL                                                           \
        constinit thread_local __attribute__((tls_model("initial-exec")))
#else
#    define BOC_THREAD_LOCAL constinit thread_local
#endif

namespace boc::compat {

/// Distance that keeps two words out of each other's cache line.
inline constexpr std::size_t kCacheLine = 64;

/// A moment on the monotonic clock until which a thread is willing to wait.
using Deadline = std::chrono::steady_clock::time_point;

/// Never passes.
inline constexpr Deadline kForever = Deadline::max();

#if defined(BOC_MODEL) // which says what these mean
Deadline now() noexcept;
void cpu_relax() noexcept;
void yield() noexcept;
#else
[[nodiscard]] inline Deadline now() noexcept {
    return std::chrono::steady_clock::now();
}

/// Gives way to threads that wait for a processor.
inline void yield() noexcept {
    std::this_thread::yield();
}

/// Tells the processor that this is a spin loop.
inline void cpu_relax() noexcept {
#    if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
    _mm_pause();
#    elif defined(_MSC_VER)
    __yield();
#    elif defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#    elif defined(__aarch64__) || defined(__arm__)
    asm volatile("yield" ::: "memory");
#    endif
}
#endif

/// Nanoseconds on the monotonic clock, never 0.
[[nodiscard]] std::uint64_t monotonic_ns() noexcept;

/// Returns when every other thread of the process has passed a full memory barrier: one
/// side of a store-then-load protocol pays for both.
void barrier_everywhere() noexcept;

/// Nanoseconds on a clock that takes little to read and is good to some milliseconds.
[[nodiscard]] std::uint64_t coarse_ns() noexcept;

/// Distinct physical cores this process may run on; 0 if unknown.
[[nodiscard]] unsigned physical_cpu_count() noexcept;

/// Logical processors this process may run on, at least 1.
[[nodiscard]] unsigned usable_cpu_count() noexcept;

/// Number of this process.
[[nodiscard]] std::int64_t process_id() noexcept;

#if BOC_HAS_SIGNALS
using ThreadId = pthread_t;
#else
using ThreadId = unsigned long;
#endif

/// The calling thread.
[[nodiscard]] ThreadId this_thread() noexcept;

/// Names the calling thread for debuggers; long names are cut.
void set_thread_name(const char* name) noexcept;

/// Whether a signal handler that runs in a sleeping thread ends its sleep.
inline constexpr bool kSignalsEndSleep = BOC_HAS_FUTEX != 0;

enum class FutexWait : std::uint8_t { kWoken, kTimedOut, kInterrupted };

/// Sleeps while `word` holds `expected`; may return kWoken without reason.
FutexWait futex_wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                     Deadline deadline) noexcept;

/// Wakes at least `count` of the threads that sleep on `word`.
void futex_wake(const Atomic<std::uint32_t>& word, int count) noexcept;

} // namespace boc::compat
