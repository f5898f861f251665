#include "compare.h"

#include "number.h"
#include "operand.h"
#include "view.h"

#include <optional>

namespace boc::math {

namespace {

/// Whether `object` is something whose numbers a matrix is compared with.
bool is_comparable(PyObject* object) noexcept {
    if (is_view(object) || PyBytes_Check(object) || PyByteArray_Check(object)) {
        return false;
    }
    return is_matrix(object) || is_number(object) || is_plain_sequence(object);
}

/// Below, equal or above 0, by the first position that decides; NaN decides nothing.
int order(const Grid& left, const Grid& right) noexcept {
    const Index step = right.scalar ? 0 : 1;
    for (Index i = 0; i < left.shape.size(); ++i) {
        const double a = left.data[i];
        const double b = right.data[i * step];
        if (a < b) {
            return -1;
        }
        if (a > b) {
            return 1;
        }
    }
    return 0;
}

[[noreturn]] void raise_incomparable(PyObject* other) {
    py::raise(PyExc_TypeError, "a Matrix does not compare with this %.100s",
              Py_TYPE(other)->tp_name);
}

/// The operand to compare with; nothing if it does not convert and the question was
/// equality, TypeError (ValueError for an empty sequence) otherwise.
std::optional<Operand> other_operand(PyObject* other, bool equality) {
    try {
        Operand operand{other};
        if (operand.is_sequence() && !is_plain_sequence(other)) {
            raise_incomparable(other);
        }
        return operand;
    } catch (const py::ErrorSet&) {
        if (is_matrix(other)) {
            throw;
        }
        if (!equality && (PyErr_ExceptionMatches(PyExc_TypeError) ||
                          PyErr_ExceptionMatches(PyExc_ValueError))) {
            throw;
        }
        clear_refusal();
        if (equality) {
            return std::nullopt;
        }
        raise_incomparable(other);
    }
}

bool answer(int order, int op) noexcept {
    switch (op) {
    case Py_LT:
        return order < 0;
    case Py_LE:
        return order <= 0;
    case Py_GT:
        return order > 0;
    case Py_GE:
        return order >= 0;
    case Py_NE:
        return order != 0;
    default:
        return order == 0;
    }
}

py::Ref to_bool(bool value) {
    return py::Ref::share(value ? Py_True : Py_False);
}

} // namespace

PyObject* compare(PyObject* self, PyObject* other, int op) {
    return py::guarded([&] {
        if (!is_comparable(other)) {
            return py::Ref::share(Py_NotImplemented);
        }
        static_cast<void>(held(self));
        const bool equality = op == Py_EQ || op == Py_NE;
        const auto operand = other_operand(other, equality);
        if (!operand) {
            return to_bool(op == Py_NE);
        }
        Block& block = held(self);
        const Grid left{block.data(), block.shape(), false};
        const Grid right = operand->grid();
        if (!right.scalar && right.shape != left.shape) {
            if (equality) {
                return to_bool(op == Py_NE);
            }
            raise_shape("%zdx%zd and %zdx%zd have no order", left.shape.rows,
                        left.shape.columns, right.shape.rows, right.shape.columns);
        }
        return to_bool(answer(order(left, right), op));
    });
}

} // namespace boc::math
