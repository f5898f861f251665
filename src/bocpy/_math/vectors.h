#pragma once

#include "axis.h"
#include "shape.h"

namespace boc::math {

/// How a matrix reads as a batch of vectors of `dimension` components.
struct Batch {
    Index count;
    Index dimension;
    Index vector_step;
    Index component_step;
    bool single; ///< one vector, which stands for itself
    bool across; ///< a vector per row

    /// Component `k` of vector `i` in data laid out so.
    [[nodiscard]] Index at(Index i, Index k) const noexcept {
        return i * vector_step + k * component_step;
    }
};

/// The batch of 2-D vectors in `shape`; ShapeError if there is none or the axis
/// contradicts. `what` names the method.
[[nodiscard]] Batch plane_batch(Shape shape, Axis axis, const char* what);

/// The batch of 2-D or 3-D vectors in `shape`, as cross reads it.
[[nodiscard]] Batch cross_batch(Shape shape, Axis axis);

} // namespace boc::math
