#pragma once

#include "py/attach.h"
#include "py/error.h"

#include <Python.h>

#include <cstdint>
#include <memory>

namespace boc::test {

/// Puts `owned` into a capsule that deletes it.
template <typename T>
[[nodiscard]] py::Ref to_capsule(std::unique_ptr<T> owned) {
    py::Ref capsule =
        py::Ref::steal(PyCapsule_New(owned.get(), T::kName, [](PyObject* dying) {
            delete static_cast<T*>(PyCapsule_GetPointer(dying, T::kName));
        }));
    owned.release();
    return capsule;
}

/// What the capsule holds; TypeError or ValueError if it is another's.
template <typename T>
[[nodiscard]] T& from_capsule(PyObject* capsule) {
    void* const held = PyCapsule_GetPointer(capsule, T::kName);
    return held != nullptr ? *static_cast<T*>(held) : throw py::ErrorSet{};
}

/// A count of repetitions.
[[nodiscard]] inline std::uint64_t to_count(PyObject* number) {
    const long long count = PyLong_AsLongLong(number);
    if (count == -1 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    if (count < 0) {
        py::raise(PyExc_ValueError, "k must be non-negative");
    }
    return static_cast<std::uint64_t>(count);
}

[[nodiscard]] inline py::Ref to_int(std::uint64_t value) {
    return py::Ref::steal(PyLong_FromUnsignedLongLong(value));
}

[[nodiscard]] inline py::Ref to_address(const void* pointer) {
    return to_int(reinterpret_cast<std::uintptr_t>(pointer));
}

/// A list of the numbers in a range.
template <typename Range>
[[nodiscard]] py::Ref to_list(const Range& numbers) {
    py::Ref list = py::Ref::steal(PyList_New(0));
    for (const auto number : numbers) {
        const py::Ref item = to_int(static_cast<std::uint64_t>(number));
        py::check(PyList_Append(list.get(), item.get()));
    }
    return list;
}

/// Arguments of a call, as many as `kCount`.
template <std::size_t kCount>
struct Arguments {
    explicit Arguments(PyObject* tuple) {
        if (PyTuple_GET_SIZE(tuple) != static_cast<Py_ssize_t>(kCount)) {
            py::raise(PyExc_TypeError, "expected %zu arguments", kCount);
        }
        for (std::size_t index = 0; index < kCount; ++index) {
            items[index] = PyTuple_GET_ITEM(tuple, static_cast<Py_ssize_t>(index));
        }
    }
    PyObject* operator[](std::size_t index) const { return items[index]; }
    PyObject* items[kCount + 1] = {};
};

/// One row of a method table: `kFunction(arguments)` answers with a Ref.
template <std::size_t kCount, py::Ref (*kFunction)(const Arguments<kCount>&)>
[[nodiscard]] constexpr PyMethodDef method(const char* name) {
    return {name,
            [](PyObject*, PyObject* tuple) {
                return py::guarded([&] { return kFunction(Arguments<kCount>{tuple}); });
            },
            METH_VARARGS, nullptr};
}

/// What a module of this folder is: no state, any interpreter, no need of the GIL.
inline PyModuleDef_Slot module_slots[] = {
#if BOC_HAS_OWN_GIL
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if BOC_HAS_GIL_SLOT
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, nullptr},
};

[[nodiscard]] constexpr PyModuleDef module_of(const char* name, PyMethodDef* methods) {
    return {PyModuleDef_HEAD_INIT, name,    nullptr, 0,      methods,
            module_slots,          nullptr, nullptr, nullptr};
}

} // namespace boc::test
