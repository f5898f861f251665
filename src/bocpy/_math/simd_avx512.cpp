#include "kernels.h"

#if defined(__x86_64__) && defined(__GNUC__)
#    include <immintrin.h>

#    if defined(__clang__)
#        pragma clang attribute push(                                                  \
            __attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))),             \
            apply_to = function)
#    else
#        pragma GCC push_options
#        pragma GCC target("avx512f,avx512dq,avx512vl,avx2,fma,prefer-vector-width=512")
#    endif

#    define BOC_SIMD_BYTES 64
#    define BOC_SIMD_TILE_ROWS 6
#    define BOC_SIMD_TILE_VECTORS 4
#    define BOC_SIMD_KERNELS kAvx512Kernels
#    define BOC_SIMD_NAME "avx512"
#    define BOC_SIMD_STREAM _mm512_stream_pd
#    include "simd.inl"

#    if defined(__clang__)
#        pragma clang attribute pop
#    else
#        pragma GCC pop_options
#    endif
#endif
