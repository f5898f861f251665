#pragma once

#include "matrix.h"
#include "py/type.h"

namespace boc::math {

/// An object that keeps a block alive; the base of all types here but Matrix.
struct Holder {
    PyObject_HEAD Block* block;
};

/// Makes an object of `type` around a block.
template <typename Object>
[[nodiscard]] Object* hold(PyTypeObject* type, Block& block) {
    Object* const self = PyObject_New(Object, type);
    if (self == nullptr) {
        throw py::ErrorSet{};
    }
    block.acquire();
    self->block = &block;
    return self;
}

/// tp_dealloc of such an object.
inline void let_go(PyObject* self) noexcept {
    PyTypeObject* const type = Py_TYPE(self);
    reinterpret_cast<Holder*>(self)->block->release();
    PyObject_Free(self);
    Py_DECREF(type);
}

/// The block, if the caller may touch it.
[[nodiscard]] inline Block& held_by(PyObject* self) {
    Block* const block = reinterpret_cast<Holder*>(self)->block;
    if (block->owner() != me()) {
        raise_not_held(block);
    }
    return *block;
}

/// Makes a type that Python code cannot instantiate, extend or change.
[[nodiscard]] inline PyTypeObject* make_closed_type(PyObject* module, const char* name,
                                                    std::size_t size,
                                                    PyType_Slot* slots) {
    PyType_Spec spec{name, static_cast<int>(size), 0,
                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE |
                         Py_TPFLAGS_DISALLOW_INSTANTIATION,
                     slots};
    return py::make_type(module, &spec);
}

} // namespace boc::math
