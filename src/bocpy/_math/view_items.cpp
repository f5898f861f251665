#include "view_items.h"

#include "holder.h"
#include "number.h"
#include "operand.h"

#include <optional>

namespace boc::math {

namespace {

void check_writable(PyObject* view, PyObject* value) {
    if (value == nullptr) {
        py::raise(PyExc_TypeError, "the elements of a view cannot be deleted");
    }
    if (window_of(view).read_only) {
        py::raise(PyExc_TypeError, "the view is read-only");
    }
}

/// The IndexError for `place` outside the window names the index as it was given.
void check_index(const Window& window, Index place, Index given) {
    if (place < 0 || place >= window.count) {
        py::raise(PyExc_IndexError, "index %zd is out of range for %zd elements", given,
                  window.count);
    }
}

Index wrapped_index(const Window& window, PyObject* key) {
    const Index index = as_index(key);
    const Index place = index < 0 ? index + window.count : index;
    check_index(window, place, index);
    return place;
}

/// The part of a window under a slice; IndexError if it is empty.
Window sub_window(const Window& window, PyObject* slice) {
    Index start = 0;
    Index stop = 0;
    Index step = 1;
    py::check(PySlice_Unpack(slice, &start, &stop, &step));
    const Index count = PySlice_AdjustIndices(window.count, &start, &stop, step);
    if (count == 0) {
        py::raise(PyExc_IndexError, "the slice selects no element of %zd",
                  window.count);
    }
    return {window.at(start), window.step * step, count, window.is_row,
            window.read_only};
}

[[noreturn]] void raise_key(PyObject* key) {
    py::raise(PyExc_TypeError, "view indices must be integers or slices, not %.100s",
              Py_TYPE(key)->tp_name);
}

py::Ref get(PyObject* self, PyObject* key) {
    static_cast<void>(held_by(self));
    const Window& window = window_of(self);
    if (PySlice_Check(key)) {
        return make_view(State::of(self), held_by(self), sub_window(window, key));
    }
    if (!is_integer(key)) {
        raise_key(key);
    }
    return view_element(self, wrapped_index(window, key));
}

void set_slice(PyObject* self, const Window& part, PyObject* value) {
    const Operand operand{value};
    Block& block = held_by(self);
    const Grid grid = operand.grid();
    if (!grid.scalar && grid.shape.size() != part.count) {
        raise_shape("%zd numbers for %zd elements", grid.shape.size(), part.count);
    }
    const std::vector<double> numbers(grid.data, grid.data + grid.shape.size());
    for (Index i = 0; i < part.count; ++i) {
        block.data()[part.at(i)] =
            numbers[grid.scalar ? 0 : static_cast<std::size_t>(i)];
    }
}

void set(PyObject* self, PyObject* key, PyObject* value) {
    static_cast<void>(held_by(self));
    check_writable(self, value);
    const Window& window = window_of(self);
    if (PySlice_Check(key)) {
        set_slice(self, sub_window(window, key), value);
    } else if (is_integer(key)) {
        set_view_element(self, wrapped_index(window, key), value);
    } else {
        raise_key(key);
    }
}

PyObject* get_item(PyObject* self, PyObject* key) {
    return py::guarded([&] { return get(self, key); });
}

int set_item(PyObject* self, PyObject* key, PyObject* value) {
    return py::guarded_int([&] { set(self, key, value); });
}

Index length(PyObject* self) {
    return window_of(self).count;
}

PyObject* get_element(PyObject* self, Index index) {
    return py::guarded([&] { return view_element(self, index); });
}

} // namespace

py::Ref view_element(PyObject* view, Index index) {
    Block& block = held_by(view);
    const Window& window = window_of(view);
    check_index(window, index, index);
    return py::Ref::steal(PyFloat_FromDouble(block.data()[window.at(index)]));
}

void set_view_element(PyObject* view, Index index, PyObject* value) {
    static_cast<void>(held_by(view));
    check_writable(view, value);
    const Window& window = window_of(view);
    check_index(window, index, index);
    const double number = as_double(value, "an element");
    held_by(view).data()[window.at(index)] = number;
}

std::span<const PyType_Slot> view_item_slots() {
    static const PyType_Slot slots[] = {
        {Py_mp_length, py::slot(&length)},
        {Py_mp_subscript, py::slot(&get_item)},
        {Py_mp_ass_subscript, py::slot(&set_item)},
        {Py_sq_length, py::slot(&length)},
        {Py_sq_item, py::slot(&get_element)},
    };
    return slots;
}

} // namespace boc::math
