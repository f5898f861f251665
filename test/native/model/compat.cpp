// The system, as the model sees it.

#include "compat.h"

#include "clock.h"

namespace boc::compat {

Deadline now() noexcept {
    return model::the_time;
}

std::uint64_t monotonic_ns() noexcept {
    return static_cast<std::uint64_t>(
        std::chrono::nanoseconds{now().time_since_epoch()}.count());
}

unsigned physical_cpu_count() noexcept {
    return 4;
}
unsigned usable_cpu_count() noexcept {
    return 4;
}
std::int64_t process_id() noexcept {
    return 1;
}
void set_thread_name(const char*) noexcept {}

void cpu_relax() noexcept {
    model::pause();
}
void yield() noexcept {
    model::pause();
}

} // namespace boc::compat
