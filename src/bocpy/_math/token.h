#pragma once

#include "py/ref.h"

#include <atomic>
#include <cstdint>

namespace boc::math {

/// Who may touch a block: the id of an interpreter, kNobody, or below it the seat of a
/// worker thread.
using Token = std::int64_t;

/// Nobody: the block rests in a cown or travels in a message.
inline constexpr Token kNobody = -2;

/// The seat of the thread with this identifier, which is not negative; and back.
[[nodiscard]] constexpr Token seat_of(std::int64_t thread) noexcept {
    return kNobody - 1 - thread;
}
[[nodiscard]] constexpr bool is_seat(Token token) noexcept {
    return token < kNobody;
}

/// What a token other than kNobody is to a reader: "thread" and its identifier, or
/// "interpreter" and its id.
[[nodiscard]] constexpr const char* kind_of(Token token) noexcept {
    return is_seat(token) ? "thread" : "interpreter";
}
[[nodiscard]] constexpr long long number_of(Token token) noexcept {
    return is_seat(token) ? seat_of(token) : token;
}

/// The seat of the calling thread, or kNobody for a thread that acts as its
/// interpreter.
Token seat() noexcept;
void take_seat(Token seat) noexcept;

/// Whether any thread ever took a seat; written once, before the first seat counts.
extern std::atomic<bool> seats_taken;

/// Who the calling thread acts as.
inline Token me() noexcept {
    if (seats_taken.load(std::memory_order_relaxed)) {
        if (const Token seated = seat(); seated != kNobody) {
            return seated;
        }
    }
    return PyInterpreterState_GetID(PyInterpreterState_Get());
}

} // namespace boc::math
