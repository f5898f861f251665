#pragma once

#include "matrix.h"
#include "numbers.h"

#include <vector>

namespace boc::math {

/// One row or column, or part of one, of a block.
struct Window {
    Index offset;
    Index step;
    Index count;
    bool is_row;
    bool read_only;

    [[nodiscard]] Shape shape() const noexcept {
        return is_row ? Shape{1, count} : Shape{count, 1};
    }
    [[nodiscard]] Index at(Index i) const noexcept { return offset + i * step; }
};

/// The Python object MatrixView.
struct View {
    PyObject_HEAD Block* block;
    Window window;
};

void view_dealloc(PyObject* self) noexcept;

[[nodiscard]] inline bool is_view(PyObject* object) noexcept {
    return Py_TYPE(object)->tp_dealloc == &view_dealloc;
}

[[nodiscard]] inline const Window& window_of(PyObject* view) noexcept {
    return reinterpret_cast<View*>(view)->window;
}

[[nodiscard]] py::Ref make_view(State& state, Block& block, const Window& window);

/// TypeError: views neither cross nor are copied.
[[noreturn]] void raise_view_stays();

/// A copy of the numbers; RuntimeError if the caller may not touch them.
[[nodiscard]] Numbers numbers_from_view(PyObject* view);

/// Adds MatrixView to `state`.
void add_view_type(PyObject* module, State& state);

} // namespace boc::math
