#include "runtime.h"

#include <atomic>

namespace boc {

namespace {

std::atomic<bool> g_up{false};

} // namespace

bool runtime_up() noexcept {
    return g_up.load(std::memory_order_acquire);
}

void set_runtime_up(bool up) noexcept {
    g_up.store(up, std::memory_order_release);
}

void schedule(BehaviorPtr behavior) {
    if (!Terminator::instance().enter(kept_count)) {
        py::raise(PyExc_RuntimeError, "runtime is shutting down");
    }
    if (!behavior->schedule()) {
        Terminator::instance().dec();
        py::raise(PyExc_RuntimeError, "bocpy runtime is not running");
    }
    [[maybe_unused]] Behavior* const scheduled = behavior.release(); // not ours now
}

} // namespace boc
