#include "items.h"

#include "broadcast.h"
#include "gather.h"
#include "key.h"
#include "number.h"
#include "py/type.h"

#include <algorithm>
#include <vector>

namespace boc::math {

namespace {

/// A rectangle of a matrix, possibly with steps.
struct Area {
    Span rows;
    Span columns;

    [[nodiscard]] Shape shape() const noexcept { return {rows.count, columns.count}; }
    [[nodiscard]] Index row(Index i, Index stride) const noexcept {
        return (rows.first + i * rows.step) * stride + columns.first;
    }
};

Area area_of(const Key& key, Shape shape) {
    return {key.rows.span(shape.rows, "row"),
            key.columns.span(shape.columns, "column")};
}

py::Ref to_float(double number) {
    return py::Ref::steal(PyFloat_FromDouble(number));
}

py::Ref copy_area(PyObject* self, const Area& area) {
    Block& block = held(self);
    const Index stride = block.shape().columns;
    const Index step = area.columns.step;
    Fresh fresh = make(Py_TYPE(self), area.shape());
    double* out = fresh.data;
    for (Index i = 0; i < area.rows.count; ++i, out += area.columns.count) {
        const double* const in = block.data() + area.row(i, stride);
        if (step == 1) {
            std::copy_n(in, area.columns.count, out);
            continue;
        }
        for (Index j = 0; j < area.columns.count; ++j) {
            out[j] = in[j * step];
        }
    }
    return std::move(fresh.ref);
}

/// `key` as a place among `length`, if it is an int in range; else -1 and no error.
Index plain_place(PyObject* key, Index length) noexcept {
    Index index = 0;
    if (!read_small_int(key, index)) {
        return -1;
    }
    const Index place = index < 0 ? index + length : index;
    return place < length ? place : -1;
}

/// The cell of a pair of ints in range; null and no error for all other keys.
double* plain_cell(PyObject* key, Block& block) noexcept {
    if (!PyTuple_CheckExact(key) || PyTuple_GET_SIZE(key) != 2) {
        return nullptr;
    }
    const Shape shape = block.shape();
    const Index row = plain_place(PyTuple_GET_ITEM(key, 0), shape.rows);
    const Index column = plain_place(PyTuple_GET_ITEM(key, 1), shape.columns);
    return row < 0 || column < 0 ? nullptr
                                 : block.data() + row * shape.columns + column;
}

py::Ref get_row(PyObject* self, Block& block, Index row) {
    const Index columns = block.shape().columns;
    const double* const at = block.data() + row * columns;
    return columns == 1 ? to_float(*at) : make_copy(Py_TYPE(self), {1, columns}, at);
}

py::Ref get(PyObject* self, PyObject* key_given) {
    Block& held_block = held(self);
    if (const double* const cell = plain_cell(key_given, held_block)) {
        return to_float(*cell);
    }
    if (const Index row = plain_place(key_given, held_block.shape().rows); row >= 0) {
        return get_row(self, held_block, row);
    }
    const Key key{key_given};
    if (key.rows.is_list()) {
        return gather(self, {key.rows.list(), false}, nullptr);
    }
    if (key.columns.is_list()) {
        return gather(self, {key.columns.list(), true}, nullptr);
    }
    Block& block = held(self);
    const Shape shape = block.shape();
    const Area area = area_of(key, shape);
    const bool single_cell = key.rows.is_integer() &&
                             (key.pair ? key.columns.is_integer() : shape.columns == 1);
    if (single_cell) {
        return to_float(block.data()[area.row(0, shape.columns)]);
    }
    return copy_area(self, area);
}

/// The grid of a value as it lies over a selection: a plain sequence as long as a
/// single column goes down it.
Grid value_grid(const Operand& value, Shape selection) {
    Grid grid = value.grid();
    if (value.is_sequence() && selection.columns == 1 &&
        grid.shape.columns == selection.rows) {
        grid.shape = grid.shape.flipped();
    }
    if (!fits(grid.shape, selection)) {
        raise_shape("the value is %zdx%zd but the selection %zdx%zd", grid.shape.rows,
                    grid.shape.columns, selection.rows, selection.columns);
    }
    return grid;
}

void write_area(Block& block, const Area& area, const Grid& grid) {
    const Index stride = block.shape().columns;
    const Side side = side_of(grid, area.shape());
    for (Index i = 0; i < area.rows.count; ++i) {
        double* const out = block.data() + area.row(i, stride);
        const Lane lane = side.lane(i);
        for (Index j = 0; j < area.columns.count; ++j) {
            out[j * area.columns.step] = lane.data[j * lane.step];
        }
    }
}

void assign(PyObject* self, const Key& key, PyObject* value) {
    const Operand operand{value, Empty::kTypeError};
    Block& block = held(self);
    const Area area = area_of(key, block.shape());
    Grid grid = value_grid(operand, area.shape());
    std::vector<double> snapshot;
    if (grid.data == block.data()) {
        snapshot.assign(grid.data, grid.data + grid.shape.size());
        grid.data = snapshot.data();
    }
    write_area(block, area, grid);
}

void set(PyObject* self, PyObject* key_given, PyObject* value) {
    if (value == nullptr) {
        py::raise(PyExc_TypeError, "the elements of a matrix cannot be deleted");
    }
    Block& block = held(self);
    if (PyFloat_CheckExact(value)) {
        if (double* const cell = plain_cell(key_given, block)) {
            *cell = PyFloat_AS_DOUBLE(value);
            return;
        }
    }
    const Key key{key_given};
    if (key.rows.is_list()) {
        scatter(self, {key.rows.list(), false}, value, false);
    } else if (key.columns.is_list()) {
        scatter(self, {key.columns.list(), true}, value, false);
    } else {
        static_cast<void>(area_of(key, held(self).shape()));
        assign(self, key, value);
    }
}

PyObject* get_item(PyObject* self, PyObject* key) {
    return py::guarded([&] { return get(self, key); });
}

int set_item(PyObject* self, PyObject* key, PyObject* value) {
    return py::guarded_int([&] { set(self, key, value); });
}

Index length(PyObject* self) {
    return py::guarded_or(Index{-1}, [&] { return held(self).shape().rows; });
}

/// Row `index` for iteration, which ends at the IndexError.
PyObject* next_row(PyObject* self, Index index) {
    return py::guarded([&] {
        Block& block = held(self);
        if (index < 0 || index >= block.shape().rows) {
            // Not thrown: every loop ends here.
            PyErr_SetString(PyExc_IndexError, "row index out of range");
            return py::Ref{};
        }
        return get_row(self, block, index);
    });
}

} // namespace

std::span<const PyType_Slot> item_slots() {
    static const PyType_Slot slots[] = {
        {Py_mp_length, py::slot(&length)},
        {Py_mp_subscript, py::slot(&get_item)},
        {Py_mp_ass_subscript, py::slot(&set_item)},
        {Py_sq_length, py::slot(&length)},
        {Py_sq_item, py::slot(&next_row)},
    };
    return slots;
}

} // namespace boc::math
