#include "args.h"
#include "crossing.h"
#include "indices.h"
#include "matrix_type.h"
#include "number.h"
#include "pickle.h"
#include "py/faults.h"
#include "random.h"
#include "state.h"
#include "window.h"

#include <new>

namespace boc::math {

namespace {

constexpr const char* kName = "bocpy._math";

/// `_take_seat(thread)`: the calling thread, which has that identifier, owns matrices
/// by itself, not as its interpreter; None undoes it.
py::Ref set_seat(const Call& call) {
    static constexpr Signature<1> kSignature{"_take_seat", {"thread"}, {1, 1, 1}};
    const auto [thread] = parse(kSignature, call);
    if (is_absent(thread)) {
        take_seat(kNobody);
        return py::Ref::none();
    }
    const Index identifier = as_index(thread);
    if (identifier < 0) {
        py::raise(PyExc_ValueError, "a thread has no negative identifier");
    }
    take_seat(seat_of(identifier));
    return py::Ref::none();
}

PyMethodDef* functions() {
    static PyMethodDef list[] = {
        method<&unpickle>("_matrix_unpickle",
                          "_matrix_unpickle(rows, columns, data, /)\n--\n\n"
                          "The matrix that pickle took apart; ValueError for data that "
                          "does not fit."),
        method<&set_seat>("_take_seat",
                          "_take_seat(thread, /)\n--\n\n"
                          "Makes the calling thread, which has that identifier, an "
                          "owner of its own, or none again with None."),
        {nullptr, nullptr, 0, nullptr},
    };
    return list;
}

State& state_in(PyObject* module) {
    auto* const state = static_cast<State*>(PyModule_GetState(module));
    return state != nullptr ? *state : throw py::ErrorSet{};
}

void add(PyObject* module, const char* name, PyObject* object) {
    py::check(PyModule_AddObjectRef(module, name, object));
}

void add(PyObject* module, const char* name, PyTypeObject* type) {
    add(module, name, reinterpret_cast<PyObject*>(type));
}

/// Both numpy attributes belong to the type, whose attributes Python code cannot set.
void leave_operators_to(PyTypeObject* type) {
    py::check(PyDict_SetItemString(type->tp_dict, "__array_ufunc__", Py_None));
    PyType_Modified(type);
}

PyObject* make_shape_error() {
    const auto bases =
        py::Ref::steal(PyTuple_Pack(2, PyExc_ValueError, PyExc_NotImplementedError));
    return py::Ref::
        steal(PyErr_NewExceptionWithDoc(
                  "bocpy._math.MatrixShapeError",
                  "Shapes do not match, or an axis has no meaning: a ValueError, and a "
                  "NotImplementedError for programs that catch that.",
                  bases.get(), nullptr))
            .release();
}

/// Enters the module into the interpreter's own dictionary, where `State::here` finds
/// it.
void publish(PyObject* module) {
    PyObject* const shared = PyInterpreterState_GetDict(PyInterpreterState_Get());
    if (shared == nullptr) {
        py::raise(PyExc_RuntimeError, "the interpreter has no dictionary");
    }
    py::check(PyDict_SetItemString(shared, kName, module));
}

int execute(PyObject* module) {
    return py::guarded_int([&] {
        State& state = state_in(module);
        state.shape_error = make_shape_error();
        new (&state.random) std::atomic<std::uint64_t>{random_seed()};
        add_indices_type(module, state);
        add_matrix_type(module, state);
        add_view_type(module, state);
        add_indexer_type(module, state);
        add_iterator_types(module, state);
        leave_operators_to(state.matrix);
        leave_operators_to(state.view);
        state.unpickle = py::attribute(module, "_matrix_unpickle").release();
        add(module, "Matrix", state.matrix);
        add(module, "MatrixView", state.view);
        add(module, "MatrixViewIndexer", state.indexer);
        add(module, "MatrixIndices", state.indices);
        add(module, "MatrixShapeError", state.shape_error);
        register_crossing(state.matrix);
        register_staying(state.view);
        py::add_faults(module);
        publish(module);
    });
}

int traverse(PyObject* module, visitproc visit, void* arg) {
    auto* const state = static_cast<State*>(PyModule_GetState(module));
    Py_VISIT(state->matrix);
    Py_VISIT(state->view);
    Py_VISIT(state->indexer);
    Py_VISIT(state->numbers);
    Py_VISIT(state->lines);
    Py_VISIT(state->indices);
    Py_VISIT(state->shape_error);
    Py_VISIT(state->unpickle);
    return 0;
}

int clear(PyObject* module) {
    auto* const state = static_cast<State*>(PyModule_GetState(module));
    Py_CLEAR(state->matrix);
    Py_CLEAR(state->view);
    Py_CLEAR(state->indexer);
    Py_CLEAR(state->numbers);
    Py_CLEAR(state->lines);
    Py_CLEAR(state->indices);
    Py_CLEAR(state->shape_error);
    Py_CLEAR(state->unpickle);
    return 0;
}

void free_module(void* module) {
    static_cast<void>(clear(static_cast<PyObject*>(module)));
}

PyModuleDef_Slot* module_slots() {
    static PyModuleDef_Slot slots[] = {
        {Py_mod_exec, py::slot(&execute)},
#if BOC_HAS_OWN_GIL
        {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if BOC_HAS_GIL_SLOT
        {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
        {0, nullptr},
    };
    return slots;
}

} // namespace

State& State::here() {
    PyObject* const shared = PyInterpreterState_GetDict(PyInterpreterState_Get());
    PyObject* module = shared != nullptr ? py::item(shared, kName) : nullptr;
    if (module == nullptr) {
        static_cast<void>(py::import(kName));
        module = py::item(shared, kName);
    }
    if (module == nullptr) {
        py::raise(PyExc_ImportError, "%s is not loaded", kName);
    }
    return state_in(module);
}

} // namespace boc::math

PyMODINIT_FUNC PyInit__math() {
    static PyModuleDef definition = {
        PyModuleDef_HEAD_INIT,
        "bocpy._math",
        "Dense matrices that cross interpreters by pointer.",
        sizeof(boc::math::State),
        boc::math::functions(),
        boc::math::module_slots(),
        &boc::math::traverse,
        &boc::math::clear,
        &boc::math::free_module,
    };
    return PyModuleDef_Init(&definition);
}
