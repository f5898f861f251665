#include "block.h"

#include "storage.h"

#include <new>

namespace boc::math {

namespace {

thread_local Token seated = kNobody;

} // namespace

std::atomic<bool> seats_taken{false};

Token seat() noexcept {
    return seated;
}

void take_seat(Token seat) noexcept {
    seats_taken.store(true, std::memory_order_relaxed);
    seated = seat;
}

Block* Block::make(Shape shape) {
    static_assert(sizeof(Block) <= kHeader);
    const auto numbers = static_cast<std::size_t>(checked_size(shape)) * sizeof(double);
    void* const raw = storage::allocate(kHeader + numbers);
    if (raw == nullptr) {
        PyErr_NoMemory();
        throw py::ErrorSet{};
    }
    return new (raw) Block{shape, me()};
}

void Block::destroy() noexcept {
    const auto numbers = static_cast<std::size_t>(size()) * sizeof(double);
    this->~Block();
    storage::free(this, kHeader + numbers);
}

void Block::depart() {
    forbid_exports("cannot leave");
    Token expected = me();
    const Token mine = expected;
    if (!owner_.compare_exchange_strong(expected, kNobody, std::memory_order_release,
                                        std::memory_order_relaxed)) { // B1
        py::raise(PyExc_RuntimeError,
                  "interpreter %lld is not the owner of the matrix, %lld is",
                  static_cast<long long>(mine), static_cast<long long>(expected));
    }
}

void Block::arrive() {
    Token expected = kNobody;
    const Token mine = me();
    if (!owner_.compare_exchange_strong(expected, mine, std::memory_order_acquire,
                                        std::memory_order_relaxed)) { // B1
        py::raise(PyExc_RuntimeError,
                  "interpreter %lld cannot acquire the matrix, %lld is its owner",
                  static_cast<long long>(mine), static_cast<long long>(expected));
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
