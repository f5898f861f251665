#include "bind/state.h"

#include <algorithm>
#include <cmath>

namespace boc::bind {

namespace {

constexpr double kEndless = 1e9; // seconds

} // namespace

Timeout parse_timeout(PyObject* seconds) {
    if (seconds == Py_None) {
        return {true, 0};
    }
    const double value = PyFloat_AsDouble(seconds);
    if (value == -1.0 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    if (std::isnan(value)) {
        py::raise(PyExc_ValueError, "timeout must not be NaN");
    }
    return {value > kEndless, std::max(value, 0.0)};
}

} // namespace boc::bind
