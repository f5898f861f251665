#pragma once

#include "py/ref.h"

namespace boc::py {

/// An instruction of Python code: null code if no Python runs.
struct Instruction {
    Ref code;
    int offset = 0; ///< in bytes

    [[nodiscard]] PyCodeObject* code_object() const noexcept {
        return reinterpret_cast<PyCodeObject*>(code.get());
    }
    [[nodiscard]] int line() const noexcept {
        return PyCode_Addr2Line(code_object(), offset);
    }
};

/// Where the Python code stands that called into the core. Makes no frame object if
/// CPython lets it.
[[nodiscard]] inline Instruction current_instruction() noexcept {
#ifdef BOC_CURRENT_FRAME
    auto* const frame = PyThreadState_Get()->BOC_CURRENT_FRAME;
    if (frame == nullptr) {
        return {};
    }
    Ref code = Ref::adopt(PyUnstable_InterpreterFrame_GetCode(frame));
    if (!PyCode_Check(code.get())) {
        return {};
    }
    return {std::move(code), PyUnstable_InterpreterFrame_GetLasti(frame)};
#else
    PyFrameObject* const frame = PyEval_GetFrame();
    if (frame == nullptr) {
        return {};
    }
    auto* const code = reinterpret_cast<PyObject*>(PyFrame_GetCode(frame));
    return {Ref::adopt(code), PyFrame_GetLasti(frame)};
#endif
}

} // namespace boc::py
