#include "kernels.h"

#include <cstdlib>
#include <cstring>

namespace boc::math {

namespace {

/// BOCPY_SIMD=baseline|avx2 holds the choice down, for tests.
[[maybe_unused]] bool allowed(const char* level) noexcept {
    const char* const most = std::getenv("BOCPY_SIMD");
    if (most == nullptr || std::strcmp(most, level) == 0) {
        return true;
    }
    return std::strcmp(most, "avx2") != 0 && std::strcmp(most, "baseline") != 0;
}

const Kernels& choose() noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && allowed("avx512")) {
        return kAvx512Kernels;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
        allowed("avx2")) {
        return kAvx2Kernels;
    }
#endif
    return kBaselineKernels;
}

} // namespace

const Kernels& chosen_kernels = choose();

} // namespace boc::math
