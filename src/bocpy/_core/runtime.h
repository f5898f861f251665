#pragma once

#include "behavior.h"
#include "terminator.h"

namespace boc {

/// Whether a runtime is up: `@when` starts one otherwise.
[[nodiscard]] bool runtime_up() noexcept;
void set_runtime_up(bool up) noexcept;

/// What the calling thread keeps of the terminator's count while it is a worker.
inline BOC_THREAD_LOCAL Terminator::Kept kept_count{};

/// Counts a behavior in and schedules it. Throws RuntimeError, with nothing scheduled,
/// if the runtime is shutting down or not there.
void schedule(BehaviorPtr behavior);

} // namespace boc
