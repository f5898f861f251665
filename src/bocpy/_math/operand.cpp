#include "operand.h"

#include "args.h"
#include "holder.h"
#include "number.h"
#include "view.h"

namespace boc::math {

namespace {

/// Whether `object` is an array of several numbers, which has a `__float__` only for
/// the sake of those that hold one.
bool is_array(PyObject* object) {
    if (PyObject_CheckBuffer(object) == 0 || PySequence_Check(object) == 0) {
        return false;
    }
    const bool sized = PySequence_Size(object) >= 0;
    if (!sized) {
        clear_refusal();
    }
    return sized;
}

} // namespace

Operand::Operand(PyObject* object, Empty empty) : kind_{Kind::kScalar} {
    if (is_matrix(object)) {
        static_cast<void>(held(object));
        kind_ = Kind::kMatrix;
        matrix_ = object;
        return;
    }
    if (PyFloat_Check(object) || PyLong_Check(object)) {
        scalar_ = as_double(object, "an operand");
        return;
    }
    if (is_view(object)) {
        copy(numbers_from_view(object), Kind::kCopied, empty);
        return;
    }
    if (auto numbers = numbers_from_buffer(object)) {
        if (numbers->dimensions == 0) {
            scalar_ = numbers->values.front();
            return;
        }
        const Kind kind = numbers->dimensions == 1 ? Kind::kSequence : Kind::kCopied;
        copy(std::move(*numbers), kind, empty);
        return;
    }
    const auto value = is_array(object) ? std::nullopt : try_double(object);
    if (value) {
        scalar_ = *value;
        return;
    }
    copy(numbers_from_iterable(object), Kind::kSequence, empty);
}

void Operand::copy(Numbers&& numbers, Kind kind, Empty empty) {
    if (numbers.values.empty() && empty == Empty::kTypeError) {
        py::raise(PyExc_TypeError, "an empty sequence is no value");
    }
    if (numbers.values.empty()) {
        raise_shape("an empty sequence is not a matrix");
    }
    kind_ = kind;
    copied_ = std::move(numbers);
}

Grid Operand::grid() const {
    if (kind_ == Kind::kMatrix) {
        Block& block = held(matrix_);
        return {block.data(), block.shape(), false};
    }
    if (kind_ == Kind::kScalar) {
        return {&scalar_, {1, 1}, true};
    }
    return {copied_.values.data(), copied_.shape, false};
}

StrictOperand::StrictOperand(PyObject* object, const char* what) {
    if (is_matrix(object)) {
        static_cast<void>(held(object));
        matrix_ = object;
        return;
    }
    const bool refused = is_view(object) || is_array(object);
    const auto value = refused ? std::nullopt : try_double(object);
    if (!value) {
        py::raise(PyExc_TypeError, "%s must be a Matrix or a real number, not %.100s",
                  what, Py_TYPE(object)->tp_name);
    }
    scalar_ = *value;
}

Grid StrictOperand::grid() const {
    if (matrix_ == nullptr) {
        return {&scalar_, {1, 1}, true};
    }
    Block& block = held(matrix_);
    return {block.data(), block.shape(), false};
}

void require_held_side(PyObject* object) {
    require_held(object);
    if (is_view(object)) {
        static_cast<void>(held_by(object));
    }
}

bool is_plain_sequence(PyObject* object) noexcept {
    return PyList_Check(object) || PyTuple_Check(object) ||
           PyObject_CheckBuffer(object) != 0;
}

PyTypeObject* result_type(PyObject* left, PyObject* right) {
    if (is_matrix(left)) {
        return Py_TYPE(left);
    }
    if (is_matrix(right)) {
        return Py_TYPE(right);
    }
    return State::of(is_view(left) ? left : right).matrix;
}

Fresh output(PyTypeObject* type, Shape shape, PyObject* out) {
    if (is_absent(out)) {
        return make(type, shape);
    }
    Block& block = held_argument(out, "out");
    const Shape given = block.shape();
    if (given != shape) {
        raise_shape("out shape %zdx%zd does not match result %zdx%zd", given.rows,
                    given.columns, shape.rows, shape.columns);
    }
    return {py::Ref::share(out), block.data()};
}

Fresh output_or_self(PyObject* self, PyObject* in_place, PyObject* out) {
    const bool overwrite = is_set(in_place);
    if (overwrite && !is_absent(out)) {
        py::raise(PyExc_ValueError, "out and in_place are mutually exclusive");
    }
    if (overwrite) {
        return {py::Ref::share(self), held(self).data()};
    }
    return output(Py_TYPE(self), held(self).shape(), out);
}

} // namespace boc::math
