// Part of simd.inl: stores that leave the caches alone, where the processor has them.

#if defined(BOC_SIMD_STREAM)
void stream(double* out, const double* in, Index n) {
    Index i = 0;
    for (; i + kLanes <= n; i += kLanes) {
        BOC_SIMD_STREAM(out + i, load(in + i));
    }
    for (; i < n; ++i) {
        out[i] = in[i];
    }
}

void settle() { _mm_sfence(); }

constexpr auto kStream = &stream;
constexpr auto kSettle = &settle;
#else
constexpr void (*kStream)(double*, const double*, Index) = nullptr;
constexpr void (*kSettle)() = nullptr;
#endif
