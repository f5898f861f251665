#include "args.h"
#include "axis.h"
#include "key.h"
#include "methods.h"
#include "operand.h"

#include <utility>
#include <vector>

namespace boc::math {

namespace {

/// One cell of each row (axis 1) or of each column (axis 0).
struct Path {
    std::vector<Index> indices;
    bool across;

    [[nodiscard]] Shape shape() const noexcept {
        const auto count = static_cast<Index>(indices.size());
        return across ? Shape{count, 1} : Shape{1, count};
    }
    [[nodiscard]] Index cell(Index i, Shape source) const noexcept {
        const Index index = indices[static_cast<std::size_t>(i)];
        return across ? i * source.columns + index : index * source.columns + i;
    }
};

/// The path with its indices wrapped, one for each row or column; ShapeError for
/// another number of them.
Path fitted(Path path, Shape source) {
    const Index wanted = path.across ? source.rows : source.columns;
    if (static_cast<Index>(path.indices.size()) != wanted) {
        raise_shape("%zd indices for %zd %s", static_cast<Index>(path.indices.size()),
                    wanted, path.across ? "rows" : "columns");
    }
    wrap_all(path.indices, path.across ? source.columns : source.rows,
             path.across ? "column" : "row");
    return path;
}

/// The path as given: what may run Python code comes before anything is fitted.
Path path_from(PyObject* indices, PyObject* axis) {
    const bool across = is_column_axis(axis);
    return {indices_from(indices), across};
}

py::Ref take_along_axis(const Call& call) {
    static constexpr Signature<3> kSignature{
        "take_along_axis", {"indices", "axis", "out"}, {0, 2, 1}};
    const auto [indices, axis, out] = parse(kSignature, call);
    Path given = path_from(indices, axis);
    Block& source = held(call.self);
    const Path path = fitted(std::move(given), source.shape());
    if (!is_absent(out) && held_argument(out, "out").data() == source.data()) {
        py::raise(PyExc_ValueError, "out must not be the matrix itself");
    }
    Fresh result = output(Py_TYPE(call.self), path.shape(), out);
    for (Index i = 0; i < path.shape().size(); ++i) {
        result.data[i] = source.data()[path.cell(i, source.shape())];
    }
    return std::move(result.ref);
}

py::Ref put_along_axis(const Call& call) {
    static constexpr Signature<4> kSignature{
        "put_along_axis", {"indices", "value", "axis", "accumulate"}, {0, 4, 2}};
    const auto [indices, value, axis, accumulate] = parse(kSignature, call);
    Path given = path_from(indices, axis);
    const bool adds = is_set(accumulate);
    static_cast<void>(fitted(given, held(call.self).shape()));
    const StrictOperand operand{value, "value"};
    Block& target = held(call.self);
    const Path path = fitted(std::move(given), target.shape());
    const Grid grid = operand.grid();
    if (!grid.shape.is_single() && grid.shape != path.shape()) {
        raise_shape("the value is %zdx%zd but the selection %zdx%zd", grid.shape.rows,
                    grid.shape.columns, path.shape().rows, path.shape().columns);
    }
    const std::vector<double> numbers(grid.data, grid.data + grid.shape.size());
    for (Index i = 0; i < path.shape().size(); ++i) {
        double& cell = target.data()[path.cell(i, target.shape())];
        const double number =
            numbers[numbers.size() == 1 ? 0 : static_cast<std::size_t>(i)];
        cell = adds ? cell + number : number;
    }
    return py::Ref::share(call.self);
}

} // namespace

Methods along_methods() {
    static const PyMethodDef methods[] = {
        method<&take_along_axis>(
            "take_along_axis",
            "take_along_axis($self, indices, axis=0, *, out=None)\n--\n\n"
            "One number per column (axis 0: a row index each, 1xC) or per row (axis 1: "
            "a "
            "column index each, Rx1).\n\n"
            "ValueError for another count of indices, IndexError out of range, "
            "KeyError "
            "for another axis."),
        method<&put_along_axis>(
            "put_along_axis",
            "put_along_axis($self, indices, value, axis=0, accumulate=False)\n--\n\n"
            "Writes to the cells that `take_along_axis` reads; returns self.\n\n"
            "value: number, 1x1, or exactly 1xC or Rx1 (ValueError otherwise)."),
    };
    return methods;
}

} // namespace boc::math
