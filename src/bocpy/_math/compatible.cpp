#include "compatible.h"

#include <cstdlib>
#include <string_view>

namespace boc::math {

bool clips_from_zero() noexcept {
    static const bool wanted = [] {
        const char* const value = std::getenv("BOCPY_COMPAT");
        return value != nullptr && std::string_view{value}.starts_with("0.5");
    }();
    return wanted;
}

} // namespace boc::math
