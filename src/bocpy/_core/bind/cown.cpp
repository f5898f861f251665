#include "bind/state.h"
#include "compat.h"
#include "handle.h"
#include "pins.h"
#include "terminator.h"

#include <cstdint>
#include <cstring>

namespace boc::bind {

namespace {

Cown& behind(PyObject* self) {
    return *cown_behind(self);
}

template <void (Cown::*step)()>
PyObject* call(PyObject* self, PyObject*) {
    return py::guarded([self] {
        const CownPtr cown = CownPtr::share(cown_behind(self));
        (cown.get()->*step)();
        return py::Ref::none();
    });
}

PyObject* get_value(PyObject* self, void*) {
    return py::guarded([self] { return behind(self).value(); });
}

int set_value(PyObject* self, PyObject* value, void*) {
    return py::guarded_int([&] {
        if (value == nullptr) {
            py::raise(PyExc_TypeError, "cannot delete value attribute");
        }
        behind(self).set_value(py::Ref::share(value));
    });
}

/// Whether an attribute is the one that bodies ask for again and again: they need not
/// wait for its descriptor to be found.
bool is_value(PyObject* name) noexcept {
    return PyUnicode_CheckExact(name) && PyUnicode_IS_COMPACT_ASCII(name) &&
           PyUnicode_GET_LENGTH(name) == 5 &&
           std::memcmp(PyUnicode_DATA(name), "value", 5) == 0;
}

/// Whether it has the attributes of a handle, and no others that a subclass has put
/// before them.
bool is_plain(PyObject* self) noexcept {
    return is_capsule(self) || Py_TYPE(self)->tp_dealloc == free_cown;
}

PyObject* get_attribute(PyObject* self, PyObject* name) {
    if (is_value(name) && is_plain(self)) {
        return get_value(self, nullptr);
    }
    return PyObject_GenericGetAttr(self, name);
}

int set_attribute(PyObject* self, PyObject* name, PyObject* value) {
    if (is_value(name) && is_plain(self)) {
        return set_value(self, value, nullptr);
    }
    return PyObject_GenericSetAttr(self, name, value);
}

PyObject* get_exception(PyObject* self, void*) {
    return py::guarded([self] {
        return py::Ref::share(behind(self).exception() ? Py_True : Py_False);
    });
}

int set_exception(PyObject* self, PyObject* raised, void*) {
    return py::guarded_int([&] {
        if (raised == nullptr) {
            py::raise(PyExc_TypeError, "cannot delete exception attribute");
        }
        behind(self).set_exception(py::check(PyObject_IsTrue(raised)) != 0);
    });
}

PyObject* get_acquired(PyObject* self, void*) {
    return PyBool_FromLong(behind(self).owned());
}

PyObject* is_acquired(PyObject* self, PyObject*) {
    return get_acquired(self, nullptr);
}

Py_hash_t hash(PyObject* self) {
    const auto address = reinterpret_cast<Py_hash_t>(&behind(self));
    return address == -1 ? -2 : address;
}

py::Ref describe(PyObject* self) {
    Cown& cown = behind(self);
    if (!cown.owned()) {
        return py::Ref::steal(PyUnicode_FromFormat("CownCapsule(%p, value=<not owner>)",
                                                   static_cast<void*>(&cown)));
    }
    if (py::check(Py_ReprEnter(self)) != 0) {
        return py::Ref::steal(PyUnicode_FromFormat("CownCapsule(%p, value=...)",
                                                   static_cast<void*>(&cown)));
    }
    PyObject* const text = py::guarded([&] {
        return py::Ref::steal(PyUnicode_FromFormat("CownCapsule(%p, value=%R)",
                                                   static_cast<void*>(&cown),
                                                   cown.value().get()));
    });
    Py_ReprLeave(self);
    return py::Ref::steal(text);
}

PyObject* repr(PyObject* self) {
    return py::guarded([self] { return describe(self); });
}

PyObject* compare(PyObject* left, PyObject* right, int operation) {
    const auto a = reinterpret_cast<std::uintptr_t>(cown_behind(left));
    const auto b = reinterpret_cast<std::uintptr_t>(cown_behind(right));
    Py_RETURN_RICHCOMPARE(a, b, operation);
}

// CownCapsule

PyObject* capsule_new(PyTypeObject*, PyObject* args, PyObject* kwargs) {
    return py::guarded([&] {
        PyObject* value = Py_None;
        static const char* const names[] = {"value", nullptr};
        if (PyArg_ParseTupleAndKeywords(args, kwargs, "|O:CownCapsule",
                                        const_cast<char**>(names), &value) == 0) {
            throw py::ErrorSet{};
        }
        CownPtr cown = CownPtr::adopt(Cown::create({}));
        cown->acquire();
        cown->set_value(py::Ref::share(value));
        return make_capsule(std::move(cown));
    });
}

PyObject* capsule_get(PyObject* self, PyObject*) {
    return get_value(self, nullptr);
}

PyObject* capsule_set(PyObject* self, PyObject* value) {
    return py::guarded([&] {
        behind(self).set_value(py::Ref::share(value));
        return py::Ref::none();
    });
}

PyObject* capsule_impl(PyObject* self, void*) {
    return Py_NewRef(self);
}

PyObject* capsule_compare(PyObject* left, PyObject* right, int operation) {
    if (!is_capsule(right)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return compare(left, right, operation);
}

PyObject* capsule_reduce(PyObject* self, PyObject*) {
    return py::guarded([self] {
        Cown& cown = behind(self);
        const py::Ref load = py::import("bocpy._core", "_cown_capsule_from_pointer");
        note_pickled(&cown);
        return py::Ref::steal(
            Py_BuildValue("O(NL)", load.get(), PyLong_FromVoidPtr(&cown),
                          static_cast<long long>(compat::process_id())));
    });
}

PyObject* from_pointer(PyObject*, PyObject* args) {
    return py::guarded([args] {
        PyObject* address = nullptr;
        long long pid = 0;
        if (PyArg_ParseTuple(args, "OL:_cown_capsule_from_pointer", &address, &pid) ==
            0) {
            throw py::ErrorSet{};
        }
        if (pid != compat::process_id()) {
            py::raise(PyExc_RuntimeError,
                      "CownCapsule cannot be unpickled in a different process");
        }
        const void* const pointer = PyLong_AsVoidPtr(address);
        if (pointer == nullptr && PyErr_Occurred() != nullptr) {
            throw py::ErrorSet{};
        }
        CownPtr cown = find_pickled(pointer);
        if (!cown) {
            py::raise(PyExc_ValueError, "Invalid cown pointer");
        }
        return make_capsule(std::move(cown));
    });
}

/// Takes the value out once nothing is pending; throws it if a body raised it.
PyObject* unwrap(PyObject* self, PyObject*) {
    return py::guarded([self] {
        if (Terminator::instance().pending() > 0) {
            py::raise(PyExc_RuntimeError,
                      "unwrap(): behaviors are still in flight; call quiesce() first");
        }
        Cown& cown = behind(self);
        cown.acquire();
        const bool raised = cown.exception();
        py::Ref value = cown.value();
        cown.set_value(py::Ref::none());
        cown.release();
        if (raised && PyExceptionInstance_Check(value.get())) {
            PyErr_SetRaisedException(value.release());
            throw py::ErrorSet{};
        }
        if (raised) {
            py::raise(PyExc_RuntimeError,
                      "the cown is marked as failed but holds %R, not an exception",
                      value.get());
        }
        return value;
    });
}

constexpr const char* kUnwrapDoc =
    "unwrap($self)\n--\n\n"
    "Take the value out, and leave None; raise it if a body raised it.\n\n"
    "RuntimeError while behaviors are pending: call quiesce() or wait() first.";

PyMethodDef capsule_methods[] = {
    {"get", capsule_get, METH_NOARGS, "get($self)\n--\n\nThe value."},
    {"set", capsule_set, METH_O, "set($self, value, /)\n--\n\nReplace the value."},
    {"acquired", is_acquired, METH_NOARGS,
     "acquired($self)\n--\n\nWhether the current interpreter owns the cown."},
    {"acquire", call<&Cown::acquire>, METH_NOARGS,
     "acquire($self)\n--\n\nOwn the cown; RuntimeError if another interpreter does."},
    {"release", call<&Cown::release>, METH_NOARGS,
     "release($self)\n--\n\nGive the cown up, its value serialised."},
    {"disown", call<&Cown::disown>, METH_NOARGS,
     "disown($self)\n--\n\nGive the cown up and lose its value."},
    {"unwrap", unwrap, METH_NOARGS, kUnwrapDoc},
    {"__reduce__", capsule_reduce, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef capsule_attributes[] = {
    {"value", get_value, set_value, "The value; the interpreter must own the cown.",
     nullptr},
    {"exception", get_exception, set_exception,
     "Whether the value is an exception that a body raised.", nullptr},
    {"impl", capsule_impl, nullptr, "The capsule itself.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyType_Slot capsule_slots[] = {
    {Py_tp_doc,
     const_cast<char*>(
         "CownCapsule(value=None)\n--\n\nA cown as a body gets it. Made by hand, "
         "it is acquired by the current interpreter.")},
    {Py_tp_new, py::slot(capsule_new)},
    {Py_tp_dealloc, py::slot(free_capsule)},
    {Py_tp_repr, py::slot(repr)},
    {Py_tp_str, py::slot(repr)},
    {Py_tp_hash, py::slot(hash)},
    {Py_tp_richcompare, py::slot(capsule_compare)},
    {Py_tp_getattro, py::slot(get_attribute)},
    {Py_tp_setattro, py::slot(set_attribute)},
    {Py_tp_methods, capsule_methods},
    {Py_tp_getset, capsule_attributes},
    {0, nullptr},
};

PyType_Spec capsule_spec = {
    .name = "bocpy._core.CownCapsule",
    .basicsize = sizeof(Capsule),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = capsule_slots,
};

// Cown

Cown* cown_for(PyObject* value) {
    if (is_capsule(value)) {
        return CownPtr::share(cown_behind(value)).release();
    }
    return Cown::create(Parcel::pack(value));
}

py::Ref new_handle(PyTypeObject* type, CownPtr cown, PyObject* capsule) {
    py::Ref self;
    if (type->tp_dealloc == free_cown) {
        self = make_cown(std::move(cown));
    } else {
        self = py::Ref::steal(type->tp_alloc(type, 0));
        reinterpret_cast<CownHandle*>(self.get())->cown = cown.release();
    }
    reinterpret_cast<CownHandle*>(self.get())->impl = Py_XNewRef(capsule);
    return self;
}

py::Ref new_handle(PyTypeObject* type, PyObject* value) {
    return new_handle(type, CownPtr::adopt(cown_for(value)),
                      is_capsule(value) ? value : nullptr);
}

PyObject* cown_vectorcall(PyObject* type, PyObject* const* args, std::size_t nargsf,
                          PyObject* names) {
    return py::guarded([&] {
        const bool named =
            names != nullptr && PyTuple_GET_SIZE(names) == 1 &&
            PyUnicode_CompareWithASCIIString(PyTuple_GET_ITEM(names, 0), "value") == 0;
        const auto given = PyVectorcall_NARGS(nargsf) + (named ? 1 : 0);
        if (given != 1 ||
            (names != nullptr && PyTuple_GET_SIZE(names) != 0 && !named)) {
            py::raise(PyExc_TypeError, "Cown() takes exactly one argument, the value");
        }
        return new_handle(reinterpret_cast<PyTypeObject*>(type), args[0]);
    });
}

/// For subclasses: their __init__ may take other arguments.
PyObject* cown_new(PyTypeObject* type, PyObject*, PyObject*) {
    return py::guarded(
        [type] { return new_handle(type, CownPtr::adopt(Cown::create({})), nullptr); });
}

int cown_init(PyObject* self, PyObject* args, PyObject* kwargs) {
    return py::guarded_int([&] {
        PyObject* value = nullptr;
        static const char* const names[] = {"value", nullptr};
        if (PyArg_ParseTupleAndKeywords(args, kwargs, "O:Cown",
                                        const_cast<char**>(names), &value) == 0) {
            throw py::ErrorSet{};
        }
        fill_cown(self, CownPtr::adopt(cown_for(value)));
    });
}

PyObject* cown_impl(PyObject* self, void*) {
    return py::guarded([self] {
        const py::ObjectLock lock{self};
        auto* const handle = reinterpret_cast<CownHandle*>(self);
        if (handle->impl == nullptr) {
            handle->impl = make_capsule(CownPtr::share(handle->cown)).release();
        }
        return py::Ref::share(handle->impl);
    });
}

PyObject* cown_enter(PyObject* self, PyObject*) {
    return py::guarded([self] {
        Cown& cown = behind(self);
        cown.acquire();
        return cown.value();
    });
}

PyObject* cown_exit(PyObject* self, PyObject*) {
    return py::guarded([self] {
        behind(self).release();
        return py::Ref::none();
    });
}

PyObject* cown_compare(PyObject* left, PyObject* right, int operation) {
    const bool defined = operation == Py_EQ || operation == Py_NE || operation == Py_LT;
    if (!defined || !is_cown(right)) {
        Py_RETURN_NOTIMPLEMENTED;
    }
    return compare(left, right, operation);
}

PyObject* cown_reduce(PyObject* self, PyObject*) {
    return py::guarded([self] {
        const py::Ref impl = py::Ref::steal(cown_impl(self, nullptr));
        const py::Ref state = py::Ref::adopt(PyObject_GetAttrString(self, "__dict__"));
        PyErr_Clear(); // a Cown proper has none
        PyObject* const type = reinterpret_cast<PyObject*>(Py_TYPE(self));
        if (type == reinterpret_cast<PyObject*>(Home::current().cown_type)) {
            return py::Ref::steal(Py_BuildValue("O(O)", type, impl.get()));
        }
        const py::Ref load = py::import("bocpy._core", "_cown_from_capsule");
        return py::Ref::steal(Py_BuildValue("O(OO)O", load.get(), type, impl.get(),
                                            state ? state.get() : Py_None));
    });
}

PyObject* from_capsule(PyObject*, PyObject* args) {
    return py::guarded([args] {
        PyObject* type = nullptr;
        PyObject* capsule = nullptr;
        if (PyArg_ParseTuple(args, "OO:_cown_from_capsule", &type, &capsule) == 0) {
            throw py::ErrorSet{};
        }
        auto* const cown_type = Home::current().cown_type;
        if (!PyType_Check(type) || !is_capsule(capsule) ||
            PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(type), cown_type) == 0) {
            py::raise(PyExc_TypeError, "expected a subclass of Cown and a CownCapsule");
        }
        return new_handle(reinterpret_cast<PyTypeObject*>(type), capsule);
    });
}

PyMethodDef cown_methods[] = {
    {"acquire", call<&Cown::acquire>, METH_NOARGS,
     "acquire($self)\n--\n\nOwn the cown; RuntimeError if another interpreter does."},
    {"release", call<&Cown::release>, METH_NOARGS,
     "release($self)\n--\n\nGive the cown up, its value serialised."},
    {"unwrap", unwrap, METH_NOARGS, kUnwrapDoc},
    {"__enter__", cown_enter, METH_NOARGS, nullptr},
    {"__exit__", cown_exit, METH_VARARGS, nullptr},
    {"__reduce__", cown_reduce, METH_NOARGS, nullptr},
    {"__class_getitem__", Py_GenericAlias, METH_O | METH_CLASS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

PyGetSetDef cown_attributes[] = {
    {"value", get_value, set_value, "The value; the interpreter must own the cown.",
     nullptr},
    {"exception", get_exception, set_exception,
     "Whether the value is an exception that a body raised.", nullptr},
    {"acquired", get_acquired, nullptr,
     "Whether the current interpreter owns the cown.", nullptr},
    {"impl", cown_impl, nullptr, "The CownCapsule.", nullptr},
    {nullptr, nullptr, nullptr, nullptr, nullptr},
};

PyMemberDef cown_members[] = {
    {"__weaklistoffset__", Py_T_PYSSIZET, offsetof(CownHandle, weakrefs), Py_READONLY,
     nullptr},
    {nullptr, 0, 0, 0, nullptr},
};

PyType_Slot cown_slots[] = {
    {Py_tp_doc,
     const_cast<char*>(
         "Cown(value)\n--\n\nA shared container for one value. The value is serialised "
         "at "
         "once; behaviors scheduled with @when get it, one after the other.")},
    {Py_tp_new, py::slot(cown_new)},
    {Py_tp_init, py::slot(cown_init)},
    {Py_tp_dealloc, py::slot(free_cown)},
    {Py_tp_repr, py::slot(repr)},
    {Py_tp_str, py::slot(repr)},
    {Py_tp_hash, py::slot(hash)},
    {Py_tp_richcompare, py::slot(cown_compare)},
    {Py_tp_getattro, py::slot(get_attribute)},
    {Py_tp_setattro, py::slot(set_attribute)},
    {Py_tp_methods, cown_methods},
    {Py_tp_getset, cown_attributes},
    {Py_tp_members, cown_members},
    {0, nullptr},
};

PyType_Spec cown_spec = {
    .name = "bocpy.behaviors.Cown",
    .basicsize = sizeof(CownHandle),
    .itemsize = 0,
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = cown_slots,
};

PyMethodDef functions[] = {
    {"_cown_capsule_from_pointer", from_pointer, METH_VARARGS, nullptr},
    {"_cown_from_capsule", from_capsule, METH_VARARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_cown(PyObject* module) {
    State& state = state_of(module);
    Home& home = *state.home;
    if (home.cown_type == nullptr) {
        state.capsule_type = home.capsule_type = py::make_type(module, &capsule_spec);
        state.cown_type = home.cown_type = py::make_type(module, &cown_spec);
        home.cown_type->tp_vectorcall = cown_vectorcall;
    } else { // a module that is loaded a second time has the types of the first
        state.capsule_type = py::share_type(home.capsule_type);
        state.cown_type = py::share_type(home.cown_type);
    }
    py::check(PyModule_AddType(module, state.capsule_type));
    py::check(PyModule_AddType(module, state.cown_type));
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
