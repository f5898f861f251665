#include "gather.h"

#include "args.h"
#include "axis.h"
#include "key.h"
#include "methods.h"

#include <algorithm>
#include <utility>

namespace boc::math {

namespace {

Shape picked_shape(const Picked& picked, Shape source) noexcept {
    const auto count = static_cast<Index>(picked.indices.size());
    return picked.columns ? Shape{source.rows, count} : Shape{count, source.columns};
}

Picked wrapped_in(Picked picked, Shape source) {
    wrap_all(picked.indices, picked.columns ? source.columns : source.rows,
             picked.columns ? "column" : "row");
    return picked;
}

/// Calls `visit(place in the selection, place in the source, how many)` per run of
/// neighbours.
template <typename Visit>
void for_runs(const Picked& picked, Shape source, const Visit& visit) {
    const auto count = static_cast<Index>(picked.indices.size());
    if (!picked.columns) {
        for (Index i = 0; i < count; ++i) {
            const Index row = picked.indices[static_cast<std::size_t>(i)];
            visit(i * source.columns, row * source.columns, source.columns);
        }
        return;
    }
    for (Index row = 0; row < source.rows; ++row) {
        for (Index j = 0; j < count; ++j) {
            const Index column = picked.indices[static_cast<std::size_t>(j)];
            visit(row * count + j, row * source.columns + column, 1);
        }
    }
}

/// The numbers to scatter: one repeated, or one for each place.
struct Offer {
    std::vector<double> snapshot; ///< set when the value is the target itself
    const double* data;
    Index step;
};

Offer offer_from(const StrictOperand& value, Shape wanted, const Block& target) {
    const Grid grid = value.grid();
    if (!grid.shape.is_single() && grid.shape != wanted) {
        raise_shape("the value is %zdx%zd but the selection %zdx%zd", grid.shape.rows,
                    grid.shape.columns, wanted.rows, wanted.columns);
    }
    Offer offer{{}, grid.data, grid.shape.is_single() ? 0 : 1};
    if (grid.data == const_cast<Block&>(target).data()) {
        offer.snapshot.assign(grid.data, grid.data + grid.shape.size());
        offer.data = offer.snapshot.data();
    }
    return offer;
}

py::Ref take(const Call& call) {
    static constexpr Signature<3> kSignature{
        "take", {"indices", "axis", "out"}, {0, 2, 1}};
    const auto [indices, axis, out] = parse(kSignature, call);
    const bool columns = is_column_axis(axis);
    return gather(call.self, {indices_from(indices), columns}, out);
}

py::Ref select(const Call& call) {
    static constexpr Signature<2> kSignature{"select", {"indices", "axis"}, {0, 2, 1}};
    const auto [indices, axis] = parse(kSignature, call);
    const bool columns = is_column_axis(axis);
    const auto items =
        py::Ref::steal(PySequence_Fast(indices, "indices must be iterable"));
    if (PySequence_Fast_GET_SIZE(items.get()) == 0) {
        return py::Ref::none();
    }
    return gather(call.self, {indices_from(items.get()), columns}, nullptr);
}

py::Ref put(const Call& call) {
    static constexpr Signature<4> kSignature{
        "put", {"indices", "value", "axis", "accumulate"}, {0, 4, 2}};
    const auto [indices, value, axis, accumulate] = parse(kSignature, call);
    const bool columns = is_column_axis(axis);
    scatter(call.self, {indices_from(indices), columns}, value, is_set(accumulate));
    return py::Ref::share(call.self);
}

} // namespace

py::Ref gather(PyObject* self, Picked given, PyObject* out) {
    if (!is_absent(out) && out == self) {
        py::raise(PyExc_ValueError, "out must not be the matrix itself");
    }
    Block& source = held(self);
    const Picked picked = wrapped_in(std::move(given), source.shape());
    Fresh result = output(Py_TYPE(self), picked_shape(picked, source.shape()), out);
    if (result.data == source.data()) {
        py::raise(PyExc_ValueError, "out must not be the matrix itself");
    }
    for_runs(picked, source.shape(), [&](Index place, Index at, Index count) {
        std::copy_n(source.data() + at, count, result.data + place);
    });
    return std::move(result.ref);
}

void scatter(PyObject* self, Picked given, PyObject* value, bool accumulate) {
    static_cast<void>(wrapped_in(given, held(self).shape()));
    const StrictOperand operand{value, "value"};
    Block& target = held(self);
    const Shape shape = target.shape();
    const Picked picked = wrapped_in(std::move(given), shape);
    const Offer offer = offer_from(operand, picked_shape(picked, shape), target);
    for_runs(picked, shape, [&](Index place, Index at, Index count) {
        for (Index i = 0; i < count; ++i) {
            double& cell = target.data()[at + i];
            const double number = offer.data[(place + i) * offer.step];
            cell = accumulate ? cell + number : number;
        }
    });
}

Methods gather_methods() {
    static const PyMethodDef methods[] = {
        method<&take>(
            "take",
            "take($self, indices, axis=0, *, out=None)\n--\n\n"
            "The rows (axis 0: kxC) or columns (axis 1: Rxk) with these numbers.\n\n"
            "Negative numbers count from the end. IndexError if out of range or "
            "empty, KeyError for another axis, ValueError if `out` is self or has "
            "another shape."),
        method<&select>("select", "select($self, indices, axis=0)\n--\n\n"
                                  "As `take`, but None for no indices."),
        method<&put>(
            "put",
            "put($self, indices, value, axis=0, accumulate=False)\n--\n\n"
            "Writes value to these rows or columns, adds it if accumulate; returns "
            "self.\n\n"
            "value: number, 1x1, or Matrix of exactly the selection's shape "
            "(ValueError otherwise). Nothing is written on an error."),
    };
    return methods;
}

} // namespace boc::math
