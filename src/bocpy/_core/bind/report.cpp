#include "report.h"

#include "bind/state.h"
#include "dump_signal.h"
#include "probe.h"
#include "py/attach.h"
#include "unread.h"

namespace boc::bind {

namespace {

int number_of(PyObject* object) {
    const long number = PyLong_AsLong(object);
    if (number == -1 && PyErr_Occurred() != nullptr) {
        throw py::ErrorSet{};
    }
    return static_cast<int>(number);
}

PyObject* make_report(PyObject*, PyObject*) {
    return py::guarded([] {
        std::string text;
        {
            const py::Detached detached; // may wait a moment for each worker
            text = report();
        }
        return py::Ref::steal(PyUnicode_DecodeUTF8(
            text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
    });
}

PyObject* bodies(PyObject*, PyObject*) {
    return py::guarded([] {
        py::Ref all = py::Ref::steal(PyList_New(0));
        for (const std::string& label : running_bodies()) {
            const py::Ref text = py::Ref::steal(PyUnicode_DecodeUTF8(
                label.data(), static_cast<Py_ssize_t>(label.size()), "replace"));
            py::check(PyList_Append(all.get(), text.get()));
        }
        return all;
    });
}

PyObject* claim_probe(PyObject*, PyObject*) {
    return PyLong_FromLong(Probe::claim());
}

PyObject* adopt_probe(PyObject*, PyObject* file) {
    return py::guarded([file] {
        Probe::adopt(number_of(file));
        return py::Ref::none();
    });
}

PyObject* dump_on_signal(PyObject*, PyObject* const* args, Py_ssize_t count) {
    return py::guarded([&] {
        if (count != 2) {
            py::raise(PyExc_TypeError, "expected a signal and a descriptor");
        }
        const int number = number_of(args[0]);
        const int file = number_of(args[1]);
        const int trouble = DumpSignal::choose(number, file);
        if (trouble != 0) {
            errno = trouble;
            PyErr_SetFromErrno(PyExc_OSError);
            throw py::ErrorSet{};
        }
        return py::Ref::none();
    });
}

PyObject* forget_dump_signal(PyObject*, PyObject*) {
    DumpSignal::forget();
    Py_RETURN_NONE;
}

PyObject* report_unread(PyObject*, PyObject*) {
    return py::guarded([] {
        for (const CownPtr& cown : unread::all()) {
            cown->report_if_unread();
        }
        return py::Ref::none();
    });
}

PyMethodDef functions[] = {
    {"_report", make_report, METH_NOARGS, nullptr},
    {"_report_unread", report_unread, METH_NOARGS, nullptr},
    {"_running_bodies", bodies, METH_NOARGS, nullptr},
    {"_claim_probe", claim_probe, METH_NOARGS, nullptr},
    {"_adopt_probe", adopt_probe, METH_O, nullptr},
    {"_dump_on_signal", py::method(dump_on_signal), METH_FASTCALL, nullptr},
    {"_forget_dump_signal", forget_dump_signal, METH_NOARGS, nullptr},
    {nullptr, nullptr, 0, nullptr},
};

} // namespace

void add_report(PyObject* module) {
    py::check(PyModule_AddFunctions(module, functions));
}

} // namespace boc::bind
