#include "handle.h"

namespace boc {

py::Ref make_capsule(CownPtr cown) {
    auto* const made = PyObject_New(Capsule, Home::current().capsule_type);
    if (made == nullptr) {
        throw py::ErrorSet{};
    }
    made->cown = cown.release();
    return py::Ref::steal(reinterpret_cast<PyObject*>(made));
}

py::Ref make_cown(CownPtr cown) {
    auto* const made = PyObject_New(CownHandle, Home::current().cown_type);
    if (made == nullptr) {
        throw py::ErrorSet{};
    }
    made->cown = cown.release();
    made->blank = nullptr;
    made->impl = nullptr;
    made->weakrefs = nullptr;
    return py::Ref::steal(reinterpret_cast<PyObject*>(made));
}

void free_capsule(PyObject* self) {
    PyTypeObject* const type = Py_TYPE(self);
    if (Cown* const cown = reinterpret_cast<Capsule*>(self)->cown) {
        cown->drop();
    }
    type->tp_free(self);
    Py_DECREF(type);
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
    type->tp_free(self);
    Py_DECREF(type);
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
