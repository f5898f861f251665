#pragma once

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <source_location>
#include <type_traits>

/// Stands in for the machine where BOC_MODEL is defined: every step of a protocol is a
/// call of one of these functions. systematic.cpp and relacy.cpp implement them.
namespace boc::model {

using Order = std::memory_order;
using Site = std::source_location;

/// One word of memory that threads share, whatever its type.
struct Word {
    std::uint64_t value = 0;
    void* behind = nullptr;     ///< the model's own
    std::uint64_t schedule = 0; ///< that `behind` belongs to
};

void begin(Word& word) noexcept;
void end(Word& word) noexcept;

std::uint64_t load(Word& word, Order order, Site site) noexcept;
void store(Word& word, std::uint64_t value, Order order, Site site) noexcept;
std::uint64_t exchange(Word& word, std::uint64_t value, Order order,
                       Site site) noexcept;
std::uint64_t add(Word& word, std::uint64_t value, Order order, Site site) noexcept;
std::uint64_t set_bits(Word& word, std::uint64_t bits, Order order, Site site) noexcept;
bool compare_exchange(Word& word, std::uint64_t& expected, std::uint64_t wanted,
                      bool weak, Order success, Order failure, Site site) noexcept;

/// Data that the protocol under test says one thread touches at a time.
std::uint64_t read(Word& word, Site site) noexcept;
void write(Word& word, std::uint64_t value, Site site) noexcept;

void lock(Word& mutex, Site site) noexcept;
void unlock(Word& mutex, Site site) noexcept;

/// Nothing to do for the caller until another thread has done something.
void pause() noexcept;

/// A promise is broken: says so, with the schedule that led here, and ends the program.
[[noreturn]] void fail(const char* what, Site site = Site::current()) noexcept;

template <typename T>
std::uint64_t to_bits(T value) noexcept {
    if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<std::uintptr_t>(value);
    } else {
        return static_cast<std::uint64_t>(value); // extends the sign
    }
}

template <typename T>
T from_bits(std::uint64_t bits) noexcept {
    if constexpr (std::is_pointer_v<T>) {
        return reinterpret_cast<T>(static_cast<std::uintptr_t>(bits));
    } else {
        return static_cast<T>(bits);
    }
}

/// std::atomic<T>, as far as the core uses it.
template <typename T>
class Atomic {
public:
    constexpr Atomic() noexcept : Atomic{T{}} {}
    constexpr Atomic(T value) noexcept {
        if (!std::is_constant_evaluated()) {
            word_.value = to_bits(value);
            begin(word_);
        } else if constexpr (!std::is_pointer_v<T>) { // a constant pointer is null
            word_.value = static_cast<std::uint64_t>(value);
        }
    }
    Atomic(const Atomic&) = delete;
    Atomic& operator=(const Atomic&) = delete;
    constexpr ~Atomic() {
        if (!std::is_constant_evaluated()) {
            end(word_);
        }
    }

    T load(Order order, Site site = Site::current()) const noexcept {
        return from_bits<T>(model::load(word_, order, site));
    }
    void store(T value, Order order, Site site = Site::current()) noexcept {
        model::store(word_, to_bits(value), order, site);
    }
    T exchange(T value, Order order, Site site = Site::current()) noexcept {
        return from_bits<T>(model::exchange(word_, to_bits(value), order, site));
    }
    T fetch_add(T value, Order order, Site site = Site::current()) noexcept {
        const std::uint64_t before = model::add(word_, to_bits(value), order, site);
        const std::uint64_t after = before + to_bits(value);
        if (to_bits(from_bits<T>(after)) != after) {
            fail("a sum that does not fit", site);
        }
        return from_bits<T>(before);
    }
    T fetch_sub(T value, Order order, Site site = Site::current()) noexcept {
        const std::uint64_t before = model::add(word_, 0 - to_bits(value), order, site);
        const std::uint64_t after = before - to_bits(value);
        if (to_bits(from_bits<T>(after)) != after) {
            fail("a difference that does not fit", site);
        }
        return from_bits<T>(before);
    }
    T fetch_or(T value, Order order, Site site = Site::current()) noexcept {
        return from_bits<T>(model::set_bits(word_, to_bits(value), order, site));
    }
    bool compare_exchange_strong(T& expected, T wanted, Order success, Order failure,
                                 Site site = Site::current()) noexcept {
        return compare_exchange(expected, wanted, false, success, failure, site);
    }
    bool compare_exchange_weak(T& expected, T wanted, Order success, Order failure,
                               Site site = Site::current()) noexcept {
        return compare_exchange(expected, wanted, true, success, failure, site);
    }

    /// For the model's own futex.
    [[nodiscard]] Word& word() const noexcept { return word_; }

private:
    bool compare_exchange(T& expected, T wanted, bool weak, Order success,
                          Order failure, Site site) noexcept {
        std::uint64_t bits = to_bits(expected);
        const bool done = model::compare_exchange(word_, bits, to_bits(wanted), weak,
                                                  success, failure, site);
        expected = from_bits<T>(bits);
        return done;
    }

    mutable Word word_;
};

/// std::mutex.
class Mutex {
public:
    constexpr Mutex() noexcept = default;
    Mutex(const Mutex&) = delete;
    Mutex& operator=(const Mutex&) = delete;
    constexpr ~Mutex() {
        if (!std::is_constant_evaluated()) {
            end(word_);
        }
    }

    void lock(Site site = Site::current()) noexcept { model::lock(word_, site); }
    void unlock(Site site = Site::current()) noexcept { model::unlock(word_, site); }

private:
    Word word_;
};

} // namespace boc::model
