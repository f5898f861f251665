#include "block.h"

#include "storage.h"

#include <new>
#include <thread>

namespace boc::math {

namespace {

thread_local Token seated = kNobody;

constexpr std::size_t room_of_numbers(Index size) noexcept {
    return static_cast<std::size_t>(size) * sizeof(double);
}

/// Room for numbers that ends where a line does, so that bytes can follow.
constexpr std::size_t whole_lines(Index size) noexcept {
    constexpr auto kLine = static_cast<std::size_t>(kLineBytes);
    return (room_of_numbers(size) + kLine - 1) / kLine * kLine;
}

constexpr std::size_t room(Index size, bool has_bytes) noexcept {
    return has_bytes ? whole_lines(size) + static_cast<std::size_t>(size)
                     : room_of_numbers(size);
}

[[noreturn]] void raise_gone(Token owner) {
    if (owner == kNobody) {
        py::raise(PyExc_RuntimeError,
                  "the current %s (%lld) is not the owner of the matrix: it is in a "
                  "cown or a message already, or leaves twice, as when a behavior "
                  "returns the value of its own cown; hand over a copy()",
                  kind_of(me()), number_of(me()));
    }
    raise_other_owner(owner);
}

} // namespace

void raise_other_owner(Token owner) {
    py::raise(PyExc_RuntimeError,
              "the current %s (%lld) is not the owner of the matrix: %s %lld is",
              kind_of(me()), number_of(me()), kind_of(owner), number_of(owner));
}

std::atomic<bool> seats_taken{false};

Token seat() noexcept {
    return seated;
}

void take_seat(Token seat) noexcept {
    seats_taken.store(true, std::memory_order_relaxed);
    seated = seat;
}

Block* Block::make(Shape shape) {
    return make(shape, Form::kNumbers);
}

Block* Block::make_mask(Shape shape) {
    return make(shape, Form::kMask);
}

Block* Block::make(Shape shape, Form form) {
    static_assert(sizeof(Block) <= kHeader);
    const Index size = checked_size(shape);
    void* const raw = storage::allocate(kHeader + room(size, form == Form::kMask));
    if (raw == nullptr) {
        PyErr_NoMemory();
        throw py::ErrorSet{};
    }
    return new (raw) Block{shape, me(), form};
}

void Block::destroy() noexcept {
    const std::size_t behind = room(size(), has_bytes_);
    this->~Block();
    storage::free(this, kHeader + behind);
}

MaskByte* Block::bytes() noexcept {
    return reinterpret_cast<MaskByte*>(this) + kHeader + whole_lines(size());
}

/// Nothing here runs Python, so whoever waits does not wait for a thread that waits.
void Block::expand() noexcept {
    Form form = Form::kMask;
    if (form_.compare_exchange_strong(form, Form::kExpanding, std::memory_order_acquire,
                                      std::memory_order_acquire)) { // B5
        kernels().expand(numbers(), bytes(), size());
        form_.store(Form::kNumbers, std::memory_order_release); // B5
        return;
    }
    while (form_.load(std::memory_order_acquire) != Form::kNumbers) { // B5
        std::this_thread::yield();
    }
}

void Block::depart() {
    forbid_exports("cannot leave");
    Token expected = me();
    if (!owner_.compare_exchange_strong(expected, kNobody, std::memory_order_release,
                                        std::memory_order_relaxed)) { // B1
        raise_gone(expected);
    }
}

void Block::arrive() {
    Token expected = kNobody;
    const Token mine = me();
    if (!owner_.compare_exchange_strong(expected, mine, std::memory_order_acquire,
                                        std::memory_order_relaxed)) { // B1
        py::raise(PyExc_RuntimeError,
                  "%s %lld cannot acquire the matrix, %s %lld is its owner",
                  kind_of(mine), number_of(mine), kind_of(expected),
                  number_of(expected));
    }
}

void Block::return_to(Token token) noexcept {
    Token expected = kNobody;
    owner_.compare_exchange_strong(expected, token, std::memory_order_acq_rel,
                                   std::memory_order_relaxed); // B1
}

void Block::forbid_exports(const char* what) const {
    if (pinned()) {
        py::raise(PyExc_BufferError,
                  "the matrix %s while a buffer of it (memoryview, array) is in use",
                  what);
    }
}

} // namespace boc::math
