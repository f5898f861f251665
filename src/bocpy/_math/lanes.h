#pragma once

#include "kernels.h"

#include <algorithm>
#include <cstdint>

namespace boc::math {

/// How one operand walks over the result.
template <typename Number>
struct SideOf {
    const Number* data;
    Index row_step;
    Index column_step;

    [[nodiscard]] LaneOf<Number> lane(Index row) const noexcept {
        return {data + row * row_step, column_step};
    }
    /// Whether one lane serves the whole result.
    [[nodiscard]] bool is_flat(Shape result) const noexcept {
        return (row_step == 0 && column_step == 0) ||
               (column_step == 1 && (row_step == result.columns || result.rows == 1));
    }
    /// How much it brings into the caches, counted in doubles.
    [[nodiscard]] Index span(Shape walk) const noexcept {
        constexpr auto kOne = static_cast<Index>(sizeof(Number));
        constexpr auto kDouble = static_cast<Index>(sizeof(double));
        const Index rows = row_step == 0 ? 1 : walk.rows;
        return (column_step == 0 ? 1 : walk.columns) * rows * kOne / kDouble;
    }
    [[nodiscard]] bool is_at(const void* other) const noexcept { return data == other; }
};
using Side = SideOf<double>;
using MaskSide = SideOf<MaskByte>;

template <typename Number>
[[nodiscard]] LaneOf<Number> further(LaneOf<Number> lane, Index by) noexcept {
    return {lane.data + by * lane.step, lane.step};
}

/// Whether to store rows of this shape at `out` past the caches, given how many numbers
/// operands and result have together.
[[nodiscard]] inline bool passes_caches(const double* out, Shape shape,
                                        Index touched) noexcept {
    return touched >= kPastCaches && kernels().stream != nullptr &&
           reinterpret_cast<std::uintptr_t>(out) % kLineBytes == 0 &&
           (shape.rows == 1 || shape.columns % kLineNumbers == 0);
}

/// One row past the caches, by way of a piece small enough for the first of them.
template <typename Run, typename... Lanes>
void stream_row(double* out, Index n, const Run& run, const Lanes&... lanes) {
    constexpr Index kPiece = 128;
    alignas(kLineBytes) double piece[kPiece];
    for (Index i = 0; i < n; i += kPiece) {
        const Index count = std::min(kPiece, n - i);
        run(piece, further(lanes, i)..., count);
        kernels().stream(out + i, piece, count);
    }
}

/// Calls `run(to, lanes..., n)` for the whole result, in one go, by rows or by pieces.
template <typename Run, typename... Sides>
void for_lanes(double* out, Shape shape, const Run& run, const Sides&... sides) {
    const bool flat = (sides.is_flat(shape) && ...);
    const Shape walk = flat ? Shape{1, shape.size()} : shape;
    const Index touched = (walk.size() + ... + sides.span(walk));
    if (!(sides.is_at(out) || ...) && passes_caches(out, walk, touched)) {
        for (Index row = 0; row < walk.rows; ++row) {
            stream_row(out + row * walk.columns, walk.columns, run, sides.lane(row)...);
        }
        kernels().settle();
        return;
    }
    for (Index row = 0; row < walk.rows; ++row) {
        run(out + row * walk.columns, sides.lane(row)..., walk.columns);
    }
}

/// Calls `apply(to, from, n)` for `n` numbers, in one go or by pieces.
template <typename Apply>
void for_numbers(double* out, const double* in, Index n, const Apply& apply) {
    for_lanes(
        out, {1, n},
        [&](double* to, Lane from, Index count) { apply(to, from.data, count); },
        Side{in, 0, 1});
}

} // namespace boc::math
