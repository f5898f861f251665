#pragma once

#include "state.h"

#include <vector>

namespace boc::math {

/// Adds to `state` the list subclass that argmin and argmax answer with: indices that
/// also know whether they stand in a row or in a column.
void add_indices_type(PyObject* module, State& state);

[[nodiscard]] py::Ref make_indices(State& state, bool column,
                                   const std::vector<Index>& indices);

/// Whether `object` is such a list, and whether it stands in a column.
[[nodiscard]] bool is_indices(PyObject* object);
[[nodiscard]] bool is_column(PyObject* indices) noexcept;

/// A plain list.
[[nodiscard]] py::Ref to_list(const Index* indices, Index count);

} // namespace boc::math
