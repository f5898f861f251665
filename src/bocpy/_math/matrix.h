#pragma once

#include "block.h"
#include "state.h"

namespace boc::math {

/// The Python object: a handle on a block, null in the shell that `__new__` alone
/// makes.
struct Matrix {
    PyObject_HEAD Block* block;
};

void matrix_dealloc(PyObject* self) noexcept;

/// Whether `object` is exactly a Matrix, of whatever interpreter.
[[nodiscard]] inline bool is_matrix(PyObject* object) noexcept {
    return Py_TYPE(object)->tp_dealloc == &matrix_dealloc;
}

[[noreturn]] void raise_not_held(Block* block);

/// The block behind a handle; RuntimeError if the caller may not touch it, ValueError
/// for a shell.
[[nodiscard]] inline Block& held(PyObject* matrix) {
    Block* const block = reinterpret_cast<Matrix*>(matrix)->block;
    if (block == nullptr || block->owner() != me()) {
        raise_not_held(block);
    }
    return *block;
}

/// RuntimeError for a matrix that the caller may not touch, ValueError for a shell;
/// says nothing about other objects. For before Python code runs.
inline void require_held(PyObject* object) {
    if (is_matrix(object)) {
        static_cast<void>(held(object));
    }
}

/// As `held`, for an argument called `name`: TypeError unless it is exactly a Matrix.
[[nodiscard]] Block& held_argument(PyObject* object, const char* name);

/// A new handle.
[[nodiscard]] py::Ref wrap(PyTypeObject* type, BlockRef block);

/// A new matrix and its numbers, not yet written.
struct Fresh {
    py::Ref ref;
    double* data;
};
[[nodiscard]] Fresh make(PyTypeObject* type, Shape shape);
[[nodiscard]] Fresh make_filled(PyTypeObject* type, Shape shape, double value);

/// A new mask and its bytes, not yet written.
struct FreshMask {
    py::Ref ref;
    MaskByte* bytes;
};
[[nodiscard]] FreshMask make_mask(PyTypeObject* type, Shape shape);

/// A new matrix of `shape` with all that is in `source`.
[[nodiscard]] py::Ref make_copy(PyTypeObject* type, Shape shape, Block& source);
[[nodiscard]] py::Ref make_copy(PyTypeObject* type, Shape shape, const double* data);

} // namespace boc::math
