#include "layout.h"

#include "kernels.h"
#include "methods.h"
#include "number.h"
#include "operand.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace boc::math {

namespace {

/// Numbers up to which a copy is transposed faster than they change places.
constexpr Index kCopied = Index{512} * 512;

void transpose_here(Block& block) {
    block.forbid_exports("cannot be transposed in place");
    const Shape shape = block.shape();
    if (shape.rows == shape.columns && shape.size() > kCopied) {
        double* const data = block.data();
        for (Index i = 0; i < shape.rows; ++i) {
            for (Index j = i + 1; j < shape.columns; ++j) {
                std::swap(data[i * shape.columns + j], data[j * shape.columns + i]);
            }
        }
    } else if (!shape.is_vector()) {
        const std::vector<double> before(block.data(), block.data() + shape.size());
        kernels().transpose(block.data(), before.data(), shape);
    }
    block.flip();
}

py::Ref transpose(const Call& call) {
    static constexpr Signature<1> kSignature{"transpose", {"in_place"}, {0, 1, 0}};
    const auto [in_place] = parse(kSignature, call);
    if (!is_set(in_place)) {
        return transposed(call.self);
    }
    transpose_here(held(call.self));
    return py::Ref::share(call.self);
}

py::Ref transpose_in_place(PyObject* self) {
    transpose_here(held(self));
    return py::Ref::none();
}

py::Ref copy(PyObject* self) {
    Block& block = held(self);
    return make_copy(Py_TYPE(self), block.shape(), block);
}

py::Ref flatten(PyObject* self) {
    Block& block = held(self);
    return make_copy(Py_TYPE(self), {1, block.size()}, block);
}

py::Ref reshape(const Call& call) {
    static constexpr Signature<2> kSignature{"reshape", {"rows", "columns"}, {0, 2, 2}};
    const auto [rows, columns] = parse(kSignature, call);
    const Shape shape{as_index(rows), as_index(columns)};
    Block& block = held(call.self);
    if (checked_size(shape) != block.size()) {
        raise_shape("%zdx%zd cannot become %zdx%zd", block.shape().rows,
                    block.shape().columns, shape.rows, shape.columns);
    }
    return make_copy(Py_TYPE(call.self), shape, block);
}

py::Ref row_list(const double* row, Index columns) {
    auto list = py::Ref::steal(PyList_New(columns));
    for (Index j = 0; j < columns; ++j) {
        PyList_SET_ITEM(list.get(), j,
                        py::Ref::steal(PyFloat_FromDouble(row[j])).release());
    }
    return list;
}

py::Ref tolist(PyObject* self) {
    Block& block = held(self);
    // A new list may run a finalizer, and that `__init__`, which lets the block go.
    const BlockRef kept = BlockRef::share(block);
    const Shape shape = block.shape();
    auto rows = py::Ref::steal(PyList_New(shape.rows));
    for (Index i = 0; i < shape.rows; ++i) {
        PyList_SET_ITEM(
            rows.get(), i,
            row_list(block.data() + i * shape.columns, shape.columns).release());
    }
    return rows;
}

} // namespace

py::Ref transposed(PyObject* self) {
    Block& block = held(self);
    const Shape shape = block.shape();
    Fresh fresh = make(Py_TYPE(self), shape.flipped());
    if (shape.is_vector()) {
        std::copy_n(block.data(), shape.size(), fresh.data);
    } else {
        kernels().transpose(fresh.data, block.data(), shape);
    }
    return std::move(fresh.ref);
}

Methods layout_methods() {
    static const PyMethodDef methods[] = {
        plain<&copy>("copy",
                     "copy($self, /)\n--\n\nAn independent matrix, owned here."),
        method<&transpose>("transpose",
                           "transpose($self, in_place=False)\n--\n\n"
                           "A CxR matrix with rows and columns exchanged, or self.\n\n"
                           "BufferError in place while a buffer of self is in use."),
        plain<&transpose_in_place>("transpose_in_place",
                                   "transpose_in_place($self, /)\n--\n\n"
                                   "Exchanges rows and columns; see `transpose`."),
        plain<&flatten>("flatten", "flatten($self, /)\n--\n\n"
                                   "All numbers, row by row, as a 1xN copy."),
        method<&reshape>(
            "reshape",
            "reshape($self, rows, columns)\n--\n\n"
            "The same numbers, row by row, in another shape; ValueError if the "
            "counts differ."),
        plain<&tolist>("tolist", "tolist($self, /)\n--\n\nA list of lists of float."),
    };
    return methods;
}

} // namespace boc::math
