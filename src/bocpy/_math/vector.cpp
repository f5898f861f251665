#include "broadcast.h"
#include "groups.h"
#include "methods.h"
#include "vectors.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace boc::math {

namespace {

/// The shape both sides of vecdot are read in; two vectors of one length pair up
/// whatever their orientation.
Shape paired_shape(const Grid& left, Grid& right) {
    const Shape a = left.shape;
    const Shape b = right.shape;
    if (a.is_vector() && b.is_vector() && a == b.flipped()) {
        right.shape = a;
        return a;
    }
    const bool rows_match = a.rows == b.rows && (a.columns == 1 || b.columns == 1);
    const bool columns_match = a.columns == b.columns && (a.rows == 1 || b.rows == 1);
    if (a == b || rows_match || columns_match) {
        return {std::max(a.rows, b.rows), std::max(a.columns, b.columns)};
    }
    raise_shape("vecdot: lhs %zdx%zd incompatible with rhs %zdx%zd", a.rows, a.columns,
                b.rows, b.columns);
}

std::vector<double> products(const Grid& left, const Grid& right, Shape shape) {
    std::vector<double> out(static_cast<std::size_t>(shape.size()));
    for_lanes(out.data(), shape,
              kernels().binary[static_cast<std::size_t>(Binary::kMultiply)],
              side_of(left, shape), side_of(right, shape));
    return out;
}

py::Ref sum_along(PyObject* self, const std::vector<double>& numbers, Shape shape,
                  Axis axis) {
    const bool across = axis == Axis::kAcross;
    Fresh fresh = make_filled(
        Py_TYPE(self), across ? Shape{shape.rows, 1} : Shape{1, shape.columns}, 0.0);
    if (!across) {
        kernels().add_to(fresh.data, numbers.data(), shape);
        return std::move(fresh.ref);
    }
    for (Index i = 0; i < shape.rows; ++i) {
        fresh.data[i] =
            kernels().sum(numbers.data() + i * shape.columns, shape.columns);
    }
    return std::move(fresh.ref);
}

py::Ref vecdot(const Call& call) {
    static constexpr Signature<2> kSignature{"vecdot", {"other", "axis"}, {1, 2, 1}};
    const auto [other, axis_given] = parse(kSignature, call);
    const Operand left{call.self};
    const Operand right{other};
    Grid right_grid = right.grid();
    static_cast<void>(paired_shape(left.grid(), right_grid));
    const Axis axis = axis_from(axis_given);
    const Grid left_grid = left.grid();
    right_grid = right.grid();
    const Shape shape = paired_shape(left_grid, right_grid);
    if (axis == Axis::kAll && left_grid.shape == right_grid.shape) {
        return py::Ref::steal(PyFloat_FromDouble(
            kernels().dot(left_grid.data, right_grid.data, shape.size())));
    }
    const std::vector<double> numbers = products(left_grid, right_grid, shape);
    if (axis == Axis::kAll) {
        return py::Ref::steal(
            PyFloat_FromDouble(kernels().sum(numbers.data(), shape.size())));
    }
    return sum_along(call.self, numbers, shape, axis);
}

const char* kind_of(const Batch& batch) noexcept {
    if (batch.dimension == 2) {
        return batch.single ? "2D vector" : batch.across ? "Nx2 batch" : "2xN batch";
    }
    return batch.single ? "3D vector" : batch.across ? "Nx3 batch" : "3xN batch";
}

/// How `other` lies beside the batch: the same way, or as one vector for all.
Batch other_batch(const Batch& batch, Shape self, Shape other) {
    if (other == self) {
        return batch;
    }
    const bool one = batch.single
                         ? other.size() == batch.dimension
                         : other.is_vector() && other.size() == batch.dimension;
    if (!one) {
        raise_shape("cross: %s lhs %zdx%zd incompatible with rhs %zdx%zd",
                    kind_of(batch), self.rows, self.columns, other.rows, other.columns);
    }
    return {batch.count, batch.dimension, 0, 1, false, true};
}

/// Two batches side by side.
struct Pair {
    const double* a;
    Batch left;
    const double* b;
    Batch right;

    /// a[k] * b[m] - a[m] * b[k] of vector `i`.
    [[nodiscard]] double minor(Index i, Index k, Index m) const noexcept {
        return a[left.at(i, k)] * b[right.at(i, m)] -
               a[left.at(i, m)] * b[right.at(i, k)];
    }
};

py::Ref cross_plane(PyObject* self, const Pair& pair) {
    const Index count = pair.left.count;
    if (pair.left.single) {
        return py::Ref::steal(PyFloat_FromDouble(pair.minor(0, 0, 1)));
    }
    Fresh fresh =
        make(Py_TYPE(self), pair.left.across ? Shape{count, 1} : Shape{1, count});
    for (Index i = 0; i < count; ++i) {
        fresh.data[i] = pair.minor(i, 0, 1);
    }
    return std::move(fresh.ref);
}

py::Ref cross(const Call& call) {
    static constexpr Signature<2> kSignature{"cross", {"other", "axis"}, {1, 2, 1}};
    const auto [other, axis_given] = parse(kSignature, call);
    const Axis axis = axis_from(axis_given);
    const Operand left{call.self};
    const Operand right{other};
    const Grid a = left.grid();
    const Grid b = right.grid();
    const Batch batch = cross_batch(a.shape, axis);
    const Pair pair{a.data, batch, b.data, other_batch(batch, a.shape, b.shape)};
    if (batch.dimension == 2) {
        return cross_plane(call.self, pair);
    }
    Fresh fresh = make(Py_TYPE(call.self), a.shape);
    for (Index i = 0; i < batch.count; ++i) {
        fresh.data[batch.at(i, 0)] = pair.minor(i, 1, 2);
        fresh.data[batch.at(i, 1)] = pair.minor(i, 2, 0);
        fresh.data[batch.at(i, 2)] = pair.minor(i, 0, 1);
    }
    return std::move(fresh.ref);
}

/// The magnitude by which each number is divided: one per group.
std::vector<double> magnitudes(const Groups& groups) {
    std::vector<double> squares(static_cast<std::size_t>(groups.count()), 0.0);
    for (Index group = 0; group < groups.count(); ++group) {
        double& square = squares[static_cast<std::size_t>(group)];
        groups.for_each(group, [&](Index, double x) { square += x * x; });
        square = std::sqrt(square);
    }
    return squares;
}

py::Ref normalize(const Call& call) {
    static constexpr Signature<2> kSignature{
        "normalize", {"axis", "in_place"}, {0, 2, 0}};
    const auto [axis_given, in_place] = parse(kSignature, call);
    const Axis axis = axis_from(axis_given);
    Fresh result = output_or_self(call.self, in_place, nullptr);
    const Groups groups{call.self, axis, nullptr};
    const std::vector<double> by = magnitudes(groups);
    const Shape shape = groups.source();
    for (Index i = 0; i < shape.size(); ++i) {
        const Index group = axis == Axis::kAll    ? 0
                            : axis == Axis::kDown ? i % shape.columns
                                                  : i / shape.columns;
        const double magnitude = by[static_cast<std::size_t>(group)];
        const double number = groups.data()[i];
        result.data[i] = magnitude == 0.0 ? number : number / magnitude;
    }
    return std::move(result.ref);
}

py::Ref perpendicular(const Call& call) {
    static constexpr Signature<2> kSignature{
        "perpendicular", {"axis", "in_place"}, {0, 2, 0}};
    const auto [axis_given, in_place] = parse(kSignature, call);
    const Axis axis = axis_from(axis_given);
    const bool overwrite = is_set(in_place);
    const Batch batch = plane_batch(held(call.self).shape(), axis, "perpendicular");
    Fresh result = output_or_self(call.self, overwrite ? Py_True : nullptr, nullptr);
    const double* const in = held(call.self).data();
    for (Index i = 0; i < batch.count; ++i) {
        const double x = in[batch.at(i, 0)];
        const double y = in[batch.at(i, 1)];
        result.data[batch.at(i, 0)] = -y;
        result.data[batch.at(i, 1)] = x;
    }
    return std::move(result.ref);
}

py::Ref angle(const Call& call) {
    static constexpr Signature<1> kSignature{"angle", {"axis"}, {0, 1, 0}};
    const auto [axis_given] = parse(kSignature, call);
    const Axis axis = axis_from(axis_given);
    Block& block = held(call.self);
    const Batch batch = plane_batch(block.shape(), axis, "angle");
    const auto angle_of = [&](Index i) {
        return std::atan2(block.data()[batch.at(i, 1)], block.data()[batch.at(i, 0)]);
    };
    if (batch.single) {
        return py::Ref::steal(PyFloat_FromDouble(angle_of(0)));
    }
    Fresh fresh = make(Py_TYPE(call.self),
                       batch.across ? Shape{batch.count, 1} : Shape{1, batch.count});
    for (Index i = 0; i < batch.count; ++i) {
        fresh.data[i] = angle_of(i);
    }
    return std::move(fresh.ref);
}

} // namespace

Methods vector_methods() {
    static const PyMethodDef methods[] = {
        method<&vecdot>(
            "vecdot",
            "vecdot($self, other, /, axis=None)\n--\n\n"
            "The sum of products with other: a float, 1xC (axis 0) or Rx1 "
            "(axis 1).\n\n"
            "other: same shape, a row or column of it, or a vector of the same "
            "length in either orientation; ValueError otherwise."),
        method<&cross>(
            "cross",
            "cross($self, other, /, axis=None)\n--\n\n"
            "The cross product of 2-D vectors (a float; Nx1 or 1xN for Nx2 or "
            "2xN) or 3-D vectors (shaped like self).\n\n"
            "other: same shape, or one vector. 2x2 and 3x3 hold a vector per row "
            "unless axis is 0. ValueError for other shapes."),
        method<&normalize>(
            "normalize",
            "normalize($self, axis=None, in_place=False)\n--\n\n"
            "Divided by the magnitude of all, of each column (axis 0) or each row "
            "(axis 1); what has magnitude 0 stays. A new matrix, or self if "
            "in_place.\n\n"
            "ValueError for another axis, TypeError for one that is no int."),
        method<&perpendicular>(
            "perpendicular",
            "perpendicular($self, axis=None, in_place=False)\n--\n\n"
            "Each 2-D vector (x, y) turned to (-y, x): 1x2, 2x1, Nx2 or "
            "2xN; a 2x2 holds a vector per row unless axis is 0. "
            "ValueError for other shapes."),
        method<&angle>("angle",
                       "angle($self, axis=None)\n--\n\n"
                       "atan2(y, x) of each 2-D vector: a float, Nx1 or 1xN; see "
                       "`perpendicular`."),
    };
    return methods;
}

} // namespace boc::math
