#include "py/spares.h"

#include "compat.h"

namespace boc::py {

namespace {

BOC_THREAD_LOCAL Spares::Keeping* t_keeping = nullptr;

} // namespace

Ref Spares::new_object(PyTypeObject* type) {
    Keeping* const kept = t_keeping;
    void* block = nullptr;
    if (kept != nullptr && kept->count_ != 0 && kept->takes(type)) {
        block = kept->blocks_[--kept->count_];
    } else {
        block = PyObject_Malloc(kSize); // SP2
    }
    if (block == nullptr) {
        PyErr_NoMemory();
        throw ErrorSet{};
    }
    return Ref::steal(PyObject_Init(static_cast<PyObject*>(block), type));
}

void Spares::free_object(PyObject* object) noexcept {
    PyTypeObject* const type = Py_TYPE(object);
    Keeping* const kept = t_keeping;
    if (kept != nullptr && kept->count_ < Keeping::kMost && kept->takes(type)) {
        kept->blocks_[kept->count_++] = object;
    } else {
        PyObject_Free(object);
    }
    Py_DECREF(type);
}

Spares::Keeping::Keeping(const Types& types) noexcept : types_{types} {
    t_keeping = this;
}

Spares::Keeping::~Keeping() {
    t_keeping = nullptr;
    while (count_ != 0) {
        PyObject_Free(blocks_[--count_]);
    }
}

} // namespace boc::py
