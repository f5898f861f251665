#pragma once

#include "py/ref.h"

#include <exception>
#include <new>
#include <utility>

namespace boc::py {

/// Holds the pending exception aside while Python may run, and puts it back.
class ErrorPause {
public:
    ErrorPause() noexcept : raised_{PyErr_GetRaisedException()} {}
    ~ErrorPause() { PyErr_SetRaisedException(raised_); }
    ErrorPause(const ErrorPause&) = delete;
    ErrorPause& operator=(const ErrorPause&) = delete;

private:
    PyObject* raised_;
};

/// Takes the pending exception out of the thread state; never null.
[[nodiscard]] inline Ref take_error() noexcept {
    if (PyObject* raised = PyErr_GetRaisedException(); raised != nullptr) {
        return Ref::adopt(raised);
    }
    PyErr_SetString(PyExc_SystemError, "a call failed without an exception");
    return Ref::adopt(PyErr_GetRaisedException());
}

/// Hands the pending exception to sys.unraisablehook.
inline void report_unraisable(PyObject* context) noexcept {
    PyErr_WriteUnraisable(context);
}

/// Runs `body`; a C++ exception becomes the pending Python exception and the answer is
/// `failed`. No catch (...): before 3.14 a thread that re-attaches at exit is unwound
/// on purpose.
template <typename Result, typename Body>
Result guarded_or(Result failed, Body&& body) {
    try {
        return std::forward<Body>(body)();
    } catch (const ErrorSet&) {
        return failed;
    } catch (const std::bad_alloc&) {
        PyErr_NoMemory();
        return failed;
    } catch (const std::exception& error) {
        PyErr_SetString(PyExc_RuntimeError, error.what());
        return failed;
    }
}

/// Runs the body of a slot that answers with an object.
template <typename Body>
PyObject* guarded(Body&& body) {
    return guarded_or(static_cast<PyObject*>(nullptr), [&]() -> PyObject* {
        return std::forward<Body>(body)().release();
    });
}

/// Runs the body of a slot that answers 0, or -1 with an exception.
template <typename Body>
int guarded_int(Body&& body) {
    return guarded_or(-1, [&] {
        std::forward<Body>(body)();
        return 0;
    });
}

} // namespace boc::py
