#include "indices.h"

#include "key.h"
#include "matrix.h"
#include "numbers.h"
#include "py/type.h"

namespace boc::math {

namespace {

/// MatrixIndices: a list that remembers whether it is a row or a column.
struct Indices {
    PyListObject list;
    bool column;
};

void set_column(PyObject* self, bool column) noexcept {
    reinterpret_cast<Indices*>(self)->column = column;
}

Shape shape_of(PyObject* self) noexcept {
    const Index count = PyList_GET_SIZE(self);
    return is_column(self) ? Shape{count, 1} : Shape{1, count};
}

int init(PyObject* self, PyObject* args, PyObject* kwargs) {
    static const char* const names[] = {"values", "as_column", nullptr};
    return py::guarded_int([&] {
        PyObject* values = nullptr;
        int column = 0;
        if (PyArg_ParseTupleAndKeywords(args, kwargs, "|Op:MatrixIndices",
                                        const_cast<char**>(names), &values,
                                        &column) == 0) {
            throw py::ErrorSet{};
        }
        const auto items = py::Ref::steal(values != nullptr ? PyTuple_Pack(1, values)
                                                            : PyTuple_New(0));
        py::check(PyList_Type.tp_init(self, items.get(), nullptr));
        set_column(self, column != 0);
    });
}

int traverse(PyObject* self, visitproc visit, void* arg) {
    Py_VISIT(Py_TYPE(self));
    return PyList_Type.tp_traverse(self, visit, arg);
}

void dealloc(PyObject* self) noexcept {
    PyTypeObject* const type = Py_TYPE(self);
    PyList_Type.tp_dealloc(self);
    Py_DECREF(type);
}

PyObject* get_rows(PyObject* self, void*) {
    return PyLong_FromSsize_t(shape_of(self).rows);
}

PyObject* get_columns(PyObject* self, void*) {
    return PyLong_FromSsize_t(shape_of(self).columns);
}

PyObject* get_shape(PyObject* self, void*) {
    return py::guarded([&] { return to_tuple(shape_of(self)); });
}

/// What the matrix of these indices has under `key`.
py::Ref read_as_matrix(PyObject* self, PyObject* key) {
    const Numbers numbers = numbers_from_iterable(self);
    if (numbers.values.empty()) {
        py::raise(PyExc_IndexError, "there are no indices to select from");
    }
    const Index count = numbers.shape.size();
    const auto matrix = make_copy(State::here().matrix,
                                  is_column(self) ? Shape{count, 1} : Shape{1, count},
                                  numbers.values.data());
    return py::Ref::steal(PyObject_GetItem(matrix.get(), key));
}

/// A pair reads as a matrix would; other keys as a list does.
PyObject* subscript(PyObject* self, PyObject* key) {
    if (!PyTuple_Check(key)) {
        return PyList_Type.tp_as_mapping->mp_subscript(self, key);
    }
    return py::guarded([&] {
        const Key parsed{key};
        if (!parsed.rows.is_integer() || !parsed.columns.is_integer()) {
            return read_as_matrix(self, key);
        }
        const Shape shape = shape_of(self);
        const Span row = parsed.rows.span(shape.rows, "row");
        const Span column = parsed.columns.span(shape.columns, "column");
        const auto item = py::Ref::steal(
            PySequence_GetItem(self, row.first * shape.columns + column.first));
        return py::Ref::steal(PyNumber_Float(item.get()));
    });
}

PyObject* reduce(PyObject* self, PyObject*) {
    return py::guarded([&] {
        const auto items = py::Ref::steal(PySequence_List(self));
        return py::Ref::steal(
            Py_BuildValue("(O(OO))", reinterpret_cast<PyObject*>(Py_TYPE(self)),
                          items.get(), is_column(self) ? Py_True : Py_False));
    });
}

} // namespace

bool is_indices(PyObject* object) {
    return Py_IS_TYPE(object, reinterpret_cast<PyTypeObject*>(State::here().indices));
}

bool is_column(PyObject* indices) noexcept {
    return reinterpret_cast<Indices*>(indices)->column;
}

void add_indices_type(PyObject* module, State& state) {
    static PyMethodDef methods[] = {
        {"__reduce__", &reduce, METH_NOARGS, "How pickle takes the list apart."},
        {nullptr, nullptr, 0, nullptr}};
    static PyGetSetDef properties[] = {
        {"rows", &get_rows, nullptr, "Rows of the matrix the indices would form.",
         nullptr},
        {"columns", &get_columns, nullptr, "Columns of that matrix.", nullptr},
        {"shape", &get_shape, nullptr, "(rows, columns).", nullptr},
        {nullptr, nullptr, nullptr, nullptr, nullptr}};
    static PyType_Slot slots[] = {
        {Py_tp_doc,
         const_cast<char*>("MatrixIndices(values=(), as_column=False)\n--\n\n"
                           "Indices found along an axis: a list of int that "
                           "also reads like a row or column.")},
        {Py_tp_init, py::slot(&init)},
        {Py_tp_traverse, py::slot(&traverse)},
        {Py_tp_dealloc, py::slot(&dealloc)},
        {Py_tp_methods, methods},
        {Py_tp_getset, properties},
        {Py_mp_subscript, py::slot(&subscript)},
        {0, nullptr}};
    static PyType_Spec spec = {
        "bocpy._math.MatrixIndices", sizeof(Indices), 0,
        Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE, slots};
    state.indices =
        py::Ref::steal(PyType_FromModuleAndSpec(
                           module, &spec, reinterpret_cast<PyObject*>(&PyList_Type)))
            .release();
}

py::Ref make_indices(State& state, bool column, const std::vector<Index>& indices) {
    auto list = py::call(state.indices);
    set_column(list.get(), column);
    for (const Index index : indices) {
        const auto number = py::Ref::steal(PyLong_FromSsize_t(index));
        py::check(PyList_Append(list.get(), number.get()));
    }
    return list;
}

py::Ref to_list(const Index* indices, Index count) {
    auto list = py::Ref::steal(PyList_New(count));
    for (Index i = 0; i < count; ++i) {
        PyObject* const number = PyLong_FromSsize_t(indices[i]);
        PyList_SET_ITEM(list.get(), i, py::Ref::steal(number).release());
    }
    return list;
}

} // namespace boc::math
