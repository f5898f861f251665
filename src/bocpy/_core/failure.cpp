#include "failure.h"

#include "behavior.h"
#include "home.h"
#include "plan.h"
#include "site.h"

namespace boc {

namespace {

/// File, line and function of the `@when`, and the file of the body; or None.
py::Ref origin_of(const Behavior* behavior) {
    if (behavior == nullptr || behavior->site() == nullptr) {
        return py::Ref::none();
    }
    const Site& site = *behavior->site();
    const Plan* const plan = behavior->plan();
    return py::Ref::steal(Py_BuildValue("siss", site.file.c_str(), site.line,
                                        site.function.c_str(),
                                        plan != nullptr ? plan->file.c_str() : ""));
}

py::Ref ask(const char* function, PyObject* error, const Behavior* behavior) {
    const py::Ref origin = origin_of(behavior);
    return py::call(py::import("bocpy._failure", function).get(), error, origin.get());
}

} // namespace

Parcel pack_failure(PyObject* error, const Behavior* behavior) noexcept {
    const py::ErrorPause pause;
    Parcel packed;
    const int done = py::guarded_int([&] {
        const char* const way = shares_values() ? "annotated" : "portable";
        packed = Parcel::pack(ask(way, error, behavior).get(), nullptr);
    });
    if (done < 0) {
        PyErr_Clear();
        packed = Parcel::lost();
    }
    return packed;
}

py::Ref failure_text(PyObject* error, const Behavior* behavior) noexcept {
    const py::ErrorPause pause;
    py::Ref text =
        py::Ref::adopt(py::guarded([&] { return ask("unread", error, behavior); }));
    PyErr_Clear();
    return text;
}

void note_failure(const std::string& text) noexcept {
    const py::Ref error = py::take_error();
    const int done = py::guarded_int([&] {
        const py::Ref note = py::Ref::steal(PyUnicode_DecodeUTF8(
            text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
        const py::Ref add = py::attribute(error.get(), "add_note");
        const py::Ref added = py::call(add.get(), note.get());
    });
    if (done < 0) { // CPython 3.10, or a user's method
        PyErr_Clear();
    }
    PyErr_SetRaisedException(error.share().release());
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
