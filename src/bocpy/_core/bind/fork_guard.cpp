#include "bind/fork_guard.h"

#include "py/error.h"

#include <atomic>
#include <mutex>
#include <string_view>

namespace boc::bind {

namespace {

std::atomic<int> g_interpreters{0};
std::once_flag g_hooked;

int refuse_fork(const char* event, PyObject*, void*) {
    const std::string_view name{event};
    if (g_interpreters.load(std::memory_order_relaxed) == 0 ||
        (name != "os.fork" && name != "os.forkpty")) {
        return 0;
    }
    PyErr_SetString(
        PyExc_RuntimeError,
        "cannot fork while bocpy's worker interpreters run: CPython would crash "
        "in the child. Call wait() before, use start(backend=\"threads\"), or "
        "spawn a process instead");
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
