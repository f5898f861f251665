#include "matrix_type.h"

#include "arithmetic.h"
#include "compare.h"
#include "construct.h"
#include "export.h"
#include "items.h"
#include "layout.h"
#include "matrix.h"
#include "methods.h"
#include "text.h"

#include <vector>

namespace boc::math {

namespace {

constexpr const char* kDoc =
    "Matrix(rows, columns, values=None)\n--\n\n"
    "A dense two-dimensional matrix of float that crosses interpreters by "
    "pointer.\n\n"
    "values: an int or float to fill with, a flat sequence of rows * columns of "
    "them, or a buffer; zeros if absent. AssertionError for a dimension below 1, "
    "TypeError for values that do not fit.\n\n"
    "A matrix that was handed over (to a cown, a message, a behavior) is not "
    "acquired: whoever uses it all the same, by operator, item, property or method, "
    "gets a RuntimeError. Only `acquired`, `shape`, `repr` and `str` always answer.";

std::vector<PyMethodDef> join_methods() {
    std::vector<PyMethodDef> joined;
    for (const Methods& methods :
         {construct_methods(), arithmetic_methods(), elementwise_methods(),
          bounds_methods(),    reduce_methods(),     rank_methods(),
          gather_methods(),    along_methods(),      choose_methods(),
          vector_methods(),    fused_methods(),      random_methods(),
          pickle_methods(),    window_methods(),     export_methods(),
          layout_methods(),    format_methods(),     spread_methods(),
          power_methods(),     pattern_methods(),    order_methods(),
          algebra_methods()}) {
        joined.insert(joined.end(), methods.begin(), methods.end());
    }
    joined.push_back({nullptr, nullptr, 0, nullptr});
    return joined;
}

/// Lives as long as the process: all interpreters' types point into it.
PyMethodDef* all_methods() {
    static std::vector<PyMethodDef> methods = join_methods();
    return methods.data();
}

std::vector<PyType_Slot> all_slots() {
    std::vector<PyType_Slot> slots{
        {Py_tp_doc, const_cast<char*>(kDoc)},
        {Py_tp_new, py::slot(&matrix_new)},
        {Py_tp_init, py::slot(&matrix_init)},
        {Py_tp_dealloc, py::slot(&matrix_dealloc)},
        {Py_tp_repr, py::slot(&matrix_repr)},
        {Py_tp_str, py::slot(&matrix_str)},
        {Py_tp_richcompare, py::slot(&compare)},
        {Py_tp_hash, py::slot(&PyObject_HashNotImplemented)},
        {Py_tp_iter, py::slot(&PySeqIter_New)},
        {Py_tp_methods, all_methods()},
        {Py_tp_getset, matrix_properties()},
    };
    for (const auto& more : {number_slots(), item_slots(), matrix_buffer_slots()}) {
        slots.insert(slots.end(), more.begin(), more.end());
    }
    slots.push_back({0, nullptr});
    return slots;
}

} // namespace

void add_matrix_type(PyObject* module, State& state) {
    std::vector<PyType_Slot> slots = all_slots();
    PyType_Spec spec{"bocpy._math.Matrix", static_cast<int>(sizeof(Matrix)), 0,
                     Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE, slots.data()};
    PyTypeObject* const type = py::make_type(module, &spec);
    state.matrix = type;
    type->tp_vectorcall = &matrix_vectorcall;
}

} // namespace boc::math
