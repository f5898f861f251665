#include "bind/state.h"
#include "census.h"
#include "handle.h"

namespace boc::bind {

namespace {

/// A capsule of a cown that is pinned already stands for that one.
CownPtr pinned_for(PyObject* value, const char* what) {
    if (!Home::on_main()) {
        py::raise(PyExc_RuntimeError,
                  "%s() runs on the main interpreter only: make the cown there, and "
                  "capture its handle",
                  what);
    }
    Home::current().recycle_on_main();
    if (is_capsule(value) && cown_behind(value)->pinned()) {
        return CownPtr::share(cown_behind(value));
    }
    return CownPtr::adopt(Cown::create_pinned(py::Ref::share(value)));
}

int pinned_init(PyObject* self, PyObject* args, PyObject* kwargs) {
    return py::guarded_int([&] {
        PyObject* value = nullptr;
        static const char* const names[] = {"value", nullptr};
        if (PyArg_ParseTupleAndKeywords(args, kwargs, "O:PinnedCown",
                                        const_cast<char**>(names), &value) == 0) {
            throw py::ErrorSet{};
        }
        fill_cown(self, pinned_for(value, "PinnedCown"));
    });
}

PyObject* pinned_capsule(PyObject*, PyObject* value) {
    return py::guarded(
        [value] { return make_capsule(pinned_for(value, "PinnedCownCapsule")); });
}

PyObject* is_pinned(PyObject*, PyObject* object) {
    return py::guarded([object] {
        const Cown* const cown = cown_behind(object);
        if (cown == nullptr) {
            py::raise(PyExc_TypeError, "expected a Cown, not %.200s",
                      Py_TYPE(object)->tp_name);
        }
        return py::Ref::share(cown->pinned() ? Py_True : Py_False);
    });
}

PyObject* pinned_count(PyObject*, PyObject*) {
    return PyLong_FromLongLong(Census::total(Counted::kPinnedCown));
}

PyType_Slot slots[] = {
    {Py_tp_doc,
     const_cast<char*>(
         "PinnedCown(value)\n--\n\nA cown whose value stays the same object of the "
         "main interpreter.\n\n"
         "The value is never serialised. Behaviors that are scheduled over such a "
         "cown\n"
         "run on the main interpreter, when that calls pump(), quiesce() or wait();\n"
         "they may be scheduled from everywhere.\n\n"
         "Args:\n"
         "    value: any object.\n\n"
         "Raises:\n"
         "    RuntimeError: in a worker.\n")},
    {Py_tp_init, py::slot(pinned_init)},
    {0, nullptr},
};

PyType_Spec spec = {
    .name = "bocpy.behaviors.PinnedCown",
    .basicsize = sizeof(CownHandle),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

PyMethodDef functions[] = {
    {"PinnedCownCapsule", pinned_capsule, METH_O,
     "PinnedCownCapsule(value, /)\n--\n\nA new pinned cown as bodies get it."},
    {"cown_is_pinned", is_pinned, METH_O,
     "cown_is_pinned(cown, /)\n--\n\nWhether a Cown or CownCapsule is of a pinned "
     "one."},
    {"pinned_cown_count", pinned_count, METH_NOARGS,
     "pinned_cown_count()\n--\n\nHow many pinned cowns live."},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_pinned(PyObject* module) {
    const py::Ref type = py::Ref::steal(reinterpret_cast<PyObject*>(
        py::make_type(module, &spec, state_of(module).cown_type)));
    py::check(PyModule_AddType(module, reinterpret_cast<PyTypeObject*>(type.get())));
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
