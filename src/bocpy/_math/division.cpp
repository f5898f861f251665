#include "arithmetic.h"
#include "broadcast.h"

namespace boc::math {

py::Ref divide_with_rest(PyObject* left, PyObject* right) {
    require_held(right);
    const Operand a{left};
    const Operand b{right};
    const Grid a_grid = a.grid();
    const Grid b_grid = b.grid();
    const Shape shape = broadcast(a_grid, b_grid);
    const auto run = [&](Binary op) {
        Fresh fresh = make(result_type(left, right), shape);
        for_lanes(fresh.data, shape, kernels().binary[static_cast<std::size_t>(op)],
                  side_of(a_grid, shape), side_of(b_grid, shape));
        return std::move(fresh.ref);
    };
    const py::Ref quotient = run(Binary::kFloorDivide);
    const py::Ref rest = run(Binary::kRemainder);
    return py::Ref::steal(PyTuple_Pack(2, quotient.get(), rest.get()));
}

} // namespace boc::math
