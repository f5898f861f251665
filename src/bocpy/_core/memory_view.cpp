#include "memory_view.h"

#include "py/error.h"

#include <cstdint>

namespace boc {

namespace {

enum Place : std::uint8_t { kBytes, kReadonly, kFormat, kShape };

py::Ref view_of(PyObject* memory, PyObject* format, PyObject* shape) {
    const py::Ref view = py::Ref::steal(PyMemoryView_FromObject(memory));
    const py::Ref cast = py::attribute(view.get(), "cast");
    return PyTuple_GET_SIZE(shape) == 1 ? py::call(cast.get(), format)
                                        : py::call(cast.get(), format, shape);
}

} // namespace

py::Ref describe_view(PyObject* view) {
    const py::Ref bytes = py::call(py::attribute(view, "tobytes").get());
    const py::Ref readonly = py::attribute(view, "readonly");
    const py::Ref format = py::attribute(view, "format");
    const py::Ref shape = py::attribute(view, "shape");
    try {
        static_cast<void>(view_of(bytes.get(), format.get(), shape.get()));
    } catch (const py::ErrorSet&) {
        PyErr_Clear();
        py::raise(PyExc_TypeError,
                  "cannot pickle a memoryview of format %R and shape %R", format.get(),
                  shape.get());
    }
    return py::Ref::steal(
        PyTuple_Pack(4, bytes.get(), readonly.get(), format.get(), shape.get()));
}

py::Ref restore_view(PyObject* described) {
    const auto at = [described](Place place) {
        return PyTuple_GET_ITEM(described, place);
    };
    const py::Ref memory = at(kReadonly) == Py_True
                               ? py::Ref::share(at(kBytes))
                               : py::Ref::steal(PyByteArray_FromObject(at(kBytes)));
    return view_of(memory.get(), at(kFormat), at(kShape));
}

} // namespace boc
