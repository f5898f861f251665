#pragma once

#include "py/error.h"

#include <cstdint>

/// CPython's cross-interpreter data behind one set of names for every version.
namespace boc::xidata {

/// One object on its way, in a form that belongs to no interpreter.
struct Carried {
    void* data;
    /// A new object in the attached interpreter, or null.
    PyObject* (*arrive)(void* data);
    /// Gives up `data`; may run on any thread.
    void (*drop)(void* data);
};

/// Takes `object` out of the attached interpreter; throws py::ErrorSet if it refuses.
using Depart = Carried (*)(PyObject* object);

/// Makes instances of exactly `type` shareable, in the attached interpreter.
/// At most four different `depart` functions per extension module.
void register_type(PyTypeObject* type, Depart depart);

/// Whether CPython can carry `object` natively, any number of times: a memoryview
/// arrives once only. Sets no exception, runs no Python code.
[[nodiscard]] bool supports(PyObject* object) noexcept;

/// A carried object of any shareable type; moves, never copies.
class Record {
public:
    /// Takes `object` out of the attached interpreter; throws the type's own error.
    [[nodiscard]] static Record take(PyObject* object);

    Record(Record&& other) noexcept;
    Record& operator=(Record&& other) noexcept;
    Record(const Record&) = delete;
    Record& operator=(const Record&) = delete;
    /// Only where `home()` is attached, unless `homeless()`.
    ~Record();

    /// A new object in the attached interpreter.
    [[nodiscard]] py::Ref arrive() const;
    /// The interpreter that made the record.
    [[nodiscard]] std::int64_t home() const noexcept;
    /// Holds no object of its interpreter, so it may be destroyed anywhere.
    [[nodiscard]] bool homeless() const noexcept;

private:
    explicit Record(void* raw) noexcept : raw_{raw} {}
    void* raw_; ///< CPython's record
};

} // namespace boc::xidata
