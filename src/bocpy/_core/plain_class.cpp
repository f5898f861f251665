#include "plain_class.h"

#include "per_thread.h"
#include "py/error.h"

#include <array>

namespace boc {

namespace {

/// What a thread remembers of one class: a version belongs to one state of one class
/// in one interpreter.
struct Memo {
    PyTypeObject* type;
    std::int64_t home;
    unsigned version;
    bool plain;
};

constexpr std::size_t kMemos = 16;
using Memos = std::array<Memo, kMemos>;

/// Whether a class has what `object` has under this name.
bool inherits(PyTypeObject* type, const char* name) {
    const auto of = [name](PyTypeObject* owner) {
        auto* const object = reinterpret_cast<PyObject*>(owner);
        const py::Ref found = py::Ref::adopt(PyObject_GetAttrString(object, name));
        if (!found && PyErr_ExceptionMatches(PyExc_AttributeError) == 0) {
            throw py::ErrorSet{};
        }
        PyErr_Clear();
        return found.get(); // compared, never touched
    };
    return of(type) == of(&PyBaseObject_Type);
}

bool is_written_in_python(PyTypeObject* type) {
    PyObject* const order = type->tp_mro;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(order); ++i) {
        auto* const base = reinterpret_cast<PyTypeObject*>(PyTuple_GET_ITEM(order, i));
        if (base != &PyBaseObject_Type &&
            (!may_be_plain_class(base) ||
             (base->tp_flags & Py_TPFLAGS_IMMUTABLETYPE) != 0)) {
            return false;
        }
    }
    return true;
}

bool leaves_all_to_pickle(PyTypeObject* type) {
    const bool usual = type->tp_new == PyBaseObject_Type.tp_new &&
                       type->tp_getattro == PyObject_GenericGetAttr &&
                       type->tp_setattro == PyObject_GenericSetAttr &&
                       type->tp_traverse != nullptr && is_written_in_python(type);
    if (!usual) {
        return false;
    }
    for (const char* const name :
         {"__reduce_ex__", "__reduce__", "__getstate__", "__setstate__",
          "__getnewargs_ex__", "__getnewargs__"}) {
        if (!inherits(type, name)) {
            return false;
        }
    }
    return true;
}

bool recall_or_find(const Home& home, PyTypeObject* type) {
    Memos* const memos = PerThread<Memos>::mine();
    if (memos == nullptr) {
        return leaves_all_to_pickle(type);
    }
    Memo& memo = (*memos)[(reinterpret_cast<std::uintptr_t>(type) >> 6) % kMemos];
    if (memo.type != type || memo.home != home.id() || memo.version == 0 ||
        memo.version != type->tp_version_tag) {
        const bool plain = leaves_all_to_pickle(type);
        memo = {type, home.id(), type->tp_version_tag, plain};
    }
    return memo.plain;
}

/// Whether `sys.modules[type.__module__]` knows the class by its name.
bool is_found_by_name(PyTypeObject* type) {
    auto* const object = reinterpret_cast<PyObject*>(type);
    const py::Ref name = py::attribute(object, "__module__");
    PyObject* const module =
        PyDict_GetItemWithError(PyImport_GetModuleDict(), name.get());
    if (module == nullptr || !PyModule_CheckExact(module)) {
        return false;
    }
    return PyDict_GetItemWithError(
               PyModule_GetDict(module),
               reinterpret_cast<PyHeapTypeObject*>(type)->ht_qualname) == object;
}

} // namespace

bool is_plain_class(Home& home, PyTypeObject* type) noexcept {
    if (!may_be_plain_class(type)) {
        return false;
    }
    const py::ErrorPause pause;
    bool plain = false;
    const int done = py::guarded_int([&] {
        auto* const object = reinterpret_cast<PyObject*>(type);
        plain = recall_or_find(home, type) && is_found_by_name(type) &&
                py::check(PyDict_Contains(home.reducers(), object)) == 0;
    });
    PyErr_Clear();
    return done == 0 && plain;
}

} // namespace boc
