#include "bind/state.h"
#include "capture.h"
#include "cown_list.h"
#include "handle.h"
#include "py/spares.h"
#include "runtime.h"
#include "site.h"

#include <array>
#include <cstddef>

namespace boc::bind {

namespace {

/// What `when(*cowns)` answers with: waits for the function.
struct Decorator {
    static constexpr std::size_t kFew = 4;

    PyObject_HEAD vectorcallfunc vectorcall;
    std::size_t size;
    PyObject* held[kFew]; ///< what @when was given, or a tuple of that if it is more

    /// The arguments, with lists as they were when @when was called.
    [[nodiscard]] std::span<PyObject* const> items() const noexcept {
        if (size <= kFew) {
            return {held, size};
        }
        return {reinterpret_cast<PyTupleObject*>(held[0])->ob_item, size};
    }
};
static_assert(sizeof(Decorator) <= py::Spares::kSize);

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
    if (!Home::on_main()) {
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
    BehaviorPtr made = make_behavior(function.get(), list);
    made->set_site(SiteCache::here());
    for (Cown* const cown : list.cowns()) {
        cown->reclaim();
    }
    py::Ref handle = make_cown(made->share_new_result());
    schedule(std::move(made));
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
    const auto& decorator = *reinterpret_cast<Decorator*>(self);
    const std::size_t held = decorator.size <= Decorator::kFew ? decorator.size : 1;
    for (std::size_t i = 0; i < held; ++i) {
        Py_DECREF(decorator.held[i]);
    }
    py::Spares::free_object(self);
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
    .basicsize = sizeof(Decorator),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
             Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = decorator_slots,
};

py::Ref checked(PyObject* argument) {
    py::Ref kept = frozen(argument);
    CownList::check(kept.get());
    return kept;
}

void hold(Decorator& decorator, std::span<PyObject* const> arguments) {
    if (arguments.size() > Decorator::kFew) {
        const auto size = static_cast<Py_ssize_t>(arguments.size());
        py::Ref tuple = py::Ref::steal(PyTuple_New(size));
        for (Py_ssize_t i = 0; i < size; ++i) {
            PyObject* const argument = arguments[static_cast<std::size_t>(i)];
            PyTuple_SET_ITEM(tuple.get(), i, checked(argument).release());
        }
        decorator.held[0] = tuple.release();
        decorator.size = arguments.size();
        return;
    }
    for (PyObject* const argument : arguments) {
        decorator.held[decorator.size] = checked(argument).release();
        ++decorator.size;
    }
}

PyObject* when(PyObject* module, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        py::Ref self = py::Spares::new_object(state_of(module).decorator_type);
        auto& decorator = *reinterpret_cast<Decorator*>(self.get());
        decorator.vectorcall = decorator_call;
        decorator.size = 0;
        hold(decorator, {args, static_cast<std::size_t>(count)});
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
    state.home->decorator_type = state.decorator_type;
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
