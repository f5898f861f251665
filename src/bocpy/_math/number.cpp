#include "number.h"

namespace boc::math {

bool is_number(PyObject* object) noexcept {
    if (PyFloat_Check(object) || PyLong_Check(object)) {
        return true;
    }
    if (PyUnicode_Check(object) || PyBytes_Check(object) || PyComplex_Check(object)) {
        return false;
    }
    const PyNumberMethods* const methods = Py_TYPE(object)->tp_as_number;
    return methods != nullptr &&
           (methods->nb_float != nullptr || methods->nb_index != nullptr);
}

std::optional<double> try_double(PyObject* object) {
    if (PyFloat_CheckExact(object)) {
        return PyFloat_AS_DOUBLE(object);
    }
    if (!is_number(object)) {
        return std::nullopt;
    }
    const double value = PyFloat_AsDouble(object);
    if (value == -1.0 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return value;
}

double as_double(PyObject* number, const char* what) {
    if (const auto value = try_double(number)) {
        return *value;
    }
    py::raise(PyExc_TypeError, "%s must be a real number, not %.100s", what,
              Py_TYPE(number)->tp_name);
}

void clear_refusal() {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0 ||
        PyErr_ExceptionMatches(PyExc_MemoryError) != 0) {
        throw py::ErrorSet{};
    }
    PyErr_Clear();
}

Index as_index(PyObject* number, PyObject* overflow) {
    const Index value = PyNumber_AsSsize_t(number, overflow);
    if (value == -1 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return value;
}

} // namespace boc::math
