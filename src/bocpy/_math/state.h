#pragma once

#include "py/error.h"
#include "shape.h"

#include <atomic>
#include <cstdint>

namespace boc::math {

/// What one interpreter keeps: its types and its random stream.
struct State {
    PyTypeObject* matrix;
    PyTypeObject* view;
    PyTypeObject* indexer;
    PyTypeObject* window;
    PyTypeObject* numbers; ///< iterator over floats
    PyTypeObject* lines;   ///< iterator over row or column views
    PyObject* indices;     ///< list subclass with a shape
    PyObject* shape_error;
    PyObject* unpickle;
    std::atomic<std::uint64_t> random; ///< position in the stream

    /// The state of the attached interpreter, which need not have imported the module.
    [[nodiscard]] static State& here();
    /// The state behind a type of the module.
    [[nodiscard]] static State& of(PyTypeObject* type) {
        auto* const state = static_cast<State*>(PyType_GetModuleState(type));
        return state != nullptr ? *state : throw py::ErrorSet{};
    }
    [[nodiscard]] static State& of(PyObject* object) { return of(Py_TYPE(object)); }
};

/// A mismatch of shapes: an exception that is a ValueError and a NotImplementedError.
template <typename... Args>
[[noreturn]] void raise_shape(const char* format, Args... args) {
    py::raise(State::here().shape_error, format, args...);
}

} // namespace boc::math
