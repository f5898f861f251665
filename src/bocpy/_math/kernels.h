#pragma once

#include "shape.h"

#include <cstddef>
#include <cstdint>

namespace boc::math {

enum class Binary : unsigned char {
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kPower,
    kFloorDivide,
    kRemainder,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kEqual,
    kNotEqual,
    kCount,
};

constexpr auto kFirstComparison = static_cast<std::size_t>(Binary::kLess);
constexpr auto kComparisons =
    static_cast<std::size_t>(Binary::kCount) - kFirstComparison;

enum class Unary : unsigned char {
    kNegate,
    kAbs,
    kCeil,
    kFloor,
    kRound,
    kSqrt,
    kReciprocal,
    kSign,
    kCount,
};

/// An operand of a kernel along one row: `step` 1 walks, 0 repeats the first number.
template <typename Number>
struct LaneOf {
    const Number* data;
    Index step;
};
using Lane = LaneOf<double>;

/// An element of a mask before it becomes a number: 0 or 1.
using MaskByte = std::uint8_t;
using MaskLane = LaneOf<MaskByte>;

constexpr Index kLineBytes = 64; ///< a cache line, and the alignment of large blocks
constexpr Index kLineNumbers = kLineBytes / static_cast<Index>(sizeof(double));

/// When an operation touches this many numbers its result has left the caches, or
/// pushed the operands out, before anybody reads it; storing past them saves reading
/// its lines first.
constexpr Index kPastCaches = Index{5} << 19U;

/// Inner loops over contiguous numbers. `out` may be exactly an input, never overlap
/// one in part. No kernel contracts a*b+c.
struct Kernels {
    const char* name;
    void (*binary[static_cast<std::size_t>(Binary::kCount)])(double* out, Lane a,
                                                             Lane b, Index n);
    void (*unary[static_cast<std::size_t>(Unary::kCount)])(double* out,
                                                           const double* in, Index n);
    void (*clip)(double* out, const double* in, Index n, double low, double high);
    /// out = mask != 0 ? a : b; NaN is not 0.
    void (*where)(double* out, const double* mask, Lane a, Lane b, Index n);

    // Masks that are still bytes.
    void (*compare[kComparisons])(MaskByte* out, Lane a, Lane b, Index n);
    void (*expand)(double* out, const MaskByte* mask, Index n);
    void (*where_mask)(double* out, MaskLane mask, Lane a, Lane b, Index n);
    Index (*count)(const MaskByte* mask, Index n);

    /// out = a*b+c rounded once.
    void (*fma)(double* out, Lane a, Lane b, Lane c, Index n);
    /// out = a + s*x rounded twice.
    void (*scaled_add)(double* out, Lane a, Lane s, Lane x, Index n);

    // Sums run over 32 interleaved partial sums, so all processors give the same bits.
    double (*sum)(const double* in, Index n);
    double (*sum_squares)(const double* in, Index n);
    double (*dot)(const double* a, const double* b, Index n);
    /// NaN if any number is NaN.
    double (*min)(const double* in, Index n);
    double (*max)(const double* in, Index n);
    /// The first place of the least or greatest number, -1 if any number is NaN.
    Index (*place_min)(const double* in, Index n);
    Index (*place_max)(const double* in, Index n);

    // The same down the rows, one by one: into[j] op= in[row][j].
    void (*add_to)(double* into, const double* in, Shape shape);
    void (*add_squares_to)(double* into, const double* in, Shape shape);
    void (*min_to)(double* into, const double* in, Shape shape);
    void (*max_to)(double* into, const double* in, Shape shape);
    void (*multiply_to)(double* into, const double* in, Shape shape);
    /// 1 where any number, or 0 where not all, differ from 0.
    void (*any_to)(double* into, const double* in, Shape shape);
    void (*all_to)(double* into, const double* in, Shape shape);
    /// The places per column: row `row` is compared with what the rows before gave.
    void (*place_min_to)(double* best, double* place, const double* in, Index n,
                         double row);
    void (*place_max_to)(double* best, double* place, const double* in, Index n,
                         double row);

    /// A copy past the caches to `out` at the start of a line; null if the processor
    /// cannot. `settle` makes what was stored so visible to other threads.
    void (*stream)(double* out, const double* in, Index n);
    void (*settle)();

    void (*transpose)(double* out, const double* in, Shape shape);
    /// out (MxN) = a (MxK) @ b (KxN); each cell adds its products to +0.0 in ascending
    /// k. `scratch` holds `product_scratch` doubles.
    void (*product)(double* out, const double* a, const double* b, Shape a_shape,
                    Index columns, double* scratch);
    Index (*product_scratch)(Shape a_shape, Index columns);
};

extern const Kernels kBaselineKernels;
#if defined(__x86_64__) && defined(__GNUC__)
extern const Kernels kAvx2Kernels;
extern const Kernels kAvx512Kernels;
#endif

extern const Kernels& chosen_kernels;

/// The widest the processor runs, chosen when the module is first loaded.
[[nodiscard]] inline const Kernels& kernels() noexcept {
    return chosen_kernels;
}

} // namespace boc::math
