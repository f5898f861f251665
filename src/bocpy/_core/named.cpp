#include "named.h"

#include "home.h"

namespace boc {

namespace {

/// Whether pickle takes every object of this type for a global.
bool is_global_type(PyTypeObject* type) noexcept {
    return type == &PyFunction_Type || type == &PyCFunction_Type ||
           type == &PyType_Type;
}

py::Ref name_in(PyObject* value, const char* attribute) {
    py::Ref name = py::Ref::adopt(PyObject_GetAttrString(value, attribute));
    PyErr_Clear();
    const bool usable = name && PyUnicode_CheckExact(name.get()) &&
                        PyUnicode_IS_COMPACT_ASCII(name.get());
    return usable ? std::move(name) : py::Ref{};
}

/// Whether `sys.modules[module].name` is `value`, without running any code for it.
bool is_found(PyObject* value, PyObject* module, PyObject* name) {
    PyObject* const live = PyDict_GetItemWithError(PyImport_GetModuleDict(), module);
    return live != nullptr && PyModule_CheckExact(live) &&
           PyDict_GetItemWithError(PyModule_GetDict(live), name) == value;
}

std::string_view view(PyObject* ascii) noexcept {
    return {static_cast<const char*>(PyUnicode_DATA(ascii)),
            static_cast<std::size_t>(PyUnicode_GET_LENGTH(ascii))};
}

py::Ref as_text(std::string_view text) {
    return py::Ref::steal(
        PyUnicode_FromStringAndSize(text.data(), static_cast<Py_ssize_t>(text.size())));
}

} // namespace

std::optional<std::string> names_of(PyObject* value) {
    PyTypeObject* const type = Py_TYPE(value);
    if (!is_global_type(type) ||
        py::check(PyDict_Contains(Home::current().reducers(),
                                  reinterpret_cast<PyObject*>(type))) != 0) {
        return {};
    }
    const py::Ref module = name_in(value, "__module__");
    const py::Ref name = module ? name_in(value, "__qualname__") : py::Ref{};
    if (!name || !is_found(value, module.get(), name.get())) {
        return {};
    }
    std::string names{view(module.get())};
    names += '\0';
    return names += view(name.get());
}

py::Ref find_named(std::string_view names) {
    const std::size_t end = names.find('\0');
    const py::Ref module = as_text(names.substr(0, end));
    const py::Ref name = as_text(names.substr(end + 1));
    const py::Ref live =
        py::Ref::share(PyDict_GetItemWithError(PyImport_GetModuleDict(), module.get()));
    const py::Ref owner =
        live ? live.share() : py::Ref::steal(PyImport_Import(module.get()));
    return py::Ref::steal(PyObject_GetAttr(owner.get(), name.get()));
}

} // namespace boc
