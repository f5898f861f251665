#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#    include <immintrin.h>

#    if defined(__clang__)
#        pragma clang attribute push(__attribute__((target("avx2,fma"))),              \
                                     apply_to = function)
#    else
#        pragma GCC push_options
#        pragma GCC target("avx2,fma")
#    endif

#    define BOC_SIMD_BYTES 32
#    define BOC_SIMD_TILE_ROWS 6
#    define BOC_SIMD_TILE_VECTORS 2
#    define BOC_SIMD_KERNELS kAvx2Kernels
#    define BOC_SIMD_NAME "avx2"
#    define BOC_SIMD_STREAM _mm256_stream_pd
#    include "simd.inl"

#    if defined(__clang__)
#        pragma clang attribute pop
#    else
#        pragma GCC pop_options
#    endif
#endif
