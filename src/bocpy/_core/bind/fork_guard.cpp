#include "bind/fork_guard.h"

#include "py/error.h"

#include <atomic>
#include <mutex>
#include <string_view>

namespace boc::bind {

namespace {

std::atomic<int> g_interpreters{0};
std::once_flag g_hooked;

/// Whether the function of `subprocess` that runs has been asked to call one in the
/// child before it executes the program.
bool calls_in_child() noexcept {
    PyObject* const frame = reinterpret_cast<PyObject*>(PyEval_GetFrame());
    const py::Ref hook = py::Ref::adopt(py::guarded([frame] {
        const py::Ref variables = py::attribute(frame, "f_locals");
        return py::Ref::steal(PyMapping_GetItemString(variables.get(), "preexec_fn"));
    }));
    PyErr_Clear();
    return hook && hook.get() != Py_None;
}

int refuse_fork(const char* event, PyObject*, void*) {
    const std::string_view name{event};
    const bool forks = name == "os.fork" || name == "os.forkpty";
    if (g_interpreters.load(std::memory_order_relaxed) == 0 ||
        !(forks || (name == "subprocess.Popen" && calls_in_child()))) {
        return 0;
    }
    PyErr_SetString(
        PyExc_RuntimeError,
        "cannot fork while bocpy's worker interpreters run: CPython would crash "
        "in the child. Call wait() before, use start(backend=\"threads\"), or "
        "spawn a process without preexec_fn instead");
    return -1;
}

} // namespace

void guard_forks() {
    std::call_once(g_hooked,
                   [] { py::check(PySys_AddAuditHook(refuse_fork, nullptr)); });
}

void count_interpreter(int difference) noexcept {
    g_interpreters.fetch_add(difference, std::memory_order_relaxed);
}

} // namespace boc::bind
