#pragma once

#include "shape.h"

#include <memory>
#include <optional>
#include <vector>

namespace boc::math {

/// Numbers copied out of something that is not a Matrix.
struct Numbers {
    std::vector<double> values;
    Shape shape;
    int dimensions = 2; ///< 1: neither row nor column; 0: a single number
};

/// A 1xN row, possibly empty, from any iterable of numbers: TypeError for anything
/// else.
[[nodiscard]] Numbers numbers_from_iterable(PyObject* object);

/// The numbers of an object with the buffer protocol: one or two dimensions of a native
/// numeric format, strided or not, possibly empty; a scalar buffer is 1x1. Nothing if
/// it has no such buffer; TypeError for complex numbers.
[[nodiscard]] std::optional<Numbers> numbers_from_buffer(PyObject* object);

} // namespace boc::math
