#include "failure.h"

#include "home.h"

namespace boc {

Parcel pack_failure(PyObject* error) noexcept {
    const py::ErrorPause pause;
    Parcel packed;
    const int done = py::guarded_int([&] {
        const py::Ref portable =
            shares_values()
                ? py::Ref::share(error)
                : py::call(py::import("bocpy._failure", "portable").get(), error);
        packed = Parcel::pack(portable.get());
    });
    if (done < 0) {
        PyErr_Clear(); // nothing more can be said of it than that it was raised
    }
    return packed;
}

void log_failure(const char* what, PyObject* error) noexcept {
    const py::ErrorPause pause;
    PyObject* const done = py::guarded([&] {
        const py::Ref text = py::Ref::steal(PyUnicode_FromString(what));
        const py::Ref index = py::Ref::steal(PyLong_FromLong(Home::current().index()));
        return py::call(py::import("bocpy._failure", "log").get(), index.get(),
                        text.get(), error);
    });
    if (done == nullptr) {
        py::report_unraisable(error);
    }
    Py_XDECREF(done);
}

} // namespace boc
