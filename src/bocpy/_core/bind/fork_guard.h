#pragma once

namespace boc::bind {

/// While interpreters of the runtime exist, os.fork() raises: CPython takes them down
/// in the child, which crashes it. Idempotent; throws py::ErrorSet. CPython reads its
/// list of hooks without a lock: call it before there are workers.
void guard_forks();
/// Counts interpreters of the runtime in and out.
void count_interpreter(int difference) noexcept;

} // namespace boc::bind
