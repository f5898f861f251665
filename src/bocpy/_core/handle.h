#pragma once

#include "cown.h"

namespace boc {

/// A `CownCapsule`: what bodies get. Holds one count of its cown, unless it is lent.
struct Capsule {
    PyObject_HEAD Cown* cown;
    bool lent; ///< see lend_capsule
};

/// A `Cown`: what programs make and `@when` answers with. Holds one count of its cown.
struct CownHandle {
    PyObject_HEAD Cown* cown;
    Cown* blank;    ///< of a subclass, what stood for the cown before __init__
    PyObject* impl; ///< its capsule, made when asked for
    PyObject* weakrefs;
};

/// Gives a `Cown` of a subclass what it stands for, once.
void fill_cown(PyObject* self, CownPtr cown);

/// New handles on a cown, in the attached interpreter.
[[nodiscard]] py::Ref make_capsule(CownPtr cown);
[[nodiscard]] py::Ref make_cown(CownPtr cown);

/// A capsule for the time of a call, during which the caller holds a count of the cown.
[[nodiscard]] py::Ref lend_capsule(Cown* cown);
/// Takes a lent capsule back; if somebody has kept it, it gets a count of its own.
void return_capsule(PyObject* capsule) noexcept;

/// tp_dealloc of the two types. Also what tells a handle: a type of every interpreter.
void free_capsule(PyObject* self);
void free_cown(PyObject* self);

[[nodiscard]] inline bool is_capsule(PyObject* object) noexcept {
    return Py_TYPE(object)->tp_dealloc == free_capsule;
}
/// A `Cown` or an instance of a subclass.
[[nodiscard]] bool is_cown(PyObject* object) noexcept;

/// The cown behind a `CownCapsule` or a `Cown`, lent; null for other objects.
[[nodiscard]] inline Cown* cown_behind(PyObject* object) noexcept {
    if (is_capsule(object)) {
        return reinterpret_cast<Capsule*>(object)->cown;
    }
    return is_cown(object) ? reinterpret_cast<CownHandle*>(object)->cown : nullptr;
}

} // namespace boc
