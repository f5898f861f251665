#include "py/spares.h"

#include "compat.h"

namespace boc::py {

namespace {

constexpr unsigned kMost = 16;

struct Shelf {
    Spares::Types types; ///< none: keep nothing
    unsigned count;
    std::array<void*, kMost> blocks;

    [[nodiscard]] bool takes(const PyTypeObject* type) const noexcept { // P1
        return type == types[0] || type == types[1] || type == types[2];
    }
};

BOC_THREAD_LOCAL Shelf t_shelf{};

} // namespace

Ref Spares::new_object(PyTypeObject* type) {
    Shelf& shelf = t_shelf;
    void* block = nullptr;
    if (shelf.count != 0 && shelf.takes(type)) {
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
    if (shelf.count < kMost && shelf.takes(type)) {
        shelf.blocks[shelf.count++] = object;
    } else {
        PyObject_Free(object);
    }
    Py_DECREF(type);
}

Spares::Keeping::Keeping(const Types& types) noexcept {
    t_shelf.types = types;
}

Spares::Keeping::~Keeping() {
    Shelf& shelf = t_shelf;
    shelf.types = {};
    while (shelf.count != 0) {
        PyObject_Free(shelf.blocks[--shelf.count]);
    }
}

} // namespace boc::py
