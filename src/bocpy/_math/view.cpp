#include "view.h"

#include "arithmetic.h"
#include "export.h"
#include "holder.h"
#include "methods.h"
#include "text.h"
#include "view_items.h"
#include "window.h"

#include <algorithm>
#include <cstdint>

namespace boc::math {

namespace {

py::Ref copy(PyObject* self) {
    const Numbers numbers = numbers_from_view(self);
    return make_copy(State::of(self).matrix, numbers.shape, numbers.values.data());
}

py::Ref values(PyObject* self) {
    return make_number_iterator(State::of(self), held_by(self), window_of(self));
}

PyObject* iterate(PyObject* self) {
    return py::guarded([&] { return values(self); });
}

py::Ref refuse_pickle(const Call&) {
    raise_view_stays();
}

PyObject* repr(PyObject* self) {
    return py::guarded([&] {
        if (reinterpret_cast<View*>(self)->block->owner() != me()) {
            return py::Ref::steal(PyUnicode_FromString("MatrixView(<not acquired>)"));
        }
        const Numbers numbers = numbers_from_view(self);
        const std::string text =
            to_text({numbers.values.data(), numbers.shape.rows, numbers.shape.columns});
        return py::Ref::steal(PyUnicode_FromFormat("MatrixView(%s)", text.c_str()));
    });
}

template <Index (*Read)(const Window&)>
PyObject* get_index(PyObject* self, void*) {
    return py::guarded([&] {
        static_cast<void>(held_by(self));
        return py::Ref::steal(PyLong_FromSsize_t(Read(window_of(self))));
    });
}

Index rows_of(const Window& window) {
    return window.shape().rows;
}
Index columns_of(const Window& window) {
    return window.shape().columns;
}
Index count_of(const Window& window) {
    return window.count;
}

PyObject* get_shape(PyObject* self, void*) {
    return py::guarded([&] {
        static_cast<void>(held_by(self));
        return to_tuple(window_of(self).shape());
    });
}

PyObject* get_is_row(PyObject* self, void*) {
    return PyBool_FromLong(window_of(self).is_row);
}

PyObject* get_read_only(PyObject* self, void*) {
    return PyBool_FromLong(window_of(self).read_only);
}

PyObject* get_transposed(PyObject* self, void*) {
    return py::guarded([&] {
        Window flipped = window_of(self);
        flipped.is_row = !flipped.is_row;
        return make_view(State::of(self), held_by(self), flipped);
    });
}

PyObject* get_coordinate(PyObject* self, void* place) {
    return py::guarded(
        [&] { return view_element(self, reinterpret_cast<std::intptr_t>(place)); });
}

int set_coordinate(PyObject* self, PyObject* value, void* place) {
    return py::guarded_int(
        [&] { set_view_element(self, reinterpret_cast<std::intptr_t>(place), value); });
}

PyObject* get_priority(PyObject*, void*) {
    return PyFloat_FromDouble(1000.0);
}

void* place(std::intptr_t index) noexcept {
    return reinterpret_cast<void*>(index);
}

PyGetSetDef* properties() {
    static PyGetSetDef list[] = {
        {"rows", &get_index<&rows_of>, nullptr,
         "Number of rows: 1 if `is_row`, else as many as elements.", nullptr},
        {"columns", &get_index<&columns_of>, nullptr,
         "Number of columns: as many as elements if `is_row`, else 1.", nullptr},
        {"size", &get_index<&count_of>, nullptr, "Number of elements.", nullptr},
        {"shape", &get_shape, nullptr, "(rows, columns).", nullptr},
        {"is_row", &get_is_row, nullptr, "Whether it is a row.", nullptr},
        {"read_only", &get_read_only, nullptr, "Whether writing is refused.", nullptr},
        {"T", &get_transposed, nullptr, "The same numbers, seen the other way.",
         nullptr},
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
         "Arrays leave mixed operators to the view.", nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr},
    };
    return list;
}

PyMethodDef* view_methods() {
    static PyMethodDef list[] = {
        plain<&copy>("copy",
                     "copy($self, /)\n--\n\nA Matrix with a copy of the numbers."),
        plain<&values>("values",
                       "values($self, /)\n--\n\nAn iterator over the floats."),
        method<&refuse_pickle>("__reduce_ex__",
                               "__reduce_ex__($self, protocol, /)\n--\n\nTypeError."),
        {nullptr, nullptr, 0, nullptr},
    };
    return list;
}

} // namespace

void raise_view_stays() {
    py::raise(PyExc_TypeError,
              "a MatrixView cannot be pickled, copied or sent; use its .copy()");
}

void view_dealloc(PyObject* self) noexcept {
    let_go(self);
}

py::Ref make_view(State& state, Block& block, const Window& window) {
    View* const self = hold<View>(state.view, block);
    self->window = window;
    return py::Ref::adopt(reinterpret_cast<PyObject*>(self));
}

Numbers numbers_from_view(PyObject* view) {
    Block& block = held_by(view);
    const Window& window = window_of(view);
    Numbers numbers{{}, window.shape()};
    numbers.values.reserve(static_cast<std::size_t>(window.count));
    for (Index i = 0; i < window.count; ++i) {
        numbers.values.push_back(block.data()[window.at(i)]);
    }
    return numbers;
}

void add_view_type(PyObject* module, State& state) {
    std::vector<PyType_Slot> slots{
        {Py_tp_doc,
         const_cast<char*>(
             "A window on one row or column of a Matrix, sharing its numbers.")},
        {Py_tp_dealloc, py::slot(&view_dealloc)},
        {Py_tp_repr, py::slot(&repr)},
        {Py_tp_iter, py::slot(&iterate)},
        {Py_tp_methods, view_methods()},
        {Py_tp_getset, properties()},
    };
    for (const auto& more :
         {view_number_slots(), view_item_slots(), view_buffer_slots()}) {
        slots.insert(slots.end(), more.begin(), more.end());
    }
    slots.push_back({0, nullptr});
    state.view =
        make_closed_type(module, "bocpy._math.MatrixView", sizeof(View), slots.data());
}

} // namespace boc::math
