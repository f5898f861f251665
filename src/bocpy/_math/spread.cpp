#include "groups.h"
#include "kernels.h"
#include "methods.h"
#include "number.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace boc::math {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// Sums over the deviations of numbers from their mean.
struct Deviations {
    double sum = 0.0;
    double squares = 0.0;
    double count = 0.0;

    /// The sum of squared deviations over `count - less`. What rounding of the mean
    /// adds is taken off: the corrected two-pass algorithm of Chan, Golub and LeVeque,
    /// "Algorithms for computing the sample variance", The American Statistician 37
    /// (1983), equation 1.7.
    [[nodiscard]] double variance(double less) const noexcept {
        if (count == 0.0) {
            return kNan;
        }
        const double excess = std::isfinite(squares) ? sum * (sum / count) : 0.0;
        const double corrected = squares - excess;
        const double over = count - less;
        return (corrected < 0.0 ? 0.0 : corrected) / (over < 0.0 ? 0.0 : over);
    }
};

/// By pieces that stay in the nearest cache.
Deviations deviations(const double* in, Index n, double mean) {
    constexpr Index kPiece = 512;
    const auto subtract = kernels().binary[static_cast<std::size_t>(Binary::kSubtract)];
    alignas(kLineBytes) double piece[kPiece];
    Deviations found{0.0, 0.0, static_cast<double>(n)};
    for (Index i = 0; i < n; i += kPiece) {
        const Index count = std::min(kPiece, n - i);
        subtract(piece, {in + i, 1}, {&mean, 0}, count);
        found.sum += kernels().sum(piece, count);
        found.squares += kernels().sum_squares(piece, count);
    }
    return found;
}

/// The variances of all columns, whose means are in `out`.
void variances_down(double* out, const Groups& groups, double less) {
    const Index columns = groups.count();
    const auto subtract = kernels().binary[static_cast<std::size_t>(Binary::kSubtract)];
    const auto room = static_cast<std::size_t>(columns);
    std::vector<double> row(room);
    std::vector<double> sums(room, 0.0);
    std::vector<double> squares(room, 0.0);
    for (Index i = 0; i < groups.length(); ++i) {
        subtract(row.data(), {groups.data() + i * columns, 1}, {out, 1}, columns);
        kernels().add_to(sums.data(), row.data(), {1, columns});
        kernels().add_squares_to(squares.data(), row.data(), {1, columns});
    }
    for (std::size_t j = 0; j < room; ++j) {
        const auto count = static_cast<double>(groups.length());
        out[j] = Deviations{sums[j], squares[j], count}.variance(less);
    }
}

struct Variance {
    static constexpr const char* kName = "var";
    static double finish(double variance) noexcept { return variance; }
};

struct Deviation {
    static constexpr const char* kName = "std";
    static double finish(double variance) noexcept { return std::sqrt(variance); }
};

void variances(double* out, const Groups& groups, double less) {
    fold_means(out, groups);
    if (!groups.masked() && groups.axis() == Axis::kDown) {
        variances_down(out, groups, less);
        return;
    }
    std::vector<double> numbers;
    for (Index i = 0; i < groups.count(); ++i) {
        if (groups.masked()) {
            groups.gather(i, numbers);
            const auto count = static_cast<Index>(numbers.size());
            out[i] = deviations(numbers.data(), count, out[i]).variance(less);
        } else {
            const Index n = groups.length();
            out[i] = deviations(groups.data() + i * n, n, out[i]).variance(less);
        }
    }
}

template <typename Kind>
py::Ref spread(const Call& call) {
    static constexpr Signature<5> kSignature{
        Kind::kName, {"axis", "where", "ddof", "dtype", "out"}, {0, 2, 0}};
    const auto [axis, where, ddof, dtype, out] = parse(kSignature, call);
    forbid_numpy_options(dtype, out);
    const double less = ddof == nullptr ? 0.0 : as_double(ddof, "ddof");
    const Groups groups{call.self, axis_from(axis), where};
    if (groups.axis() == Axis::kAll) {
        double variance = 0.0;
        variances(&variance, groups, less);
        return py::Ref::steal(PyFloat_FromDouble(Kind::finish(variance)));
    }
    Fresh fresh = make(Py_TYPE(call.self), groups.result());
    variances(fresh.data, groups, less);
    std::transform(fresh.data, fresh.data + groups.count(), fresh.data, &Kind::finish);
    return std::move(fresh.ref);
}

} // namespace

Methods spread_methods() {
    static const PyMethodDef methods[] = {
        method<&spread<Variance>>(
            "var",
            "var($self, axis=None, where=None, *, ddof=0, dtype=None, out=None)"
            "\n--\n\n"
            "The mean of the squared deviations from the mean, divided by the count "
            "less ddof (inf or NaN if nothing is left); NaN for an empty group.\n\n"
            "TypeError for a ddof that is no number; else as `sum`."),
        method<&spread<Deviation>>(
            "std", "std($self, axis=None, where=None, *, ddof=0, dtype=None, out=None)"
                   "\n--\n\n"
                   "The standard deviation: the square root of `var`."),
    };
    return methods;
}

} // namespace boc::math
