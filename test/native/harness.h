#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

/// Ends the program at a broken promise, in every build.
#if defined(BOC_MODEL)
#    include "model.h"
#    define CHECK(condition)                                                           \
        do {                                                                           \
            if (!(condition)) {                                                        \
                boc::model::fail("not true: " #condition);                             \
            }                                                                          \
        } while (false)
#else
#    define CHECK(condition)                                                           \
        do {                                                                           \
            if (!(condition)) {                                                        \
                std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,      \
                             #condition);                                              \
                std::abort();                                                          \
            }                                                                          \
        } while (false)
#endif

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#    define BOC_SANITIZED 1
#else
#    define BOC_SANITIZED 0
#endif

namespace test {

inline constexpr bool kSanitized = BOC_SANITIZED != 0;

/// `full` repetitions, fewer under a sanitizer, `BOCPY_SCALE` times as many.
inline int repeat(int full) {
    const char* const scale = std::getenv("BOCPY_SCALE");
    const int times = scale != nullptr ? std::atoi(scale) : 1;
    return (kSanitized ? full / 10 + 1 : full) * times;
}

/// Small random numbers; the same seed gives the same numbers.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_{seed * 2 + 1} {}
    std::uint32_t below(std::uint32_t limit) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::uint32_t>((state_ >> 33) % limit);
    }

private:
    std::uint64_t state_;
};

/// BOCPY_SEED, or one from the address of the stack; printed, so that it can be
/// repeated.
inline std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* const given = std::getenv("BOCPY_SEED");
        const int local = 0;
        const std::uint64_t fresh =
            reinterpret_cast<std::uintptr_t>(&local) / 16 % 1'000'000;
        const std::uint64_t chosen =
            given != nullptr ? std::strtoull(given, nullptr, 10) : fresh;
        std::printf("BOCPY_SEED=%llu\n", static_cast<unsigned long long>(chosen));
        std::fflush(stdout);
        return chosen;
    }();
    return value;
}

/// Threads that are joined at the end of the scope.
class Threads {
public:
    template <typename Body>
    void add(Body body) {
        threads_.emplace_back(std::move(body));
    }
    void join() {
        for (std::thread& thread : threads_) {
            thread.join();
        }
        threads_.clear();
    }
    ~Threads() { join(); }

private:
    std::vector<std::thread> threads_;
};

} // namespace test
