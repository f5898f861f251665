#include "args.h"
#include "broadcast.h"
#include "methods.h"

namespace boc::math {

namespace {

void check_fit(const Grid& grid, Shape self, const char* what) {
    if (!fits(grid.shape, self)) {
        raise_shape("%s shape %zdx%zd incompatible with self %zdx%zd", what,
                    grid.shape.rows, grid.shape.columns, self.rows, self.columns);
    }
}

py::Ref fma(const Call& call) {
    static constexpr Signature<3> kSignature{"fma", {"b", "c", "in_place"}, {2, 3, 2}};
    const auto [b_given, c_given, in_place] = parse(kSignature, call);
    const Shape shape = held(call.self).shape();
    const StrictOperand b{b_given, "fma: b"};
    check_fit(b.grid(), shape, "fma: b");
    const StrictOperand c{c_given, "fma: c"};
    check_fit(c.grid(), shape, "fma: c");
    Fresh result = output_or_self(call.self, in_place, nullptr);
    Block& block = held(call.self);
    const Grid b_grid = b.grid();
    const Grid c_grid = c.grid();
    check_fit(b_grid, block.shape(), "fma: b");
    check_fit(c_grid, block.shape(), "fma: c");
    for_lanes(result.data, block.shape(), kernels().fma,
              Side{block.data(), block.shape().columns, 1},
              side_of(b_grid, block.shape()), side_of(c_grid, block.shape()));
    return std::move(result.ref);
}

py::Ref scaled_add(const Call& call) {
    static constexpr Signature<3> kSignature{
        "scaled_add", {"s", "x", "in_place"}, {2, 3, 2}};
    const auto [s_given, x_given, in_place] = parse(kSignature, call);
    const Shape shape = held(call.self).shape();
    const StrictOperand s{s_given, "scaled_add: s"};
    check_fit(s.grid(), shape, "scaled_add: s");
    const Operand x{x_given};
    Fresh result = output_or_self(call.self, in_place, nullptr);
    Block& block = held(call.self);
    const Grid s_grid = s.grid();
    const Grid x_grid = x.grid();
    check_fit(s_grid, block.shape(), "scaled_add: s");
    if (x_grid.scalar && block.shape().is_single()) {
        raise_shape("scaled_add: x must be a Matrix or a sequence, a number does not "
                    "match self 1x1");
    }
    if (x_grid.shape != block.shape()) {
        raise_shape("scaled_add: x shape %zdx%zd does not match self %zdx%zd",
                    x_grid.shape.rows, x_grid.shape.columns, block.shape().rows,
                    block.shape().columns);
    }
    const Index columns = block.shape().columns;
    for_lanes(result.data, block.shape(), kernels().scaled_add,
              Side{block.data(), columns, 1}, side_of(s_grid, block.shape()),
              Side{x_grid.data, columns, 1});
    return std::move(result.ref);
}

} // namespace

Methods fused_methods() {
    static const PyMethodDef methods[] = {
        method<&fma>(
            "fma",
            "fma($self, b, c, /, in_place=False)\n--\n\n"
            "self * b + c rounded once, on every processor.\n\n"
            "b, c: number, 1x1, same shape, 1xC or Rx1. TypeError for anything "
            "else, ValueError for other shapes; nothing is written on an error."),
        method<&scaled_add>(
            "scaled_add",
            "scaled_add($self, s, x, /, in_place=False)\n--\n\n"
            "self + s * x rounded twice, bit for bit that expression.\n\n"
            "s: as b of `fma`. x: Matrix or sequence of exactly self's shape, "
            "else ValueError."),
    };
    return methods;
}

} // namespace boc::math
