#include "culprit.h"

#include "pins.h"

namespace boc {

void name_culprit(PyObject* value, const char* what) {
    const PinCollector forgotten; // what the search pickles needs no pins
    const py::Ref error = py::take_error();
    if (PyErr_GivenExceptionMatches(error.get(), PyExc_Exception) != 0) {
        const int done = py::guarded_int([&] {
            const py::Ref name = py::Ref::steal(PyUnicode_FromString(what));
            const py::Ref told = py::call(py::import("bocpy._culprit", "name").get(),
                                          error.get(), value, name.get());
        });
        if (done < 0 && PyErr_ExceptionMatches(PyExc_Exception) == 0) {
            throw py::ErrorSet{};
        }
        PyErr_Clear();
    }
    PyErr_SetRaisedException(error.share().release());
}

} // namespace boc
