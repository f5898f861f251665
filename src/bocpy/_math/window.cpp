#include "window.h"

#include "holder.h"
#include "key.h"
#include "methods.h"

namespace boc::math {

namespace {

/// Part `across` of line `along`: a row with a selection of columns, or the reverse.
Window part_of_line(Shape shape, const Selector& along, const Selector& across,
                    bool is_row) {
    const Index index = is_row ? along.span(shape.rows, "row").first
                               : along.span(shape.columns, "column").first;
    const Span span =
        is_row ? across.span(shape.columns, "column") : across.span(shape.rows, "row");
    const Window whole = line(shape, index, is_row, false);
    return {whole.at(span.first), whole.step * span.step, span.count, is_row, false};
}

[[noreturn]] void raise_selection() {
    py::raise(PyExc_TypeError, "a view shows one row or column, or a part of one");
}

bool is_selector(PyObject* part) noexcept {
    return PySlice_Check(part) || PyIndex_Check(part) != 0;
}

Selector selector_from(PyObject* part) {
    if (is_selector(part)) {
        return Selector{part};
    }
    py::raise(PyExc_TypeError, "a view selects by integer or slice, not %.100s",
              Py_TYPE(part)->tp_name);
}

Window window_at(Block& block, PyObject* key) {
    if (!PyTuple_Check(key)) {
        const Selector row = selector_from(key);
        if (!row.is_integer()) {
            raise_selection();
        }
        return part_of_line(block.shape(), row, Selector{}, true);
    }
    if (PyTuple_GET_SIZE(key) != 2) {
        raise_selection();
    }
    const Selector rows = selector_from(PyTuple_GET_ITEM(key, 0));
    const Selector columns = selector_from(PyTuple_GET_ITEM(key, 1));
    if (!rows.is_integer() && !columns.is_integer()) {
        raise_selection();
    }
    return rows.is_integer() ? part_of_line(block.shape(), rows, columns, true)
                             : part_of_line(block.shape(), columns, rows, false);
}

PyObject* indexer_get(PyObject* self, PyObject* key) {
    return py::guarded([&] {
        static_cast<void>(held_by(self));
        const Window window = window_at(*reinterpret_cast<Holder*>(self)->block, key);
        return make_view(State::of(self), held_by(self), window);
    });
}

int indexer_set(PyObject*, PyObject*, PyObject*) {
    PyErr_SetString(PyExc_TypeError, "assign through the view: m.view[i][...] = value");
    return -1;
}

template <bool Row>
py::Ref line_view(const Call& call) {
    static constexpr Signature<3> kSignature{
        Row ? "row_view" : "column_view",
        {Row ? "row" : "column", Row ? "columns" : "rows", "read_only"},
        {0, 2, 1}};
    const auto [along, across, read_only] = parse(kSignature, call);
    if (PyIndex_Check(along) == 0) {
        py::raise(PyExc_TypeError, "%s must be an int, not %.100s",
                  kSignature.parameters[0], Py_TYPE(along)->tp_name);
    }
    const Selector index{along};
    const Selector part = is_absent(across) ? Selector{} : selector_from(across);
    const bool fixed = is_set(read_only);
    Block& block = held(call.self);
    Window window = part_of_line(block.shape(), index, part, Row);
    window.read_only = fixed;
    return make_view(State::of(call.self), block, window);
}

template <bool Row>
py::Ref line_views(const Call& call) {
    static constexpr Signature<1> kSignature{
        Row ? "row_views" : "column_views", {"read_only"}, {0, 0, 0}};
    const auto [read_only] = parse(kSignature, call);
    const bool fixed = is_set(read_only);
    return make_line_iterator(State::of(call.self), held(call.self), Row, fixed);
}

py::Ref values(PyObject* self) {
    Block& block = held(self);
    return make_number_iterator(State::of(self), block,
                                {0, 1, block.size(), true, true});
}

} // namespace

Window line(Shape shape, Index index, bool is_row, bool read_only) noexcept {
    if (is_row) {
        return {index * shape.columns, 1, shape.columns, true, read_only};
    }
    return {index, shape.columns, shape.rows, false, read_only};
}

py::Ref make_indexer(PyObject* matrix) {
    Block* const block = reinterpret_cast<Matrix*>(matrix)->block;
    if (block == nullptr) {
        raise_not_held(block);
    }
    auto* const self = hold<Holder>(State::of(matrix).indexer, *block);
    return py::Ref::adopt(reinterpret_cast<PyObject*>(self));
}

void add_indexer_type(PyObject* module, State& state) {
    PyType_Slot slots[] = {
        {Py_tp_doc, const_cast<char*>("Makes views: view[i], view[i, columns], "
                                      "view[rows, j].")},
        {Py_tp_dealloc, py::slot(&let_go)},
        {Py_mp_subscript, py::slot(&indexer_get)},
        {Py_mp_ass_subscript, py::slot(&indexer_set)},
        {0, nullptr},
    };
    state.indexer = make_closed_type(module, "bocpy._math.MatrixViewIndexer",
                                     sizeof(Holder), slots);
}

Methods window_methods() {
    static const PyMethodDef methods[] = {
        method<&line_view<true>>(
            "row_view",
            "row_view($self, row, columns=None, *, read_only=False)\n--\n\n"
            "A MatrixView on a row, or on the columns of it that an int or slice "
            "selects.\n\n"
            "read_only: the view refuses to be written to. IndexError if out of "
            "range or empty, TypeError for a row that is no int and for other "
            "selections."),
        method<&line_view<false>>(
            "column_view",
            "column_view($self, column, rows=None, *, read_only=False)\n--\n\n"
            "A MatrixView on a column, or on the rows of it that an int or slice "
            "selects.\n\n"
            "read_only: the view refuses to be written to. IndexError if out of "
            "range or empty, TypeError for a column that is no int and for other "
            "selections."),
        method<&line_views<true>>("row_views",
                                  "row_views($self, *, read_only=False)\n--\n\n"
                                  "An iterator over views of the rows."),
        method<&line_views<false>>("column_views",
                                   "column_views($self, *, read_only=False)\n--\n\n"
                                   "An iterator over views of the columns."),
        plain<&values>("values", "values($self, /)\n--\n\n"
                                 "An iterator over all floats, row by row."),
    };
    return methods;
}

} // namespace boc::math
