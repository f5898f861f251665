#include "compatible.h"
#include "lanes.h"
#include "methods.h"
#include "number.h"
#include "operand.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace boc::math {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Range {
    double low;
    double high;
};

Range clip_range(PyObject* low, PyObject* high) {
    Range range{-kInfinity, kInfinity};
    if (!is_absent(low)) {
        range.low = as_double(low, "min");
    }
    if (!is_absent(high)) {
        range.high = as_double(high, "max");
    }
    if (range.high < range.low) {
        py::raise(PyExc_AssertionError, "clip: max must not be less than min");
    }
    return range;
}

/// `maxval=h` is the range from 0 to h, the meaning of clip(h) in release 0.5.
py::Ref clip(const Call& call) {
    static constexpr Signature<5> kSignature{
        "clip", {"min", "max", "in_place", "out", "maxval"}, {0, 2, 0}};
    auto [low, high, in_place, out, maxval] = parse(kSignature, call);
    const py::Ref zero = py::Ref::steal(PyFloat_FromDouble(0.0));
    if (maxval == nullptr && high == nullptr && call.nargs == 1 && clips_from_zero()) {
        maxval = low;
        low = nullptr;
    }
    if (!is_absent(maxval)) {
        if (!is_absent(low) || !is_absent(high)) {
            py::raise(PyExc_TypeError, "clip() takes maxval or min and max, not both");
        }
        low = zero.get();
        high = maxval;
    }
    if (is_absent(low) && is_absent(high)) {
        py::raise(PyExc_ValueError, "clip() needs min, max, or both");
    }
    const Range range = clip_range(low, high);
    Fresh result = output_or_self(call.self, in_place, out);
    Block& block = held(call.self);
    for_numbers(result.data, block.data(), block.size(),
                [&](double* to, const double* from, Index n) {
                    kernels().clip(to, from, n, range.low, range.high);
                });
    return std::move(result.ref);
}

Index bins_from(PyObject* bins) {
    if (!is_integer(bins)) {
        py::raise(PyExc_TypeError, "bins must be an int, not %.100s",
                  Py_TYPE(bins)->tp_name);
    }
    const Index count = as_index(bins);
    if (count < 1) {
        py::raise(PyExc_ValueError, "bins must be at least 1, not %zd", count);
    }
    return count;
}

Range range_from(PyObject* bounds) {
    if (PySequence_Check(bounds) == 0 || PyUnicode_Check(bounds)) {
        py::raise(PyExc_TypeError, "bounds must be a pair of numbers, not %.100s",
                  Py_TYPE(bounds)->tp_name);
    }
    const py::Ref pair = py::Ref::steal(PySequence_Tuple(bounds));
    if (PyTuple_GET_SIZE(pair.get()) != 2) {
        py::raise(PyExc_ValueError, "bounds must have two items, not %zd",
                  PyTuple_GET_SIZE(pair.get()));
    }
    const Range range{as_double(PyTuple_GET_ITEM(pair.get(), 0), "bounds"),
                      as_double(PyTuple_GET_ITEM(pair.get(), 1), "bounds")};
    if (!std::isfinite(range.low) || !std::isfinite(range.high) ||
        range.high < range.low) {
        py::raise(PyExc_ValueError, "bounds must be finite and in ascending order");
    }
    return range;
}

/// Least and greatest number, NaN left out; an infinity counts as the largest double.
Range range_of(const double* in, Index n) noexcept {
    constexpr double kLargest = std::numeric_limits<double>::max();
    Range range{kInfinity, -kInfinity};
    for (Index i = 0; i < n; ++i) {
        const double x = in[i];
        if (x == x) {
            range.low = std::min(range.low, x);
            range.high = std::max(range.high, x);
        }
    }
    return {std::clamp(range.low, -kLargest, kLargest),
            std::clamp(range.high, -kLargest, kLargest)};
}

double bin_of(double x, const Range& range, double bins, bool right) noexcept {
    if (x != x) {
        return -1.0;
    }
    if (!(range.high > range.low)) {
        return 0.0;
    }
    if (std::isinf(x)) {
        return x > 0.0 ? bins - 1.0 : 0.0;
    }
    // Halves keep the width of the range finite.
    const double width = range.high / 2 - range.low / 2;
    double place = std::isfinite(range.high - range.low)
                       ? (x - range.low) * bins / (range.high - range.low)
                       : (x / 2 - range.low / 2) / width * bins;
    if (!std::isfinite(place)) {
        place = (x / 2 - range.low / 2) / width * bins;
    }
    const double index = right ? std::ceil(place) - 1.0 : std::floor(place);
    return std::clamp(index, 0.0, bins - 1.0) + 0.0;
}

py::Ref bin(const Call& call) {
    static constexpr Signature<5> kSignature{
        "bin", {"bins", "bounds", "right", "in_place", "out"}, {0, 1, 1}};
    const auto [bins, bounds, right, in_place, out] = parse(kSignature, call);
    const auto count = static_cast<double>(bins_from(bins));
    const bool given = !is_absent(bounds);
    Range range = given ? range_from(bounds) : Range{0.0, 0.0};
    const bool from_right = is_set(right);
    Fresh result = output_or_self(call.self, in_place, out);
    Block& block = held(call.self);
    if (!given) {
        range = range_of(block.data(), block.size());
    }
    for (Index i = 0; i < block.size(); ++i) {
        result.data[i] = bin_of(block.data()[i], range, count, from_right);
    }
    return std::move(result.ref);
}

std::vector<double> edges_from(PyObject* edges) {
    const Operand operand{edges};
    const Grid grid = operand.grid();
    if (grid.scalar) {
        py::raise(PyExc_TypeError, "edges must be a vector, not a number");
    }
    if (!grid.shape.is_vector()) {
        raise_shape("edges must be a vector, not %zdx%zd", grid.shape.rows,
                    grid.shape.columns);
    }
    for (Index i = 0; i < grid.shape.size(); ++i) {
        if (grid.data[i] != grid.data[i] ||
            (i > 0 && !(grid.data[i - 1] < grid.data[i]))) {
            py::raise(PyExc_ValueError, "edges must increase strictly, without NaN");
        }
    }
    return {grid.data, grid.data + grid.shape.size()};
}

py::Ref digitize(const Call& call) {
    static constexpr Signature<4> kSignature{
        "digitize", {"edges", "right", "in_place", "out"}, {0, 1, 1}};
    const auto [edges_given, right, in_place, out] = parse(kSignature, call);
    const std::vector<double> edges = edges_from(edges_given);
    const bool from_right = is_set(right);
    Fresh result = output_or_self(call.self, in_place, out);
    Block& block = held(call.self);
    for (Index i = 0; i < block.size(); ++i) {
        const double x = block.data()[i];
        const auto above = from_right ? std::lower_bound(edges.begin(), edges.end(), x)
                                      : std::upper_bound(edges.begin(), edges.end(), x);
        result.data[i] = x != x ? -1.0 : static_cast<double>(above - edges.begin());
    }
    return std::move(result.ref);
}

} // namespace

Methods bounds_methods() {
    static const PyMethodDef methods[] = {
        method<&clip>(
            "clip",
            "clip($self, min=None, max=None, *, in_place=False, out=None, "
            "maxval=None)\n--\n\n"
            "Every number held within min..max, NaN as it is: a new matrix, self if "
            "in_place, or `out`.\n\n"
            "maxval=h clips to 0..h; None is no bound. ValueError without any bound, "
            "TypeError for a bound that is no number and for maxval beside min or "
            "max, AssertionError if max < min. ValueError if both in_place and out "
            "are given, or `out` has another shape."),
        method<&bin>(
            "bin",
            "bin($self, bins, *, bounds=None, right=False, in_place=False, "
            "out=None)\n--\n\n"
            "The index of each number among `bins` intervals of equal width, -1.0 "
            "for NaN: a new matrix, self if in_place, or `out`.\n\n"
            "bounds: (low, high), else the least and greatest number; what lies "
            "beyond counts to the first or the last interval. Intervals are closed "
            "on the left, or on the right if `right`. ValueError for bins < 1 and "
            "for bounds that are not two finite numbers in order, TypeError for bins "
            "that are no int. ValueError if both in_place and out are given, or "
            "`out` has another shape."),
        method<&digitize>(
            "digitize",
            "digitize($self, edges, *, right=False, in_place=False, out=None)\n--\n\n"
            "How many edges are <= each number (< if `right`), -1.0 for NaN: a new "
            "matrix, self if in_place, or `out`.\n\n"
            "edges: a vector or sequence, strictly increasing and without NaN, else "
            "ValueError; TypeError for a number. ValueError if both in_place and out "
            "are given, or `out` has another shape."),
    };
    return methods;
}

} // namespace boc::math
