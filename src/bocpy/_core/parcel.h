#pragma once

#include "py/ref.h"

#include <cstdint>
#include <utility>

namespace boc {

class Cown;
struct Blob;

namespace xidata {
class Record;
}

/// A value on its way between behaviors, in a form that no interpreter owns.
///
/// In order, the first that fits: a leaf (None, bool, int, float, str, bytes, cowns,
/// memoryviews as copies, and tuples of those) is copied natively; a type registered
/// with CPython travels as its cross-interpreter data; functions and classes that are
/// found by their names cross as those; anything else is pickled, and
/// the cowns inside are pinned for as long as the bytes live. Under isolation `share`
/// the object itself is kept.
///
/// Packing, unpacking and destroying need a thread attached to some interpreter.
class Parcel {
public:
    Parcel() noexcept = default;
    Parcel(Parcel&& other) noexcept
        : kind_{std::exchange(other.kind_, Kind::kEmpty)}, form_{other.form_} {}
    Parcel& operator=(Parcel&& other) noexcept {
        if (this != &other) {
            clear();
            kind_ = std::exchange(other.kind_, Kind::kEmpty);
            form_ = other.form_;
        }
        return *this;
    }
    Parcel(const Parcel&) = delete;
    Parcel& operator=(const Parcel&) = delete;
    ~Parcel() { clear(); }

    /// Packs `value`; throws py::ErrorSet with the serialiser's own error, which names
    /// the culprit in `what`, unless that is null. What can only be in one place, such
    /// as a matrix, moves.
    [[nodiscard]] static Parcel pack(PyObject* value, const char* what = "value") {
        return pack(value, what, true);
    }
    /// The same for a value that is unpacked any number of times: nothing moves.
    [[nodiscard]] static Parcel pack_copy(PyObject* value) {
        return pack(value, "value", false);
    }
    /// Keeps the object itself, for threads of the primary interpreter.
    [[nodiscard]] static Parcel keep(PyObject* value) noexcept;
    /// Stands for an exception that cannot be packed; needs no memory.
    [[nodiscard]] static Parcel lost() noexcept;
    /// A new object in the attached interpreter; throws if the value does not load
    /// here. May be called any number of times, from several threads at once.
    [[nodiscard]] py::Ref unpack() const;
    /// The same for who alone has the parcel: if it throws, it can be tried again.
    [[nodiscard]] py::Ref unpack_alone();

    [[nodiscard]] bool empty() const noexcept { return kind_ == Kind::kEmpty; }
    void clear() noexcept {
        if (kind_ > Kind::kFloat) {
            free_form();
        }
        kind_ = Kind::kEmpty;
    }

private:
    enum class Kind : std::uint8_t {
        kEmpty,
        kNone,
        kFalse,
        kTrue,
        kLost,
        kInt,
        kFloat, // up to here nothing to free
        kStr,
        kBytes,
        kTuple,
        kView,
        kCapsule,
        kCown,
        kRecord,
        kNamed,
        kPickle,
        kObject,
    };
    union Form {
        std::int64_t integer = 0;
        double real;
        Blob* blob;
        Cown* cown;
        xidata::Record* record;
        PyObject* object; ///< of the primary interpreter
    };

    [[nodiscard]] static Parcel pack(PyObject* value, const char* what, bool moves);
    [[nodiscard]] static bool pack_scalar(PyObject* value, Parcel& out) noexcept;
    [[nodiscard]] static bool pack_leaf(PyObject* value, Parcel& out);
    [[nodiscard]] static bool pack_tuple(PyObject* value, Parcel& out, bool may_move,
                                         int depth = 0);
    static void move_items(PyObject* tuple, Blob& blob);
    [[nodiscard]] static py::Ref new_tuple_alone(Blob& blob);
    void free_form() noexcept;

    Kind kind_ = Kind::kEmpty;
    Form form_{};
};

/// How values cross from now on.
enum class Crossing : std::uint8_t {
    kInterpreters, ///< to another interpreter
    kThreads,      ///< as a copy, to threads that share functions, modules and classes
    kShared,       ///< as the same object, to threads
};
void set_crossing(Crossing crossing) noexcept;
[[nodiscard]] bool shares_values() noexcept;
/// Whether functions, modules and classes stay the same objects.
[[nodiscard]] bool keeps_definitions() noexcept;

} // namespace boc
