#pragma once

#include "shape.h"

#include <variant>
#include <vector>

namespace boc::math {

/// The rows or columns that one part of a key selects.
struct Span {
    Index first;
    Index step;
    Index count;
};

/// One part of a key as written, before a dimension is known.
class Selector {
public:
    /// Everything: the bare `:`.
    Selector() = default;
    /// An integer, slice, or list of integers; TypeError for anything else. May run
    /// Python code.
    explicit Selector(PyObject* part);

    [[nodiscard]] bool is_integer() const noexcept { return kind_ == Kind::kInteger; }
    [[nodiscard]] bool is_list() const noexcept { return kind_ == Kind::kList; }
    [[nodiscard]] bool is_bare() const noexcept { return kind_ == Kind::kBare; }
    [[nodiscard]] const std::vector<Index>& list() const noexcept { return list_; }

    /// The selection among `length` rows or columns (`what`): IndexError if it is empty
    /// or out of range. Not for a list.
    [[nodiscard]] Span span(Index length, const char* what) const;

private:
    enum class Kind : unsigned char { kBare, kInteger, kSlice, kList };

    Kind kind_ = Kind::kBare;
    Index start_ = 0;
    Index stop_ = PY_SSIZE_T_MAX;
    Index step_ = 1;
    std::vector<Index> list_;
};

/// What stands between the brackets of `m[...]`.
struct Key {
    /// KeyError for a tuple that is no pair, IndexError for a list beside anything but
    /// the bare `:`, TypeError for other types.
    explicit Key(PyObject* key);

    Selector rows;
    Selector columns;
    bool pair; ///< both parts were given
};

/// Any iterable of integers; TypeError for others, IndexError if it is empty.
[[nodiscard]] std::vector<Index> indices_from(PyObject* iterable);

/// `index` as given, wrapped once; an IndexError that names it, `what` and the length.
[[nodiscard]] Index wrapped(Index index, Index length, const char* what);

/// Wraps all of `indices`.
void wrap_all(std::vector<Index>& indices, Index length, const char* what);

} // namespace boc::math
