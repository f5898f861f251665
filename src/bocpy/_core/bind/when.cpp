#include "bind/state.h"
#include "capture.h"
#include "cown_list.h"
#include "handle.h"
#include "runtime.h"
#include "site.h"

#include <array>
#include <cstddef>

namespace boc::bind {

namespace {

/// What `when(*cowns)` answers with: waits for the function.
struct Decorator {
    PyObject_VAR_HEAD vectorcallfunc vectorcall;
    PyObject* arguments[1]; ///< what @when was given, with lists as they were then

    [[nodiscard]] std::span<PyObject* const> items() const noexcept {
        return {arguments, static_cast<std::size_t>(ob_base.ob_size)};
    }
};

State& state_of_type(PyObject* self) {
    return *static_cast<State*>(PyType_GetModuleState(Py_TYPE(self)));
}

py::Ref frozen(PyObject* argument) {
    return PyList_Check(argument) ? py::Ref::steal(PyList_AsTuple(argument))
                                  : py::Ref::share(argument);
}

py::Ref tuple_of(std::span<PyObject* const> items) {
    py::Ref tuple = py::Ref::steal(PyTuple_New(static_cast<Py_ssize_t>(items.size())));
    Py_ssize_t i = 0;
    for (PyObject* const item : items) {
        PyTuple_SET_ITEM(tuple.get(), i++, Py_NewRef(item));
    }
    return tuple;
}

void start_if_needed(PyObject* function) {
    if (runtime_up()) {
        return;
    }
    if (!Home::current().primary() || Home::seated()) {
        py::raise(PyExc_RuntimeError, "bocpy runtime is not running");
    }
    const py::Ref started =
        py::call(py::import("bocpy._runtime", "start_for").get(), function);
}

/// A behavior that runs the function's code with the values it captures now.
BehaviorPtr make_behavior(PyObject* function, const CownList& list) {
    const auto arguments = static_cast<Py_ssize_t>(list.positions().size());
    const Plan* const recalled = PlanCache::recall(function);
    if (recalled != nullptr && count_captures(*recalled, function, arguments) == 0) {
        BehaviorPtr made{Behavior::create(list.cowns(), list.positions(), 0)};
        made->set_plan(recalled);
        return made;
    }
    const auto known = Home::current().plans->find(function);
    const auto count = count_captures(*known->plan, function, arguments);
    BehaviorPtr made{Behavior::create(list.cowns(), list.positions(), count)};
    made->set_plan(known->plan);
    if (count > 0) {
        capture(*known, function, made->captures());
    }
    return made;
}

py::Ref schedule_function(PyObject* callable, std::span<PyObject* const> arguments) {
    const py::Ref function = plain_function(callable);
    start_if_needed(function.get());
    CownList list;
    for (PyObject* const argument : arguments) {
        list.add(argument);
    }
    const BehaviorPtr made = make_behavior(function.get(), list);
    made->set_site(SiteCache::here());
    for (Cown* const cown : list.cowns()) {
        cown->reclaim();
    }
    py::Ref handle = make_cown(CownPtr::share(made->result()));
    schedule(*made);
    return handle;
}

/// Lets the traceback of the pending exception end at the user's line.
void point_at_caller() {
    const py::Ref error = py::take_error();
    const py::Ref pointing =
        py::call(py::import("bocpy._failure", "outside").get(), error.get());
    PyErr_SetRaisedException(error.share().release());
}

PyObject* decorator_call(PyObject* self, PyObject* const* args, std::size_t nargsf,
                         PyObject* names) {
    return py::guarded([&] {
        if (PyVectorcall_NARGS(nargsf) != 1 ||
            (names != nullptr && PyTuple_GET_SIZE(names) != 0)) {
            py::raise(PyExc_TypeError, "@when(...) decorates one function");
        }
        const auto arguments = reinterpret_cast<Decorator*>(self)->items();
        if (state_of_type(self).seams->replaced()) {
            const py::Ref by_parts = py::import("bocpy.behaviors", "_when_by_parts");
            return py::call(by_parts.get(), args[0], tuple_of(arguments).get());
        }
        try {
            return schedule_function(args[0], arguments);
        } catch (const py::ErrorSet&) {
            point_at_caller();
            throw;
        }
    });
}

void decorator_dealloc(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    for (PyObject* const argument : reinterpret_cast<Decorator*>(self)->items()) {
        Py_XDECREF(argument);
    }
    type->tp_free(self);
    Py_DECREF(type);
}

PyMemberDef decorator_members[] = {
    {"__vectorcalloffset__", Py_T_PYSSIZET, offsetof(Decorator, vectorcall),
     Py_READONLY, nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot decorator_slots[] = {
    {Py_tp_dealloc, py::slot(decorator_dealloc)},
    {Py_tp_call, py::slot(PyVectorcall_Call)},
    {Py_tp_members, decorator_members},
    {0, nullptr},
};

PyType_Spec decorator_spec = {
    .name = "bocpy._core.Decorator",
    .basicsize = offsetof(Decorator, arguments),
    .itemsize = sizeof(PyObject*),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = decorator_slots,
};

PyObject* when(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        PyTypeObject* const type = state_of(module).decorator_type;
        py::Ref self = py::Ref::steal(type->tp_alloc(type, count));
        auto* const decorator = reinterpret_cast<Decorator*>(self.get());
        decorator->vectorcall = decorator_call;
        for (Py_ssize_t i = 0; i < count; ++i) {
            decorator->arguments[i] = frozen(args[i]).release();
            CownList::check(decorator->arguments[i]);
        }
        return self;
    });
}

PyMethodDef functions[] = {
    {"when", py::method(when), METH_FASTCALL,
     "when(*cowns)\n--\n\nDecorate a function to run once the cowns are free.\n\n"
     "Each argument, a cown or a list or tuple of cowns, becomes one parameter: a\n"
     "CownCapsule, or a list of them. The name is bound to a Cown of the result."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_when(PyObject* module) {
    State& state = state_of(module);
    state.decorator_type = py::make_type(module, &decorator_spec);
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
