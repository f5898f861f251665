#pragma once

#include "py/type.h"

#include <array>
#include <cstddef>

namespace boc::math {

/// One call as CPython hands it over; everything lent.
struct Call {
    PyObject* self;
    PyObject* const* args;
    Py_ssize_t nargs;
    PyObject* kwnames;
};

/// How many parameters may only, may, and must be given by position.
struct Arity {
    int positional_only;
    int positional;
    int required;
};

template <std::size_t Count>
struct Signature {
    const char* name;
    std::array<const char*, Count> parameters;
    Arity arity;
};

void parse_into(const char* name, const char* const* parameters, int count,
                const Arity& arity, const Call& call, PyObject** out);

/// The arguments in the order of the signature, null where absent; TypeError otherwise.
/// A method of a matrix that is not held fails as such, before its arguments do.
template <std::size_t Count>
[[nodiscard]] std::array<PyObject*, Count> parse(const Signature<Count>& signature,
                                                 const Call& call) {
    std::array<PyObject*, Count> out{};
    parse_into(signature.name, signature.parameters.data(), static_cast<int>(Count),
               signature.arity, call, &out[0]);
    return out;
}

/// Absent, or None.
[[nodiscard]] inline bool is_absent(PyObject* argument) noexcept {
    return argument == nullptr || argument == Py_None;
}

/// numpy's functions pass these two to the methods of the same names; TypeError unless
/// they are absent.
void forbid_numpy_options(PyObject* dtype, PyObject* out);

/// Truth of an argument, false when absent.
[[nodiscard]] inline bool is_set(PyObject* argument) {
    return argument != nullptr && py::check(PyObject_IsTrue(argument)) != 0;
}

template <py::Ref (*Function)(const Call&)>
PyObject* enter(PyObject* self, PyObject* const* args, Py_ssize_t nargs,
                PyObject* kwnames) {
    return py::guarded([&] { return Function(Call{self, args, nargs, kwnames}); });
}

template <py::Ref (*Function)(PyObject*)>
PyObject* enter_plain(PyObject* self, PyObject*) {
    return py::guarded([&] { return Function(self); });
}

/// A method with arguments; METH_CLASS may be added.
template <py::Ref (*Function)(const Call&)>
[[nodiscard]] PyMethodDef method(const char* name, const char* doc, int flags = 0) {
    return {name, py::method(&enter<Function>), METH_FASTCALL | METH_KEYWORDS | flags,
            doc};
}

/// A method without arguments.
template <py::Ref (*Function)(PyObject*)>
[[nodiscard]] PyMethodDef plain(const char* name, const char* doc) {
    return {name, &enter_plain<Function>, METH_NOARGS, doc};
}

} // namespace boc::math
