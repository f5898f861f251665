#pragma once

#include "py/error.h"

namespace boc::py {

/// A new heap type of `spec`, which belongs to `module`.
[[nodiscard]] inline PyTypeObject* make_type(PyObject* module, PyType_Spec* spec,
                                             PyTypeObject* base = nullptr) {
    const Ref bases =
        base != nullptr ? Ref::steal(PyTuple_Pack(1, base)) : Ref::adopt(nullptr);
    return reinterpret_cast<PyTypeObject*>(
        Ref::steal(PyType_FromModuleAndSpec(module, spec, bases.get())).release());
}

[[nodiscard]] inline PyTypeObject* share_type(PyTypeObject* type) noexcept {
    return reinterpret_cast<PyTypeObject*>(
        Ref::share(reinterpret_cast<PyObject*>(type)).release());
}

/// The address of a function as the `void*` of a type or module slot.
template <typename Function>
[[nodiscard]] void* slot(Function* function) noexcept {
    return reinterpret_cast<void*>(function);
}

/// The address of a METH_FASTCALL or METH_KEYWORDS function as a PyCFunction.
template <typename Function>
[[nodiscard]] PyCFunction method(Function* function) noexcept {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(function));
}

} // namespace boc::py
