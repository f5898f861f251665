#include "holder.h"
#include "window.h"

#include <atomic>
#include <new>

namespace boc::math {

namespace {

/// Iterator over the floats of a window. Threads that share it get different positions.
struct NumberIterator {
    PyObject_HEAD Block* block;
    Window window;
    std::atomic<Index> next;
};

/// Iterator over views of rows or columns.
struct LineIterator {
    PyObject_HEAD Block* block;
    bool rows;
    bool read_only;
    std::atomic<Index> next;
};

/// The next position below `count`, or -1; never runs past it.
Index advance(std::atomic<Index>& next, Index count) noexcept {
    Index at = next.load(std::memory_order_relaxed);
    while (at < count &&
           !next.compare_exchange_weak(at, at + 1, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) {
    }
    return at < count ? at : -1;
}

PyObject* next_number(PyObject* self) {
    auto* const iterator = reinterpret_cast<NumberIterator*>(self);
    return py::guarded([&] {
        Block& block = held_by(self);
        const Index i = advance(iterator->next, iterator->window.count);
        return i < 0 ? py::Ref{}
                     : py::Ref::steal(
                           PyFloat_FromDouble(block.data()[iterator->window.at(i)]));
    });
}

PyObject* next_line(PyObject* self) {
    auto* const iterator = reinterpret_cast<LineIterator*>(self);
    return py::guarded([&] {
        Block& block = held_by(self);
        const Shape shape = block.shape();
        const Index i =
            advance(iterator->next, iterator->rows ? shape.rows : shape.columns);
        return i < 0 ? py::Ref{}
                     : make_view(State::of(self), block,
                                 line(shape, i, iterator->rows, iterator->read_only));
    });
}

PyTypeObject* make_iterator_type(PyObject* module, const char* name, std::size_t size,
                                 iternextfunc next) {
    PyType_Slot slots[] = {
        {Py_tp_dealloc, py::slot(&let_go)},
        {Py_tp_iter, py::slot(&PyObject_SelfIter)},
        {Py_tp_iternext, py::slot(next)},
        {0, nullptr},
    };
    return make_closed_type(module, name, size, slots);
}

} // namespace

py::Ref make_number_iterator(State& state, Block& block, const Window& window) {
    auto* const self = hold<NumberIterator>(state.numbers, block);
    self->window = window;
    new (&self->next) std::atomic<Index>{0};
    return py::Ref::adopt(reinterpret_cast<PyObject*>(self));
}

py::Ref make_line_iterator(State& state, Block& block, bool rows, bool read_only) {
    auto* const self = hold<LineIterator>(state.lines, block);
    self->rows = rows;
    self->read_only = read_only;
    new (&self->next) std::atomic<Index>{0};
    return py::Ref::adopt(reinterpret_cast<PyObject*>(self));
}

void add_iterator_types(PyObject* module, State& state) {
    state.numbers = make_iterator_type(module, "bocpy._math.MatrixValues",
                                       sizeof(NumberIterator), &next_number);
    state.lines = make_iterator_type(module, "bocpy._math.MatrixViews",
                                     sizeof(LineIterator), &next_line);
}

} // namespace boc::math
