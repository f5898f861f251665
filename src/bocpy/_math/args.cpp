#include "args.h"

#include "matrix.h"

namespace boc::math {

namespace {

int find_parameter(const char* const* parameters, int first, int count,
                   PyObject* name) {
    for (int i = first; i < count; ++i) {
        if (PyUnicode_CompareWithASCIIString(name, parameters[i]) == 0) {
            return i;
        }
    }
    return -1;
}

} // namespace

void parse_into(const char* name, const char* const* parameters, int count,
                const Arity& arity, const Call& call, PyObject** out) {
    require_held(call.self);
    if (call.nargs > arity.positional) {
        py::raise(PyExc_TypeError,
                  "%s() takes at most %d positional arguments (%zd given)", name,
                  arity.positional, call.nargs);
    }
    for (Py_ssize_t i = 0; i < call.nargs; ++i) {
        out[i] = call.args[i];
    }
    const Py_ssize_t named =
        call.kwnames != nullptr ? PyTuple_GET_SIZE(call.kwnames) : 0;
    for (Py_ssize_t i = 0; i < named; ++i) {
        PyObject* const keyword = PyTuple_GET_ITEM(call.kwnames, i);
        const int at =
            find_parameter(parameters, arity.positional_only, count, keyword);
        if (at < 0) {
            py::raise(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'",
                      name, keyword);
        }
        if (out[at] != nullptr) {
            py::raise(PyExc_TypeError, "%s() got multiple values for argument '%s'",
                      name, parameters[at]);
        }
        out[at] = call.args[call.nargs + i];
    }
    for (int i = 0; i < arity.required; ++i) {
        if (out[i] == nullptr) {
            py::raise(PyExc_TypeError, "%s() missing required argument: '%s'", name,
                      parameters[i]);
        }
    }
}

void forbid_numpy_options(PyObject* dtype, PyObject* out) {
    if (!is_absent(dtype)) {
        py::raise(PyExc_TypeError, "dtype must be None: the numbers are doubles");
    }
    if (!is_absent(out)) {
        py::raise(PyExc_TypeError, "out must be None: the result is a new object");
    }
}

} // namespace boc::math
