#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#    include <emmintrin.h>
#    define BOC_SIMD_STREAM _mm_stream_pd
#endif

#define BOC_SIMD_BYTES 16
#define BOC_SIMD_TILE_ROWS 4
#define BOC_SIMD_TILE_VECTORS 2
#define BOC_SIMD_KERNELS kBaselineKernels
#define BOC_SIMD_NAME "baseline"
#include "simd.inl"
