#include "key.h"

#include "number.h"

namespace boc::math {

namespace {

bool is_bare_slice(PyObject* part) noexcept {
    const auto* const slice = reinterpret_cast<PySliceObject*>(part);
    return slice->start == Py_None && slice->stop == Py_None && slice->step == Py_None;
}

} // namespace

Selector::Selector(PyObject* part) {
    if (PySlice_Check(part)) {
        kind_ = is_bare_slice(part) ? Kind::kBare : Kind::kSlice;
        py::check(PySlice_Unpack(part, &start_, &stop_, &step_));
    } else if (PyList_Check(part)) {
        kind_ = Kind::kList;
        list_ = indices_from(part);
    } else if (PyIndex_Check(part) != 0) {
        kind_ = Kind::kInteger;
        start_ = as_index(part);
    } else {
        py::raise(PyExc_TypeError,
                  "matrix indices must be integers, slices or lists of integers, not "
                  "%.100s",
                  Py_TYPE(part)->tp_name);
    }
}

Span Selector::span(Index length, const char* what) const {
    if (kind_ == Kind::kInteger) {
        return {wrapped(start_, length, what), 1, 1};
    }
    if (kind_ == Kind::kBare) {
        return {0, 1, length};
    }
    Index start = start_;
    Index stop = stop_;
    const Index count = PySlice_AdjustIndices(length, &start, &stop, step_);
    if (count == 0) {
        py::raise(PyExc_IndexError, "the slice selects no %s of %zd", what, length);
    }
    return {start, step_, count};
}

Key::Key(PyObject* key) : pair{PyTuple_Check(key) != 0} {
    if (!pair) {
        rows = Selector{key};
        return;
    }
    if (PyTuple_GET_SIZE(key) != 2) {
        py::raise(PyExc_KeyError, "a matrix has 2 dimensions, not %zd",
                  PyTuple_GET_SIZE(key));
    }
    const py::Ref held = py::Ref::share(key);
    rows = Selector{PyTuple_GET_ITEM(key, 0)};
    columns = Selector{PyTuple_GET_ITEM(key, 1)};
    const bool bad_rows = rows.is_list() && !columns.is_bare();
    const bool bad_columns = columns.is_list() && !rows.is_bare();
    if (bad_rows || bad_columns) {
        py::raise(PyExc_IndexError, "a list of indices goes only with a bare ':'");
    }
}

std::vector<Index> indices_from(PyObject* iterable) {
    const auto items =
        py::Ref::steal(PySequence_Fast(iterable, "indices must be iterable"));
    std::vector<Index> indices;
    for (Index i = 0; i < PySequence_Fast_GET_SIZE(items.get()); ++i) {
        const auto item = py::Ref::share(PySequence_Fast_GET_ITEM(items.get(), i));
        if (!is_integer(item.get())) {
            py::raise(PyExc_TypeError, "indices must be integers, not %.100s",
                      Py_TYPE(item.get())->tp_name);
        }
        indices.push_back(as_index(item.get()));
    }
    if (indices.empty()) {
        py::raise(PyExc_IndexError, "no indices given");
    }
    return indices;
}

Index wrapped(Index index, Index length, const char* what) {
    const Index positive = index < 0 ? index + length : index;
    if (positive < 0 || positive >= length) {
        py::raise(PyExc_IndexError, "%s index %zd is out of range for %zd %ss", what,
                  index, length, what);
    }
    return positive;
}

void wrap_all(std::vector<Index>& indices, Index length, const char* what) {
    for (Index& index : indices) {
        index = wrapped(index, length, what);
    }
}

} // namespace boc::math
