#include "matrix.h"

#include "lanes.h"

#include <algorithm>

namespace boc::math {

namespace {

Block*& block_in(PyObject* matrix) noexcept {
    return reinterpret_cast<Matrix*>(matrix)->block;
}

} // namespace

void matrix_dealloc(PyObject* self) noexcept {
    PyTypeObject* const type = Py_TYPE(self);
    { const BlockRef block = BlockRef::adopt(block_in(self)); }
    PyObject_Free(self);
    Py_DECREF(type);
}

void raise_not_held(Block* block) {
    if (block == nullptr) {
        py::raise(PyExc_ValueError, "the matrix was never initialised");
    }
    const Token owner = block->owner();
    if (owner == kNobody) {
        py::raise(PyExc_RuntimeError,
                  "the current %s (%lld) is not the owner of the matrix: it is in a "
                  "cown or a message",
                  kind_of(me()), number_of(me()));
    }
    raise_other_owner(owner);
}

Block& held_argument(PyObject* object, const char* name) {
    if (!is_matrix(object)) {
        py::raise(PyExc_TypeError, "%s must be a Matrix, not %.100s", name,
                  Py_TYPE(object)->tp_name);
    }
    return held(object);
}

py::Ref wrap(PyTypeObject* type, BlockRef block) {
    Matrix* const self = PyObject_New(Matrix, type);
    if (self == nullptr) {
        throw py::ErrorSet{};
    }
    self->block = block.give();
    return py::Ref::adopt(reinterpret_cast<PyObject*>(self));
}

Fresh make(PyTypeObject* type, Shape shape) {
    BlockRef block = BlockRef::adopt(Block::make(shape));
    double* const data = block->data();
    return {wrap(type, std::move(block)), data};
}

Fresh make_filled(PyTypeObject* type, Shape shape, double value) {
    Fresh fresh = make(type, shape);
    for_lanes(fresh.data, {1, shape.size()},
              [value](double* to, Index n) { std::fill_n(to, n, value); });
    return fresh;
}

FreshMask make_mask(PyTypeObject* type, Shape shape) {
    BlockRef block = BlockRef::adopt(Block::make_mask(shape));
    MaskByte* const bytes = block->mask();
    return {wrap(type, std::move(block)), bytes};
}

py::Ref make_copy(PyTypeObject* type, Shape shape, Block& source) {
    const MaskByte* const bytes = source.mask();
    if (bytes == nullptr) {
        return make_copy(type, shape, source.data());
    }
    FreshMask fresh = make_mask(type, shape);
    std::copy_n(bytes, shape.size(), fresh.bytes);
    return std::move(fresh.ref);
}

py::Ref make_copy(PyTypeObject* type, Shape shape, const double* data) {
    Fresh fresh = make(type, shape);
    std::copy_n(data, shape.size(), fresh.data);
    return std::move(fresh.ref);
}

} // namespace boc::math
