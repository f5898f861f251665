#pragma once

#include "matrix.h"
#include "numbers.h"

namespace boc::math {

/// Numbers to compute with, lent for as long as no Python code runs.
struct Grid {
    const double* data;
    Shape shape;
    bool scalar; ///< came from a number, not from a matrix
};

/// What a value without a single number is: a mismatch of shapes, or of the wrong type.
enum class Empty : unsigned char { kShapeError, kTypeError };

/// One side of an operation: a number, a Matrix, a view, a buffer or an iterable of
/// numbers (a 1xN row). Making one may run Python code; `grid` looks the matrix up
/// again and runs none, so make all operands before asking for a grid.
class Operand {
public:
    /// TypeError for what is none of these, RuntimeError for a matrix not held.
    explicit Operand(PyObject* object, Empty empty = Empty::kShapeError);

    [[nodiscard]] bool is_scalar() const noexcept { return kind_ == Kind::kScalar; }
    /// A plain run of numbers, without an orientation of its own.
    [[nodiscard]] bool is_sequence() const noexcept { return kind_ == Kind::kSequence; }
    /// The matrix behind it, or null.
    [[nodiscard]] PyObject* matrix() const noexcept { return matrix_; }
    [[nodiscard]] Grid grid() const;

private:
    enum class Kind : unsigned char { kScalar, kMatrix, kCopied, kSequence };

    void copy(Numbers&& numbers, Kind kind, Empty empty);

    Kind kind_;
    double scalar_ = 0.0;
    PyObject* matrix_ = nullptr; ///< lent by the caller
    Numbers copied_;
};

/// An operand of fma and its like: a number or a Matrix, nothing that would be coerced.
/// TypeError "`what` must be a Matrix or a real number".
class StrictOperand {
public:
    StrictOperand(PyObject* object, const char* what);
    [[nodiscard]] Grid grid() const;

private:
    double scalar_ = 0.0;
    PyObject* matrix_ = nullptr;
};

/// RuntimeError for a matrix or a view that the caller may not touch; says nothing
/// about other objects. For before the other side is made an operand.
void require_held_side(PyObject* object);

/// Whether `object` is a list, a tuple or a buffer: the sequences that comparisons and
/// `where` read as a row, unlike other iterables.
[[nodiscard]] bool is_plain_sequence(PyObject* object) noexcept;

/// The type of new matrices in an operation on these objects.
[[nodiscard]] PyTypeObject* result_type(PyObject* left, PyObject* right);

/// Where a result of `shape` goes: the argument `out`, checked, or a new matrix.
[[nodiscard]] Fresh output(PyTypeObject* type, Shape shape, PyObject* out);

/// As `output`, for methods with `in_place` as well; the two exclude one another.
[[nodiscard]] Fresh output_or_self(PyObject* self, PyObject* in_place, PyObject* out);

} // namespace boc::math
