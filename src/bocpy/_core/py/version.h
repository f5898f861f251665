#pragma once

// The one place that asks which CPython this is; everyone else asks for a feature.

#include <Python.h>

#if PY_VERSION_HEX < 0x030C0000
#    include <structmember.h>
#    define Py_T_PYSSIZET T_PYSSIZET
#    define Py_READONLY READONLY
#endif

#if PY_VERSION_HEX >= 0x030C0000
#    define BOC_HAS_OWN_GIL 1    // sub-interpreters with a GIL each
#    define BOC_HAS_DICT_WATCH 1 // PyDict_Watch
#else
#    define BOC_HAS_OWN_GIL 0
#    define BOC_HAS_DICT_WATCH 0
#endif

#if PY_VERSION_HEX >= 0x030D0000
#    define BOC_CURRENT_FRAME current_frame // PyUnstable_InterpreterFrame_* read it
#elif PY_VERSION_HEX >= 0x030C0000
#    define BOC_CURRENT_FRAME cframe->current_frame
#endif

#if PY_VERSION_HEX >= 0x030D0000
#    define BOC_HAS_DICT_REF 1  // PyDict_GetItemRef
#    define BOC_HAS_GIL_SLOT 1  // Py_mod_gil
#    define BOC_HAS_XI_HEADER 1 // internal/pycore_crossinterp.h
#else
#    define BOC_HAS_DICT_REF 0
#    define BOC_HAS_GIL_SLOT 0
#    define BOC_HAS_XI_HEADER 0
#endif

#if PY_VERSION_HEX >= 0x030D0000 && PY_VERSION_HEX < 0x030E0000
#    define BOC_HIDES_DICTS 1 // tp_traverse does not visit a __dict__ that is in use
#else
#    define BOC_HIDES_DICTS 0
#endif

#if PY_VERSION_HEX >= 0x030E0000
#    define BOC_HAS_XI_NAMES 1 // _PyXIData_*
#else
#    define BOC_HAS_XI_NAMES 0
#endif

#if PY_VERSION_HEX >= 0x030F0000
#    define BOC_HAS_INTERP_VIEW 1 // PyInterpreterView, PyThreadState_Ensure
#else
#    define BOC_HAS_INTERP_VIEW 0
#endif

#ifdef Py_GIL_DISABLED
#    define BOC_HAS_FREE_THREADS 1
#else
#    define BOC_HAS_FREE_THREADS 0
#endif

#if BOC_HAS_FREE_THREADS && PY_VERSION_HEX >= 0x030E0000
#    define BOC_HAS_UNIQUE 1 // PyUnstable_Object_IsUniquelyReferenced
#else
#    define BOC_HAS_UNIQUE 0
#endif

#if PY_VERSION_HEX < 0x030B0000
#    include <frameobject.h>
/// The byte offset of the instruction that a frame executes.
static inline int PyFrame_GetLasti(PyFrameObject* frame) {
    return frame->f_lasti * 2;
}
#endif

#if PY_VERSION_HEX < 0x030D0000
/// The attached thread state, or null.
static inline PyThreadState* PyThreadState_GetUnchecked() {
    return _PyThreadState_UncheckedGet();
}
#endif

#if PY_VERSION_HEX < 0x030C0000
/// Takes the pending exception out of the thread state, normalised, with its traceback.
static inline PyObject* PyErr_GetRaisedException() {
    PyObject *type = nullptr, *value = nullptr, *traceback = nullptr;
    PyErr_Fetch(&type, &value, &traceback);
    if (type == nullptr) {
        return nullptr;
    }
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != nullptr) {
        PyException_SetTraceback(value, traceback);
    }
    Py_DECREF(type);
    Py_XDECREF(traceback);
    return value;
}

/// Makes `raised` the pending exception; takes over the reference.
static inline void PyErr_SetRaisedException(PyObject* raised) {
    if (raised == nullptr) {
        PyErr_Clear();
        return;
    }
    PyErr_Restore(Py_NewRef(Py_TYPE(raised)), raised, PyException_GetTraceback(raised));
}
#endif

/// Whether somebody has the `__dict__` of an instance, and its collector does not tell.
static inline bool has_hidden_alias([[maybe_unused]] PyObject* object) {
#if BOC_HIDES_DICTS
    constexpr Py_ssize_t kSlot = BOC_HAS_FREE_THREADS ? -1 : -3;
    if ((Py_TYPE(object)->tp_flags & Py_TPFLAGS_MANAGED_DICT) != 0) {
        PyObject* const names = reinterpret_cast<PyObject**>(object)[kSlot];
        return names != nullptr && Py_REFCNT(names) != 1;
    }
#endif
    return false;
}
