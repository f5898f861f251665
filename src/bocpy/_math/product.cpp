#include "arithmetic.h"
#include "kernels.h"
#include "operand.h"

#include <vector>

namespace boc::math {

namespace {

py::Ref multiply(PyTypeObject* type, const Grid& a, const Grid& b) {
    if (a.shape.columns != b.shape.rows) {
        raise_shape("@ cannot multiply %zdx%zd by %zdx%zd", a.shape.rows,
                    a.shape.columns, b.shape.rows, b.shape.columns);
    }
    const Index columns = b.shape.columns;
    Fresh fresh = make(type, {a.shape.rows, columns});
    const Kernels& chosen = kernels();
    std::vector<double> scratch(
        static_cast<std::size_t>(chosen.product_scratch(a.shape, columns)));
    chosen.product(fresh.data, a.data, b.data, a.shape, columns, scratch.data());
    return std::move(fresh.ref);
}

Grid grid_of(Block& block) noexcept {
    return {block.data(), block.shape(), false};
}

} // namespace

py::Ref product(PyObject* left, PyObject* right) {
    if (is_matrix(left) && is_matrix(right)) {
        return multiply(Py_TYPE(left), grid_of(held(left)), grid_of(held(right)));
    }
    require_held_side(right);
    const Operand a{left};
    const Operand b{right};
    if (a.is_scalar() || b.is_scalar()) {
        py::raise(PyExc_TypeError, "@ needs a matrix on both sides, not a number");
    }
    return multiply(result_type(left, right), a.grid(), b.grid());
}

} // namespace boc::math
