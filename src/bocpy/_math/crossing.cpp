#include "crossing.h"

#include "matrix.h"
#include "view.h"
#include "xidata.h"

#include <atomic>
#include <exception>
#include <memory>

namespace boc::math {

namespace {

/// One departure. If the hand-over fails half way, as that of a tuple may, the block
/// goes back to where it came from.
struct Ticket {
    BlockRef block;
    Token from;
    std::atomic<bool> used{false};
};

/// Whether the calling thread, attached or not, is on its way out of a failed call.
bool is_failing() noexcept {
    if (std::uncaught_exceptions() > 0) {
        return true;
    }
#if BOC_HAS_GIL_SLOT
    const bool attached = PyThreadState_GetUnchecked() != nullptr;
#else
    const bool attached = _PyThreadState_UncheckedGet() != nullptr;
#endif
    return attached && PyErr_Occurred() != nullptr;
}

PyObject* arrive(void* data) {
    auto* const ticket = static_cast<Ticket*>(data);
    return py::guarded([&] {
        py::Ref made = wrap(State::here().matrix, BlockRef::share(*ticket->block));
        ticket->block->arrive(); // last: it can be tried again if anything fails
        ticket->used.store(true, std::memory_order_relaxed);
        return made;
    });
}

void drop(void* data) {
    const std::unique_ptr<Ticket> ticket{static_cast<Ticket*>(data)};
    if (!ticket->used.load(std::memory_order_relaxed) && is_failing()) {
        ticket->block->return_to(ticket->from);
    }
}

xidata::Carried depart(PyObject* matrix) {
    Block* const block = reinterpret_cast<Matrix*>(matrix)->block;
    if (block == nullptr) {
        raise_not_held(block);
    }
    std::unique_ptr<Ticket> ticket{new Ticket{BlockRef::share(*block), me()}};
    block->depart();
    return {ticket.release(), &arrive, &drop};
}

/// A view is known to the registry only to be refused: as a sequence it would cross as
/// a tuple of its numbers.
xidata::Carried refuse(PyObject*) {
    raise_view_stays();
}

} // namespace

void register_staying(PyTypeObject* view) {
    xidata::register_type(view, &refuse);
}

void register_crossing(PyTypeObject* matrix) {
    xidata::register_type(matrix, &depart);
}

} // namespace boc::math
