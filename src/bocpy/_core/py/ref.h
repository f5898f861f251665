#pragma once

#include "py/version.h"

#include <cstddef>
#include <string>
#include <utility>

namespace boc::py {

/// Says that a CPython call failed; the exception itself stays in the thread state.
struct ErrorSet {};

/// Owns one strong reference, or nothing. Whoever destroys a Ref must be attached to
/// the interpreter of its object.
class Ref {
public:
    Ref() noexcept = default;
    Ref(Ref&& other) noexcept : ptr_{other.release()} {}
    Ref& operator=(Ref&& other) noexcept {
        const Ref old{std::exchange(ptr_, other.release())}; // dies once *this is whole
        return *this;
    }
    Ref(const Ref&) = delete;
    Ref& operator=(const Ref&) = delete;
    ~Ref() { Py_XDECREF(ptr_); }

    /// Takes over a new reference; throws if the call that made it failed.
    [[nodiscard]] static Ref steal(PyObject* fresh) {
        return fresh != nullptr ? Ref{fresh} : throw ErrorSet{};
    }
    /// Takes over a new reference that may be absent without an error.
    [[nodiscard]] static Ref adopt(PyObject* fresh) noexcept { return Ref{fresh}; }
    [[nodiscard]] static Ref share(PyObject* lent) noexcept {
        return Ref{Py_XNewRef(lent)};
    }
    [[nodiscard]] static Ref none() noexcept { return share(Py_None); }

    [[nodiscard]] PyObject* get() const noexcept { return ptr_; }
    [[nodiscard]] PyObject* release() noexcept { return std::exchange(ptr_, nullptr); }
    [[nodiscard]] Ref share() const noexcept { return share(ptr_); }
    explicit operator bool() const noexcept { return ptr_ != nullptr; }

private:
    explicit Ref(PyObject* owned) noexcept : ptr_{owned} {}
    PyObject* ptr_ = nullptr;
};

/// Whether the caller's reference is the only one; false when in doubt.
[[nodiscard]] inline bool is_unshared(PyObject* object) noexcept {
#if BOC_HAS_UNIQUE
    return PyUnstable_Object_IsUniquelyReferenced(object) != 0;
#elif BOC_HAS_FREE_THREADS
    static_cast<void>(object);
    return false;
#else
    return Py_REFCNT(object) == 1;
#endif
}

/// Throws if a call that answers with a negative number on failure failed.
inline int check(int answer) {
    return answer >= 0 ? answer : throw ErrorSet{};
}

/// Sets `type` with a formatted message and throws.
template <typename... Args>
[[noreturn]] void raise(PyObject* type, const char* format, Args... args) {
    PyErr_Format(type, format, args...);
    throw ErrorSet{};
}

/// Calls `callable(args...)` with positional arguments.
template <typename... Args>
[[nodiscard]] Ref call(PyObject* callable, Args... args) {
    PyObject* slots[] = {nullptr, args...}; // slot 0 is scratch for the callee
    const std::size_t nargs = sizeof...(args) | PY_VECTORCALL_ARGUMENTS_OFFSET;
    return Ref::steal(PyObject_Vectorcall(callable, slots + 1, nargs, nullptr));
}

[[nodiscard]] inline Ref attribute(PyObject* object, const char* name) {
    return Ref::steal(PyObject_GetAttrString(object, name));
}

/// Imports a module, whatever the user has put in the place of `__import__`.
[[nodiscard]] inline Ref import(const char* module) {
    const Ref name = Ref::steal(PyUnicode_FromString(module));
    const Ref package = Ref::steal(
        PyImport_ImportModuleLevelObject(name.get(), nullptr, nullptr, nullptr, 0));
    Ref found = Ref::adopt(PyImport_GetModule(name.get()));
    if (!found && PyErr_Occurred() == nullptr) {
        PyErr_Format(PyExc_ImportError, "%U was taken out of sys.modules", name.get());
    }
    return found ? std::move(found) : throw ErrorSet{};
}

/// `module.name`, imported.
[[nodiscard]] inline Ref import(const char* module, const char* name) {
    return attribute(import(module).get(), name);
}

/// `dict[name]`, lent, or null if there is none.
[[nodiscard]] inline PyObject* item(PyObject* dict, const char* name) {
    const Ref key = Ref::steal(PyUnicode_InternFromString(name));
    PyObject* const found = PyDict_GetItemWithError(dict, key.get());
    return found != nullptr || PyErr_Occurred() == nullptr ? found : throw ErrorSet{};
}

/// `dict[key]`, or nothing; another thread may take it out of the dict meanwhile.
[[nodiscard]] inline Ref entry(PyObject* dict, PyObject* key) {
#if BOC_HAS_DICT_REF
    PyObject* found = nullptr;
    check(PyDict_GetItemRef(dict, key, &found));
    return Ref::adopt(found);
#else
    PyObject* const found = PyDict_GetItemWithError(dict, key);
    if (found == nullptr && PyErr_Occurred() != nullptr) {
        throw ErrorSet{};
    }
    return Ref::share(found);
#endif
}

/// What a str says, in UTF-8.
[[nodiscard]] inline std::string text(PyObject* str) {
    Py_ssize_t size = 0;
    const char* const utf8 = PyUnicode_AsUTF8AndSize(str, &size);
    if (utf8 == nullptr) {
        throw ErrorSet{};
    }
    return {utf8, static_cast<std::size_t>(size)};
}

/// The same for a name that is only shown: what has no UTF-8 is escaped.
[[nodiscard]] inline std::string shown(PyObject* str) {
    const Ref bytes =
        Ref::steal(PyUnicode_AsEncodedString(str, "utf-8", "backslashreplace"));
    return {PyBytes_AS_STRING(bytes.get()),
            static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get()))};
}

} // namespace boc::py
