#include "broadcast.h"

#include "masks.h"
#include "number.h"

namespace boc::math {

bool fits(Shape shape, Shape result) noexcept {
    return (shape.rows == result.rows || shape.rows == 1) &&
           (shape.columns == result.columns || shape.columns == 1);
}

Side side_of(const Grid& grid, Shape result) noexcept {
    const Shape shape = grid.shape;
    const Index column_step = shape.columns == 1 && result.columns != 1 ? 0 : 1;
    const Index row_step = shape.rows == 1 && result.rows != 1 ? 0 : shape.columns;
    if (shape.is_single()) {
        return {grid.data, 0, 0};
    }
    return {grid.data, row_step, column_step};
}

Shape broadcast(const Grid& left, const Grid& right) {
    const Shape a = left.shape;
    const Shape b = right.shape;
    const Shape result{a.rows > b.rows ? a.rows : b.rows,
                       a.columns > b.columns ? a.columns : b.columns};
    if (!fits(a, result) || !fits(b, result)) {
        raise_shape("operand shapes %zdx%zd and %zdx%zd do not match", a.rows,
                    a.columns, b.rows, b.columns);
    }
    return result;
}

namespace {

void run_binary(Binary op, double* out, Shape shape, const Grid& left,
                const Grid& right) {
    const auto kernel = kernels().binary[static_cast<std::size_t>(op)];
    for_lanes(out, shape, kernel, side_of(left, shape), side_of(right, shape));
}

/// Names why the result of an in-place operation would not fit its left operand.
[[noreturn]] void raise_growth(Shape self, Shape result) {
    const char* const kind = self.is_single()   ? "in-place scalar broadcast"
                             : self.is_vector() ? "in-place outer broadcast"
                                                : "in-place broadcast";
    raise_shape("%s: %zdx%zd cannot hold the result %zdx%zd", kind, self.rows,
                self.columns, result.rows, result.columns);
}

/// Room for the number behind a Grid.
struct Plain {
    double number = 0.0;
    Grid grid{};
    Block* mask = nullptr;           ///< whose numbers are not asked for yet
    const MaskByte* bytes = nullptr; ///< of the mask

    void expand() noexcept {
        if (mask != nullptr) {
            grid.data = mask->data();
        }
    }
    [[nodiscard]] MaskOperand operand() const noexcept {
        return {grid.data, grid.shape.is_single() ? 0 : 1, bytes};
    }
};

/// Reads a Matrix, a float or a small int, for which no Python code runs; false for
/// anything else.
bool read_plain(PyObject* object, Token token, Plain& plain) {
    if (is_matrix(object)) {
        Block* const block = reinterpret_cast<Matrix*>(object)->block;
        if (block == nullptr || block->owner() != token) {
            raise_not_held(block);
        }
        plain.grid = {nullptr, block->shape(), false};
        plain.bytes = block->mask();
        plain.mask = block;
        if (plain.bytes == nullptr) {
            plain.expand();
        }
        return true;
    }
    if (PyFloat_CheckExact(object)) {
        plain.number = PyFloat_AS_DOUBLE(object);
        plain.grid = {&plain.number, {1, 1}, true};
        return true;
    }
    if (Index number = 0; read_small_int(object, number)) {
        plain.number = static_cast<double>(number);
        plain.grid = {&plain.number, {1, 1}, true};
        return true;
    }
    return false;
}

py::Ref binary_grids(Binary op, PyTypeObject* type, const Grid& left, const Grid& right,
                     PyObject* out) {
    const Shape shape = left.shape == right.shape ? left.shape : broadcast(left, right);
    if (makes_mask(op, shape, out)) {
        return compare_to_mask(op, type, shape, left, right);
    }
    Fresh result = output(type, shape, out);
    run_binary(op, result.data, shape, left, right);
    return std::move(result.ref);
}

/// Whether to compute with the bytes of a mask: nothing is repeated but a number.
bool stay_masks(Binary op, const Plain& left, const Plain& right) noexcept {
    const Shape a = left.grid.shape;
    const Shape b = right.grid.shape;
    return (left.bytes != nullptr || right.bytes != nullptr) && op < Binary::kLess &&
           (a == b || a.is_single() || b.is_single());
}

py::Ref binary_masks(Binary op, PyTypeObject* type, const Plain& left,
                     const Plain& right, PyObject* out) {
    const Shape a = left.grid.shape;
    const Shape shape = a.is_single() ? right.grid.shape : a;
    Fresh result = output(type, shape, out);
    run_masked(op, result.data, shape.size(), left.operand(), right.operand());
    return std::move(result.ref);
}

} // namespace

py::Ref binary(Binary op, PyObject* left, PyObject* right, PyObject* out) {
    const Token token = me();
    Plain a_plain;
    Plain b_plain;
    if (read_plain(left, token, a_plain) && read_plain(right, token, b_plain)) {
        if (stay_masks(op, a_plain, b_plain)) {
            return binary_masks(op, result_type(left, right), a_plain, b_plain, out);
        }
        a_plain.expand();
        b_plain.expand();
        return binary_grids(op, result_type(left, right), a_plain.grid, b_plain.grid,
                            out);
    }
    require_held_side(right);
    const Operand a{left};
    const Operand b{right};
    return binary_grids(op, result_type(left, right), a.grid(), b.grid(), out);
}

py::Ref binary_in_place(Binary op, PyObject* self, PyObject* right) {
    require_held(self);
    const Operand b{right};
    Block& block = held(self);
    const Grid a_grid{block.data(), block.shape(), false};
    const Grid b_grid = b.grid();
    const Shape shape = broadcast(a_grid, b_grid);
    if (shape != block.shape()) {
        raise_growth(block.shape(), shape);
    }
    run_binary(op, block.data(), shape, a_grid, b_grid);
    return py::Ref::share(self);
}

} // namespace boc::math
