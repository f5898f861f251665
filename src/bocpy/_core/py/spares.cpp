#include "py/spares.h"

#include "compat.h"

#include <array>

namespace boc::py {

namespace {

constexpr unsigned kMost = 16;

struct Shelf {
    PyInterpreterState* interpreter; ///< null: keep nothing
    unsigned count;
    std::array<void*, kMost> blocks;
};

BOC_THREAD_LOCAL Shelf t_shelf{};

} // namespace

Ref Spares::new_object(PyTypeObject* type) {
    Shelf& shelf = t_shelf;
    void* block = nullptr;
    if (shelf.count != 0 && shelf.interpreter == PyInterpreterState_Get()) { // P1
        block = shelf.blocks[--shelf.count];
    } else {
        block = PyObject_Malloc(kSize); // P2
    }
    if (block == nullptr) {
        PyErr_NoMemory();
        throw ErrorSet{};
    }
    return Ref::steal(PyObject_Init(static_cast<PyObject*>(block), type));
}

void Spares::free_object(PyObject* object) noexcept {
    PyTypeObject* const type = Py_TYPE(object);
    Shelf& shelf = t_shelf;
    if (shelf.count < kMost && shelf.interpreter == PyInterpreterState_Get()) { // P1
        shelf.blocks[shelf.count++] = object;
    } else {
        PyObject_Free(object);
    }
    Py_DECREF(type);
}

Spares::Keeping::Keeping() noexcept {
    t_shelf.interpreter = PyInterpreterState_Get();
}

Spares::Keeping::~Keeping() {
    Shelf& shelf = t_shelf;
    shelf.interpreter = nullptr;
    while (shelf.count != 0) {
        PyObject_Free(shelf.blocks[--shelf.count]);
    }
}

} // namespace boc::py
