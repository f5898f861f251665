#pragma once

#include "py/version.h"

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
