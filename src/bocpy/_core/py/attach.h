#pragma once

#include "py/version.h"

#include <new>

namespace boc::py {

/// Detaches the calling thread from its interpreter while it may block.
class Detached {
public:
    Detached() noexcept : saved_{PyEval_SaveThread()} {}
    ~Detached() noexcept(false) { PyEval_RestoreThread(saved_); }
    Detached(const Detached&) = delete;
    Detached& operator=(const Detached&) = delete;

private:
    PyThreadState* saved_;
};

/// Attaches the calling thread to another interpreter than the one it is attached to,
/// as a guest: once that interpreter's own threads let it in.
class Attached {
public:
    explicit Attached(PyInterpreterState* interpreter)
        : inner_{PyThreadState_New(interpreter)} {
        if (inner_ == nullptr) {
            throw std::bad_alloc{};
        }
        outer_ = PyThreadState_Swap(inner_);
    }
    ~Attached() noexcept(false) {
        PyThreadState_Clear(inner_);
        PyThreadState_Swap(outer_);
        PyThreadState_Delete(inner_);
    }
    Attached(const Attached&) = delete;
    Attached& operator=(const Attached&) = delete;

private:
    PyThreadState* inner_;
    PyThreadState* outer_ = nullptr;
};

/// Whether threads of one interpreter never run at once: one gives way to another only
/// inside calls into CPython.
inline constexpr bool kThreadsTakeTurns = BOC_HAS_FREE_THREADS == 0;

/// Holds the critical section of an object on builds without a GIL; nothing elsewhere.
class ObjectLock {
public:
#if BOC_HAS_FREE_THREADS
    explicit ObjectLock(PyObject* object) noexcept {
        PyCriticalSection_Begin(&section_, object);
    }
    ~ObjectLock() { PyCriticalSection_End(&section_); }

private:
    PyCriticalSection section_;

public:
#else
    explicit ObjectLock(PyObject*) noexcept {}
    ~ObjectLock() = default;
#endif
    ObjectLock(const ObjectLock&) = delete;
    ObjectLock& operator=(const ObjectLock&) = delete;
};

/// Guards a reference that threads of one interpreter share; empty under the GIL.
class Cell {
public:
#if BOC_HAS_FREE_THREADS
    void lock() noexcept { PyMutex_Lock(&mutex_); }
    void unlock() noexcept { PyMutex_Unlock(&mutex_); }

private:
    PyMutex mutex_{};
#else
    void lock() noexcept {}
    void unlock() noexcept {}
#endif
};

} // namespace boc::py
