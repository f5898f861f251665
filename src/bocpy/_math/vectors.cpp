#include "vectors.h"

#include "state.h"

namespace boc::math {

namespace {

Batch single_vector(Shape shape) noexcept {
    return {1, shape.size(), 0, 1, true, shape.rows == 1};
}

Batch vector_per_row(Shape shape) noexcept {
    return {shape.rows, shape.columns, shape.columns, 1, false, true};
}

Batch vector_per_column(Shape shape) noexcept {
    return {shape.columns, shape.rows, 1, shape.columns, false, false};
}

/// A batch of `dimension`-vectors, or one with dimension 0 if the shape has none. A
/// square has a vector per row unless the axis is 0.
Batch batch_of(Shape shape, Axis axis, Index dimension) noexcept {
    if (shape.is_vector() && shape.size() == dimension) {
        return single_vector(shape);
    }
    const bool rows = shape.columns == dimension;
    const bool columns = shape.rows == dimension;
    if (rows && columns) {
        return axis == Axis::kDown ? vector_per_column(shape) : vector_per_row(shape);
    }
    if (rows) {
        return vector_per_row(shape);
    }
    return columns ? vector_per_column(shape) : Batch{};
}

void forbid_contradiction(const Batch& batch, Axis axis, const char* what) {
    if (axis != Axis::kAll && (axis == Axis::kAcross) != batch.across) {
        raise_shape("%s: the axis contradicts the orientation of the vectors", what);
    }
}

} // namespace

Batch plane_batch(Shape shape, Axis axis, const char* what) {
    const Batch batch = batch_of(shape, axis, 2);
    if (batch.dimension == 0) {
        raise_shape("%s requires a 2D vector or Nx2 or 2xN matrix, not %zdx%zd", what,
                    shape.rows, shape.columns);
    }
    forbid_contradiction(batch, axis, what);
    return batch;
}

Batch cross_batch(Shape shape, Axis axis) {
    Batch batch = batch_of(shape, axis, 2);
    if (batch.dimension == 0) {
        batch = batch_of(shape, axis, 3);
    }
    if (batch.dimension == 0) {
        raise_shape(
            "cross requires a 2D or 3D vector or Nx2 or 2xN or Nx3 or 3xN matrix, "
            "not %zdx%zd",
            shape.rows, shape.columns);
    }
    const bool ambiguous = shape == Shape{2, 3} || shape == Shape{3, 2};
    if (!ambiguous) {
        forbid_contradiction(batch, axis, "cross");
    }
    return batch;
}

} // namespace boc::math
