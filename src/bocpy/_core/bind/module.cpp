#include "bind/state.h"
#include "capture.h"
#include "pump.h"
#include "py/faults.h"
#include "site.h"

namespace boc::bind {

namespace {

int exec(PyObject* module) {
    return py::guarded_int([module] {
        State& state = state_of(module);
        state.home = Home::open();
        if (state.home->plans == nullptr) {
            state.home->plans = new PlanCache;
        }
        if (state.home->sites == nullptr) {
            state.home->sites = new SiteCache;
        }
        if (state.home->pump == nullptr && state.home->primary()) {
            state.home->pump = new Pump;
        }
        add_census(module);
        add_cown(module);
        add_behavior(module);
        add_when(module);
        add_runtime(module);
        add_workers(module);
        add_mailbox(module);
        add_noticeboard(module);
        add_report(module);
        add_pinned(module);
        add_pump(module);
        py::add_faults(module);
        state.seams = new Seams{module};
    });
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    const State& state = state_of(module);
    Py_VISIT(state.capsule_type);
    Py_VISIT(state.cown_type);
    Py_VISIT(state.behavior_type);
    Py_VISIT(state.decorator_type);
    Py_VISIT(state.on_starve);
    return state.seams != nullptr ? state.seams->traverse(visit, arg) : 0;
}

int clear(PyObject* module) {
    State& state = state_of(module);
    if (state.home != nullptr && state.home->plans != nullptr) {
        state.home->plans->clear();
    }
    if (state.home != nullptr && state.home->sites != nullptr) {
        state.home->sites->clear();
    }
    if (state.home != nullptr && state.home->pump != nullptr) {
        state.home->pump->clear();
    }
    delete std::exchange(state.seams, nullptr);
    Py_CLEAR(state.behavior_type);
    Py_CLEAR(state.decorator_type);
    Py_CLEAR(state.on_starve);
    return 0;
}

void free_module(void* module) {
    State& state = state_of(static_cast<PyObject*>(module));
    clear(static_cast<PyObject*>(module));
    if (state.home != nullptr) {
        state.home->close();
    }
    Py_CLEAR(state.capsule_type);
    Py_CLEAR(state.cown_type);
}

PyModuleDef_Slot slots[] = {
    {Py_mod_exec, py::slot(exec)},
#if BOC_HAS_OWN_GIL
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if BOC_HAS_GIL_SLOT
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "bocpy._core",
    .m_doc = "Cowns, behaviors and the runtime that brings them together.",
    .m_size = sizeof(State),
    .m_methods = nullptr,
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = free_module,
};

} // namespace

} // namespace boc::bind

PyMODINIT_FUNC PyInit__core() {
    return PyModuleDef_Init(&boc::bind::definition);
}
