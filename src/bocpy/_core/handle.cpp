#include "handle.h"

#include "py/spares.h"

namespace boc {

namespace {

Capsule* new_capsule(Cown* cown, bool lent) {
    py::Ref made = py::Spares::new_object(Home::current().capsule_type);
    auto* const capsule = reinterpret_cast<Capsule*>(made.release());
    capsule->cown = cown;
    capsule->lent = lent;
    return capsule;
}

} // namespace

py::Ref make_capsule(CownPtr cown) {
    Capsule* const made = new_capsule(cown.get(), false);
    static_cast<void>(cown.release());
    return py::Ref::adopt(reinterpret_cast<PyObject*>(made));
}

py::Ref lend_capsule(Cown* cown) {
    return py::Ref::adopt(reinterpret_cast<PyObject*>(new_capsule(cown, true)));
}

void return_capsule(PyObject* capsule) noexcept {
    const py::Ref done = py::Ref::adopt(capsule);
    auto* const lent = reinterpret_cast<Capsule*>(capsule);
    if (!py::is_unshared(capsule)) {
        lent->cown->retain();
        lent->lent = false;
    }
}

py::Ref make_cown(CownPtr cown) {
    py::Ref made = py::Spares::new_object(Home::current().cown_type);
    auto* const handle = reinterpret_cast<CownHandle*>(made.get());
    handle->cown = cown.release();
    handle->blank = nullptr;
    handle->impl = nullptr;
    handle->weakrefs = nullptr;
    return made;
}

void fill_cown(PyObject* self, CownPtr cown) {
    const py::ObjectLock lock{self};
    auto* const handle = reinterpret_cast<CownHandle*>(self);
    if (handle->blank != nullptr) {
        py::raise(PyExc_RuntimeError, "a Cown is initialised only once");
    }
    handle->blank = std::exchange(handle->cown, cown.release());
}

void free_capsule(PyObject* self) {
    auto* const capsule = reinterpret_cast<Capsule*>(self);
    if (!capsule->lent) {
        capsule->cown->drop();
    }
    py::Spares::free_object(self);
}

void free_cown(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    auto* const handle = reinterpret_cast<CownHandle*>(self);
    if (handle->weakrefs != nullptr) {
        PyObject_ClearWeakRefs(self);
    }
    Py_XDECREF(handle->impl);
    for (Cown* const cown : {handle->cown, handle->blank}) {
        if (cown != nullptr) {
            cown->drop();
        }
    }
    if (type->tp_dealloc == free_cown) {
        py::Spares::free_object(self);
    } else { // of a subclass, which has its own memory
        type->tp_free(self);
        Py_DECREF(type);
    }
}

bool is_cown(PyObject* object) noexcept {
    if (Py_TYPE(object)->tp_dealloc == free_cown) {
        return true;
    }
    if (!PyType_HasFeature(Py_TYPE(object), Py_TPFLAGS_HEAPTYPE)) {
        return false;
    }
    return PyObject_TypeCheck(object, Home::current().cown_type) != 0;
}

} // namespace boc
