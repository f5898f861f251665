#include "axis.h"
#include "indices.h"
#include "kernels.h"
#include "matrix.h"
#include "methods.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace boc::math {

namespace {

/// The shape of an answer that has as many numbers: everything becomes a row.
Shape shape_along(Axis axis, Shape shape) noexcept {
    return axis == Axis::kAll ? Shape{1, shape.size()} : shape;
}

/// Numbers line by line: everything, the rows, or a turned copy of the columns.
class Lines {
public:
    Lines(Block& block, Axis axis)
        : axis_{axis}, shape_{shape_along(axis, block.shape())},
          numbers_(block.data(), block.data() + block.size()) {
        if (axis_ == Axis::kDown) {
            kernels().transpose(numbers_.data(), block.data(), shape_);
        }
    }

    [[nodiscard]] Shape shape() const noexcept { return shape_; }
    [[nodiscard]] Index count() const noexcept {
        return axis_ == Axis::kDown ? shape_.columns : shape_.rows;
    }
    [[nodiscard]] Index length() const noexcept { return shape_.size() / count(); }
    [[nodiscard]] double* line(Index i) noexcept {
        return numbers_.data() + i * length();
    }
    /// All lines, back where they came from.
    void write(double* out) const {
        if (axis_ == Axis::kDown) {
            kernels().transpose(out, numbers_.data(), shape_.flipped());
        } else {
            std::copy(numbers_.begin(), numbers_.end(), out);
        }
    }

private:
    Axis axis_;
    Shape shape_;
    std::vector<double> numbers_;
};

/// Puts numbers in order, equal ones as they came, and each NaN behind all others.
void sort_line(double* line, Index n) {
    double* const end =
        std::stable_partition(line, line + n, [](double x) { return !std::isnan(x); });
    std::stable_sort(line, end);
}

py::Ref cumsum(const Call& call) {
    static constexpr Signature<3> kSignature{
        "cumsum", {"axis", "dtype", "out"}, {0, 1, 0}};
    const auto [axis_given, dtype, out] = parse(kSignature, call);
    forbid_numpy_options(dtype, out);
    const Axis axis = axis_from(axis_given);
    Block& block = held(call.self);
    const double* const in = block.data();
    const Shape shape = shape_along(axis, block.shape());
    Fresh fresh = make(Py_TYPE(call.self), shape);
    if (axis != Axis::kDown) {
        for (Index i = 0; i < shape.size(); i += shape.columns) {
            std::partial_sum(in + i, in + i + shape.columns, fresh.data + i);
        }
        return std::move(fresh.ref);
    }
    const auto add = kernels().binary[static_cast<std::size_t>(Binary::kAdd)];
    std::copy_n(in, shape.columns, fresh.data);
    for (Index i = shape.columns; i < shape.size(); i += shape.columns) {
        add(fresh.data + i, {fresh.data + i - shape.columns, 1}, {in + i, 1},
            shape.columns);
    }
    return std::move(fresh.ref);
}

py::Ref sort(const Call& call) {
    static constexpr Signature<1> kSignature{"sort", {"axis"}, {0, 1, 0}};
    const auto [axis] = parse(kSignature, call);
    const Axis along = axis_from(axis);
    Lines lines{held(call.self), along};
    for (Index i = 0; i < lines.count(); ++i) {
        sort_line(lines.line(i), lines.length());
    }
    Fresh fresh = make(Py_TYPE(call.self), lines.shape());
    lines.write(fresh.data);
    return std::move(fresh.ref);
}

std::vector<Index> places_in_order(const double* line, Index n) {
    std::vector<Index> places(static_cast<std::size_t>(n));
    std::iota(places.begin(), places.end(), Index{0});
    const auto end = std::stable_partition(
        places.begin(), places.end(), [line](Index i) { return !std::isnan(line[i]); });
    std::stable_sort(places.begin(), end,
                     [line](Index a, Index b) { return line[a] < line[b]; });
    return places;
}

py::Ref places_as_matrix(PyObject* self, Lines& lines) {
    for (Index i = 0; i < lines.count(); ++i) {
        double* const line = lines.line(i);
        const std::vector<Index> places = places_in_order(line, lines.length());
        std::transform(places.begin(), places.end(), line,
                       [](Index place) { return static_cast<double>(place); });
    }
    Fresh fresh = make(Py_TYPE(self), lines.shape());
    lines.write(fresh.data);
    return std::move(fresh.ref);
}

py::Ref places_of_line(PyObject* self, Lines& lines, Index i, bool column) {
    return make_indices(State::of(self), column,
                        places_in_order(lines.line(i), lines.length()));
}

py::Ref argsort(const Call& call) {
    static constexpr Signature<2> kSignature{
        "argsort", {"axis", "as_matrix"}, {0, 2, 0}};
    const auto [axis, as_matrix] = parse(kSignature, call);
    const bool matrix = is_set(as_matrix);
    const Axis along = axis_from(axis);
    Lines lines{held(call.self), along};
    if (matrix) {
        return places_as_matrix(call.self, lines);
    }
    if (along == Axis::kAll) {
        return places_of_line(call.self, lines, 0, false);
    }
    auto list = py::Ref::steal(PyList_New(0));
    for (Index i = 0; i < lines.count(); ++i) {
        const auto places = places_of_line(call.self, lines, i, along == Axis::kDown);
        py::check(PyList_Append(list.get(), places.get()));
    }
    return list;
}

} // namespace

Methods order_methods() {
    static const PyMethodDef methods[] = {
        method<&cumsum>(
            "cumsum",
            "cumsum($self, axis=None, *, dtype=None, out=None)\n--\n\n"
            "The sums of the numbers so far: of all, row by row, as a 1xN row; down "
            "the columns (axis 0) or across the rows (axis 1) as a matrix of the same "
            "shape.\n\n"
            "ValueError for another axis; dtype and out, which numpy passes, must be "
            "None."),
        method<&sort>(
            "sort",
            "sort($self, axis=None)\n--\n\n"
            "The numbers in ascending order: all as a 1xN row, or each column (axis "
            "0) or row (axis 1) by itself in a matrix of the same shape.\n\n"
            "Equal numbers keep their order, NaN comes last. ValueError for another "
            "axis."),
        method<&argsort>(
            "argsort",
            "argsort($self, axis=None, as_matrix=False)\n--\n\n"
            "The indices that `sort` would put in order: a list of row-major indices, "
            "or a list with one such list for each column (axis 0) or row (axis 1).\n\n"
            "as_matrix: the indices as a Matrix shaped like that of `sort`."),
    };
    return methods;
}

} // namespace boc::math
