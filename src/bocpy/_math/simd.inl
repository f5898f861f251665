// The inner loops, compiled once per instruction set: the including file sets the target
// and BOC_SIMD_*. Nothing here calls a function template of the standard library, whose
// code the linker could share with a processor that lacks the target.

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-math-errno", "no-trapping-math")
#define BOC_SIMD_LOOP _Pragma("GCC ivdep")
#elif defined(__clang__)
#define BOC_SIMD_LOOP _Pragma("clang loop vectorize(assume_safety)")
#else
#include <cmath>
#define BOC_SIMD_LOOP __pragma(loop(ivdep))
#endif

namespace boc::math {

namespace {

#if defined(__GNUC__)
using Vector [[gnu::vector_size(BOC_SIMD_BYTES), gnu::aligned(8), gnu::may_alias]] =
    double;
inline double ceil_of(double x) { return __builtin_ceil(x); }
inline double floor_of(double x) { return __builtin_floor(x); }
inline double round_of(double x) { return __builtin_rint(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }
inline double abs_of(double x) { return __builtin_fabs(x); }
inline double fma_of(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline double pow_of(double a, double b) { return __builtin_pow(a, b); }
inline double fmod_of(double a, double b) { return __builtin_fmod(a, b); }
inline double signed_as(double a, double b) { return __builtin_copysign(a, b); }
inline double lane_of(const Vector& v, Index i) { return v[i]; }
#else
using Vector = double;
inline double ceil_of(double x) { return ::ceil(x); }
inline double floor_of(double x) { return ::floor(x); }
inline double round_of(double x) { return ::rint(x); }
inline double sqrt_of(double x) { return ::sqrt(x); }
inline double abs_of(double x) { return ::fabs(x); }
inline double fma_of(double a, double b, double c) { return ::fma(a, b, c); }
inline double pow_of(double a, double b) { return ::pow(a, b); }
inline double fmod_of(double a, double b) { return ::fmod(a, b); }
inline double signed_as(double a, double b) { return ::copysign(a, b); }
inline double lane_of(const Vector& v, Index) { return v; }
#endif

constexpr Index kLanes = static_cast<Index>(sizeof(Vector) / sizeof(double));
constexpr Index kPartial = 32; ///< partial sums, whatever the width of a vector
constexpr Index kGroups = kPartial / kLanes;

inline Vector load(const double* at) { return *reinterpret_cast<const Vector*>(at); }
inline void store(double* at, const Vector& v) { *reinterpret_cast<Vector*>(at) = v; }

#include "simd_stream.inl"
#include "simd_elementwise.inl"
#include "simd_mask.inl"
#include "simd_reduce.inl"
#include "simd_place.inl"
#include "simd_product.inl"
#include "simd_transpose.inl"

} // namespace

const Kernels BOC_SIMD_KERNELS = {
    BOC_SIMD_NAME,
    {&binary<Add>, &binary<Subtract>, &binary<Multiply>, &binary<Divide>,
     &binary_by_calls<Power>, &binary_by_calls<FloorDivide>, &binary_by_calls<Remainder>,
     &binary<Number<IsLess>>, &binary<Number<IsLessEqual>>, &binary<Number<IsGreater>>, &binary<Number<IsGreaterEqual>>, &binary<Number<IsEqual>>, &binary<Number<IsNotEqual>>},
    {&unary<Negate>, &unary<Abs>, &unary<Ceil>, &unary<Floor>, &unary<Round>,
     &unary<Sqrt>, &unary<Reciprocal>, &unary<Sign>},
    &clip,
    &where,
    {&compare<IsLess>, &compare<IsLessEqual>, &compare<IsGreater>, &compare<IsGreaterEqual>, &compare<IsEqual>, &compare<IsNotEqual>},
    &expand,
    &where_mask,
    &count,
    &fused,
    &scaled_add,
    &sum<Plain>,
    &sum<Square>,
    &dot,
    &extreme<Least>,
    &extreme<Most>,
    &place<Least>,
    &place<Most>,
    &fold_down<AddNumber>,
    &fold_down<AddSquare>,
    &fold_down<Least>,
    &fold_down<Most>,
    &fold_down<MultiplyNumber>,
    &fold_down<AnyNumber>,
    &fold_down<AllNumbers>,
    &place_down<Least>,
    &place_down<Most>,
    kStream,
    kSettle,
    &transpose,
    &product,
    &product_scratch,
};

} // namespace boc::math
