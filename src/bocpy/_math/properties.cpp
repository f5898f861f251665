#include "kernels.h"
#include "layout.h"
#include "matrix.h"
#include "number.h"
#include "py/error.h"
#include "window.h"

#include <cmath>
#include <cstdint>

namespace boc::math {

namespace {

PyObject* to_int(PyObject* self, Index (*read)(Shape)) {
    return py::guarded(
        [&] { return py::Ref::steal(PyLong_FromSsize_t(read(held(self).shape()))); });
}

PyObject* get_rows(PyObject* self, void*) {
    return to_int(self, [](Shape shape) { return shape.rows; });
}

PyObject* get_columns(PyObject* self, void*) {
    return to_int(self, [](Shape shape) { return shape.columns; });
}

PyObject* get_size(PyObject* self, void*) {
    return to_int(self, [](Shape shape) { return shape.size(); });
}

PyObject* get_dimensions(PyObject* self, void*) {
    return to_int(self, [](Shape) { return Index{2}; });
}

/// Tells the shape whoever holds the matrix.
PyObject* get_shape(PyObject* self, void*) {
    return py::guarded([&] {
        Block* const block = reinterpret_cast<Matrix*>(self)->block;
        if (block == nullptr) {
            raise_not_held(block);
        }
        return to_tuple(block->shape());
    });
}

PyObject* get_length(PyObject* self, void*) {
    return py::guarded([&] {
        Block& block = held(self);
        const double squares = kernels().sum_squares(block.data(), block.size());
        return py::Ref::steal(PyFloat_FromDouble(std::sqrt(squares)));
    });
}

PyObject* get_transposed(PyObject* self, void*) {
    return py::guarded([&] { return transposed(self); });
}

PyObject* get_acquired(PyObject* self, void*) {
    Block* const block = reinterpret_cast<Matrix*>(self)->block;
    return PyBool_FromLong(block != nullptr && block->owner() == me());
}

PyObject* get_view(PyObject* self, void*) {
    return py::guarded([&] { return make_indexer(self); });
}

double& coordinate(PyObject* self, void* place) {
    const auto index = reinterpret_cast<std::intptr_t>(place);
    Block& block = held(self);
    if (index >= block.size()) {
        py::raise(PyExc_IndexError, "a %zdx%zd matrix has no element %c",
                  block.shape().rows, block.shape().columns, "xyzw"[index]);
    }
    return block.data()[index];
}

PyObject* get_coordinate(PyObject* self, void* place) {
    return py::guarded(
        [&] { return py::Ref::steal(PyFloat_FromDouble(coordinate(self, place))); });
}

int set_coordinate(PyObject* self, PyObject* value, void* place) {
    return py::guarded_int([&] {
        if (value == nullptr) {
            py::raise(PyExc_TypeError, "the elements of a matrix cannot be deleted");
        }
        static_cast<void>(coordinate(self, place));
        const double number = as_double(value, "an element");
        coordinate(self, place) = number;
    });
}

void* place(std::intptr_t index) noexcept {
    return reinterpret_cast<void*>(index);
}

PyObject* get_priority(PyObject*, void*) {
    return PyFloat_FromDouble(1000.0);
}

} // namespace

PyGetSetDef* matrix_properties() {
    static PyGetSetDef properties[] = {
        {"rows", &get_rows, nullptr, "Number of rows.", nullptr},
        {"columns", &get_columns, nullptr, "Number of columns.", nullptr},
        {"shape", &get_shape, nullptr,
         "(rows, columns), whoever holds the matrix; ValueError for what `__new__` "
         "alone "
         "made.",
         nullptr},
        {"ndim", &get_dimensions, nullptr, "Number of dimensions: 2.", nullptr},
        {"size", &get_size, nullptr, "Number of elements.", nullptr},
        {"length", &get_length, nullptr,
         "The square root of the sum of squares (not a count).", nullptr},
        {"T", &get_transposed, nullptr, "A transposed copy.", nullptr},
        {"acquired", &get_acquired, nullptr,
         "Whether the current interpreter may touch the numbers.", nullptr},
        {"view", &get_view, nullptr,
         "Indexer for views: view[i], view[i, columns], view[rows, j].", nullptr},
        {"x", &get_coordinate, &set_coordinate,
         "The first element; TypeError if set to no number.", place(0)},
        {"y", &get_coordinate, &set_coordinate,
         "The second element; IndexError if absent, TypeError if set to no number.",
         place(1)},
        {"z", &get_coordinate, &set_coordinate,
         "The third element; IndexError if absent, TypeError if set to no number.",
         place(2)},
        {"w", &get_coordinate, &set_coordinate,
         "The fourth element; IndexError if absent, TypeError if set to no number.",
         place(3)},
        {"__array_priority__", &get_priority, nullptr,
         "Arrays leave mixed operators to the matrix.", nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr},
    };
    return properties;
}

} // namespace boc::math
