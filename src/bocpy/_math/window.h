#pragma once

#include "view.h"

namespace boc::math {

/// The object behind `m.view`.
[[nodiscard]] py::Ref make_indexer(PyObject* matrix);

/// A lazy iterator over the floats of a window, checked at every step.
[[nodiscard]] py::Ref make_number_iterator(State& state, Block& block,
                                           const Window& window);

/// A lazy iterator over views of the rows, or columns, of a block.
[[nodiscard]] py::Ref make_line_iterator(State& state, Block& block, bool rows,
                                         bool read_only);

/// The window on row or column `index` (wrapped by the caller).
[[nodiscard]] Window line(Shape shape, Index index, bool is_row,
                          bool read_only) noexcept;

/// Adds the indexer and the iterators to `state`.
void add_indexer_type(PyObject* module, State& state);
void add_iterator_types(PyObject* module, State& state);

} // namespace boc::math
