#include "number.h"

namespace boc::math {

namespace {

bool is_collection(PyObject* object) noexcept {
    return Py_TYPE(object)->tp_iter != nullptr || PySequence_Check(object) != 0;
}

} // namespace

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
    if (value != -1.0 || PyErr_Occurred() == nullptr) {
        return value;
    }
    if (!is_collection(object) || PyErr_ExceptionMatches(PyExc_TypeError) == 0) {
        throw py::ErrorSet{};
    }
    PyErr_Clear();
    return std::nullopt;
}

double as_double(PyObject* number, const char* what) {
    if (PyFloat_CheckExact(number)) {
        return PyFloat_AS_DOUBLE(number);
    }
    if (!is_number(number)) {
        py::raise(PyExc_TypeError, "%s must be a real number, not %.100s", what,
                  Py_TYPE(number)->tp_name);
    }
    const double value = PyFloat_AsDouble(number);
    return value != -1.0 || PyErr_Occurred() == nullptr ? value : throw py::ErrorSet{};
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
