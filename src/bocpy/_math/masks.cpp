#include "masks.h"

#include "args.h"
#include "broadcast.h"

#include <algorithm>

namespace boc::math {

namespace {

/// In a smaller result numbers cost no more than bytes, and are there when asked for.
constexpr Index kLeastMask = Index{1} << 14U;

constexpr Index kPiece = 512; ///< as numbers does not leave the nearest cache

Lane numbers_of(Lane lane, Index, double*) noexcept {
    return lane;
}

Lane numbers_of(MaskLane mask, Index n, double* room) noexcept {
    kernels().expand(room, mask.data, n);
    return {room, 1};
}

template <typename Left, typename Right>
void run_pieces(Binary op, double* out, Index size, const Left& left,
                const Right& right) {
    const auto kernel = kernels().binary[static_cast<std::size_t>(op)];
    const auto run = [kernel](double* to, auto a, auto b, Index n) {
        alignas(kLineBytes) double a_room[kPiece];
        alignas(kLineBytes) double b_room[kPiece];
        for (Index i = 0; i < n; i += kPiece) {
            const Index count = std::min(kPiece, n - i);
            kernel(to + i, numbers_of(further(a, i), count, a_room),
                   numbers_of(further(b, i), count, b_room), count);
        }
    };
    for_lanes(out, {1, size}, run, left, right);
}

Side number_side(const MaskOperand& operand) noexcept {
    return {operand.numbers, 0, operand.step};
}

MaskSide mask_side(const MaskOperand& operand) noexcept {
    return {operand.bytes, 0, 1};
}

} // namespace

bool makes_mask(Binary op, Shape shape, PyObject* out) noexcept {
    return op >= Binary::kLess && shape.size() >= kLeastMask && is_absent(out);
}

py::Ref compare_to_mask(Binary op, PyTypeObject* type, Shape shape, const Grid& left,
                        const Grid& right) {
    const auto comparison = static_cast<std::size_t>(op) - kFirstComparison;
    const auto kernel = kernels().compare[comparison];
    const Side a = side_of(left, shape);
    const Side b = side_of(right, shape);
    FreshMask result = make_mask(type, shape);
    const Shape walk =
        a.is_flat(shape) && b.is_flat(shape) ? Shape{1, shape.size()} : shape;
    for (Index row = 0; row < walk.rows; ++row) {
        kernel(result.bytes + row * walk.columns, a.lane(row), b.lane(row),
               walk.columns);
    }
    return std::move(result.ref);
}

void run_masked(Binary op, double* out, Index size, const MaskOperand& left,
                const MaskOperand& right) {
    if (left.bytes == nullptr) {
        run_pieces(op, out, size, number_side(left), mask_side(right));
    } else if (right.bytes == nullptr) {
        run_pieces(op, out, size, mask_side(left), number_side(right));
    } else {
        run_pieces(op, out, size, mask_side(left), mask_side(right));
    }
}

} // namespace boc::math
