#pragma once

#include "atomic.h"
#include "harness.h"

#include <cstdint>
#include <initializer_list>
#include <source_location>

namespace test {

/// A protocol in a small configuration: made anew for every schedule, `threads` threads
/// run it at once, then it says whether all promises were kept.
struct Scenario {
    const char* name;
    unsigned threads;
    void* (*make)();
    void (*thread)(void* state, unsigned index);
    void (*after)(void* state);
    void (*destroy)(void* state);
};

/// Of a class with kThreads, thread(index) and after(). The class is made and destroyed
/// while no other thread runs.
template <typename State>
constexpr Scenario scenario(const char* name) {
    return {
        name,
        State::kThreads,
        [] { return static_cast<void*>(new State); },
        [](void* state, unsigned index) { static_cast<State*>(state)->thread(index); },
        [](void* state) { static_cast<State*>(state)->after(); },
        [](void* state) { delete static_cast<State*>(state); }};
}

/// Runs each scenario under many schedules: how many, and what chooses them, is the
/// business of the file it is linked with. The exit code of the program.
int explore(std::initializer_list<Scenario> scenarios);

/// A value that a protocol protects: a race for it is found by the model, or by
/// ThreadSanitizer.
class Plain {
public:
#if defined(BOC_MODEL)
    explicit Plain(std::uint64_t value = 0) noexcept { set(value); }
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    ~Plain() { boc::model::end(word_); }
    [[nodiscard]] std::uint64_t
    get(std::source_location site = std::source_location::current()) const noexcept {
        return boc::model::read(word_, site);
    }
    void set(std::uint64_t value,
             std::source_location site = std::source_location::current()) noexcept {
        boc::model::write(word_, value, site);
    }

private:
    mutable boc::model::Word word_;
#else
    explicit Plain(std::uint64_t value = 0) noexcept : value_{value} {}
    Plain(const Plain&) = delete;
    Plain& operator=(const Plain&) = delete;
    [[nodiscard]] std::uint64_t get() const noexcept { return value_; }
    void set(std::uint64_t value) noexcept { value_ = value; }

private:
    std::uint64_t value_;
#endif
};

} // namespace test
