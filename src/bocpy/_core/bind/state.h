#pragma once

#include "bind/seams.h"
#include "home.h"
#include "py/type.h"

#include <cstdint>

namespace boc::bind {

/// What one instance of the module holds: one per interpreter.
struct State {
    Home* home;
    PyTypeObject* capsule_type;
    PyTypeObject* cown_type;
    PyTypeObject* behavior_type;
    PyTypeObject* decorator_type;
    Seams* seams;
    PyObject* on_starve;        ///< what the watchdog of the pump calls, or null
    std::int64_t starved_after; ///< milliseconds; 0 while it is off
};

[[nodiscard]] inline State& state_of(PyObject* module) noexcept {
    return *static_cast<State*>(PyModule_GetState(module));
}

/// Each adds its functions or types to a module under construction; throws
/// py::ErrorSet.
void add_census(PyObject* module);
void add_cown(PyObject* module);
void add_behavior(PyObject* module);
void add_when(PyObject* module);
void add_workers(PyObject* module);
void add_runtime(PyObject* module);
void add_mailbox(PyObject* module);
void add_noticeboard(PyObject* module);
void add_report(PyObject* module);
void add_pinned(PyObject* module);
void add_pump(PyObject* module);

/// Throws RuntimeError "<name> must be called from the primary interpreter" elsewhere.
void require_primary(const char* name);

/// Seconds as the runtime reads time-outs: None, +inf and above 1e9 wait forever,
/// negative does not wait, NaN is a ValueError, anything but a number a TypeError.
struct Timeout {
    bool forever;
    double seconds;
};
[[nodiscard]] Timeout parse_timeout(PyObject* seconds);

} // namespace boc::bind
