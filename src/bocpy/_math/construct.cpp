#include "construct.h"

#include "args.h"
#include "matrix.h"
#include "number.h"
#include "numbers.h"
#include "view.h"

#include <algorithm>

namespace boc::math {

namespace {

constexpr Signature<3> kSignature{"Matrix", {"rows", "columns", "values"}, {0, 3, 2}};

[[noreturn]] void raise_count(Index given, Shape shape) {
    py::raise(PyExc_TypeError, "%zd values do not fill a %zdx%zd matrix", given,
              shape.rows, shape.columns);
}

/// An element of the values: int, float, or what has an `__index__`.
double element(PyObject* item) {
    if (PyFloat_CheckExact(item)) {
        return PyFloat_AS_DOUBLE(item);
    }
    if (!PyFloat_Check(item) && !is_integer(item)) {
        py::raise(PyExc_TypeError, "values must be int or float, not %.100s",
                  Py_TYPE(item)->tp_name);
    }
    return as_double(item, "values");
}

/// Whether `values` is one number: a float, what has an `__index__`, or a scalar of
/// numpy.
bool is_single(PyObject* values) noexcept {
    return PyFloat_Check(values) ||
           (PySequence_Check(values) == 0 &&
            (is_integer(values) ||
             (PyObject_CheckBuffer(values) != 0 && is_number(values))));
}

/// The items of a sequence of any class, as many as it says to have: its `__getitem__`
/// may know no end.
py::Ref list_of(PyObject* sequence, Shape shape) {
    const Index length = PyObject_LengthHint(sequence, shape.size() + 1);
    if (length < 0) {
        throw py::ErrorSet{};
    }
    if (length > shape.size() + 1) {
        raise_count(length, shape);
    }
    auto list = py::Ref::steal(PyList_New(0));
    const auto iterator = py::Ref::steal(PyObject_GetIter(sequence));
    while (PyList_GET_SIZE(list.get()) < length) {
        const auto item = py::Ref::adopt(PyIter_Next(iterator.get()));
        if (!item) {
            break;
        }
        py::check(PyList_Append(list.get(), item.get()));
    }
    return PyErr_Occurred() == nullptr ? std::move(list) : throw py::ErrorSet{};
}

void fill_from_items(double* out, Shape shape, PyObject* values) {
    const auto items = py::Ref::steal(PySequence_Fast(
        values, "values must be a number or a flat sequence of numbers"));
    const Index count = shape.size();
    for (Index i = 0; i < count; ++i) {
        if (PySequence_Fast_GET_SIZE(items.get()) != count) {
            raise_count(PySequence_Fast_GET_SIZE(items.get()), shape);
        }
        PyObject* const item = PySequence_Fast_GET_ITEM(items.get(), i);
        if (PyFloat_CheckExact(item)) {
            out[i] = PyFloat_AS_DOUBLE(item);
        } else {
            // Shared: the conversion may run code that changes the list.
            out[i] = element(py::Ref::share(item).get());
        }
    }
}

/// Copies from a buffer of the same shape, a flat one of the same count, or a number.
bool fill_from_buffer(double* out, Shape shape, PyObject* values) {
    const auto numbers = numbers_from_buffer(values);
    if (!numbers) {
        return false;
    }
    if (numbers->dimensions == 0) {
        std::fill_n(out, shape.size(), numbers->values.front());
        return true;
    }
    if (numbers->shape != shape && numbers->dimensions == 2) {
        py::raise(PyExc_TypeError, "values are %zdx%zd, not %zdx%zd",
                  numbers->shape.rows, numbers->shape.columns, shape.rows,
                  shape.columns);
    }
    if (numbers->shape.size() != shape.size()) {
        raise_count(numbers->shape.size(), shape);
    }
    std::copy(numbers->values.begin(), numbers->values.end(), out);
    return true;
}

void fill(double* out, Shape shape, PyObject* values) {
    if (is_absent(values)) {
        std::fill_n(out, shape.size(), 0.0);
    } else if (PyList_Check(values) || PyTuple_Check(values) || is_matrix(values)) {
        fill_from_items(out, shape, values);
    } else if (!is_view(values) && fill_from_buffer(out, shape, values)) {
        return;
    } else if (is_single(values)) {
        std::fill_n(out, shape.size(), as_double(values, "values"));
    } else if (PySequence_Check(values) != 0 && !is_view(values)) {
        fill_from_items(out, shape, list_of(values, shape).get());
    } else {
        py::raise(PyExc_TypeError,
                  "values must be a number or a flat sequence of numbers, not %.100s",
                  Py_TYPE(values)->tp_name);
    }
}

BlockRef build(PyObject* rows, PyObject* columns, PyObject* values) {
    const Shape shape{as_index(rows), as_index(columns)};
    if (values != nullptr) {
        require_held(values);
    }
    BlockRef block = BlockRef::adopt(Block::make(shape));
    fill(block->data(), shape, values);
    return block;
}

void init(PyObject* self, PyObject* args, PyObject* kwargs) {
    static const char* const names[] = {"rows", "columns", "values", nullptr};
    PyObject* rows = nullptr;
    PyObject* columns = nullptr;
    PyObject* values = nullptr;
    if (PyArg_ParseTupleAndKeywords(args, kwargs, "OO|O:Matrix",
                                    const_cast<char**>(names), &rows, &columns,
                                    &values) == 0) {
        throw py::ErrorSet{};
    }
    BlockRef block = build(rows, columns, values);
    Block*& slot = reinterpret_cast<Matrix*>(self)->block;
    const BlockRef old = BlockRef::adopt(std::exchange(slot, block.give()));
}

} // namespace

PyObject* matrix_new(PyTypeObject* type, PyObject*, PyObject*) {
    return py::guarded([&] { return wrap(type, BlockRef{}); });
}

int matrix_init(PyObject* self, PyObject* args, PyObject* kwargs) {
    return py::guarded_int([&] { init(self, args, kwargs); });
}

PyObject* matrix_vectorcall(PyObject* type, PyObject* const* args, std::size_t nargs,
                            PyObject* kwnames) {
    return py::guarded([&] {
        const auto [rows, columns, values] =
            parse(kSignature, Call{type, args, PyVectorcall_NARGS(nargs), kwnames});
        return wrap(reinterpret_cast<PyTypeObject*>(type),
                    build(rows, columns, values));
    });
}

} // namespace boc::math
