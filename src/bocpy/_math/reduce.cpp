#include "groups.h"
#include "kernels.h"
#include "methods.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <vector>

namespace boc::math {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

constexpr double kLargest = std::numeric_limits<double>::max();

/// The mean of numbers whose sum overflowed, or that hold an infinity or a NaN.
double careful_mean(const double* in, Index n) noexcept {
    double total = 0.0;
    bool finite = true;
    for (Index i = 0; i < n && !std::isnan(total); ++i) {
        total += in[i] / static_cast<double>(n);
        finite &= std::isfinite(in[i]);
    }
    // Rounding may carry the mean of the largest numbers beyond them.
    return finite ? std::clamp(total, -kLargest, kLargest) : total;
}

struct Sum {
    static constexpr const char* kName = "sum";
    static double fold(const double* in, Index n) { return kernels().sum(in, n); }
    /// The fold of `ones` 1.0 and else 0.0, `n` in all.
    static double of_mask(double ones, double) { return ones; }
    static constexpr auto kDown = &Kernels::add_to;
    static void finish(double*, const Groups&) noexcept {}
};

struct Mean {
    static constexpr const char* kName = "mean";
    static double fold(const double* in, Index n) {
        const double total = kernels().sum(in, n);
        return std::isfinite(total) ? total / static_cast<double>(n)
                                    : careful_mean(in, n);
    }
    static double of_mask(double ones, double n) { return ones / n; }
    static constexpr auto kDown = &Kernels::add_to;
    static void finish(double* out, const Groups& groups) {
        std::vector<double> column;
        for (Index j = 0; j < groups.count(); ++j) {
            if (std::isfinite(out[j])) {
                out[j] /= static_cast<double>(groups.length());
            } else {
                groups.gather(j, column);
                out[j] = careful_mean(column.data(), groups.length());
            }
        }
    }
};

struct MagnitudeSquared {
    static constexpr const char* kName = "magnitude_squared";
    static double fold(const double* in, Index n) {
        return kernels().sum_squares(in, n);
    }
    static double of_mask(double ones, double) { return ones; }
    static constexpr auto kDown = &Kernels::add_squares_to;
    static void finish(double*, const Groups&) noexcept {}
};

struct Magnitude {
    static constexpr const char* kName = "magnitude";
    static double fold(const double* in, Index n) {
        return std::sqrt(kernels().sum_squares(in, n));
    }
    static double of_mask(double ones, double) { return std::sqrt(ones); }
    static constexpr auto kDown = &Kernels::add_squares_to;
    static void finish(double* out, const Groups& groups) noexcept {
        for (Index j = 0; j < groups.count(); ++j) {
            out[j] = std::sqrt(out[j]);
        }
    }
};

struct Min {
    static constexpr const char* kName = "min";
    static double fold(const double* in, Index n) {
        return n == 0 ? kNan : kernels().min(in, n);
    }
    static double of_mask(double ones, double n) { return ones == n ? 1.0 : 0.0; }
    static constexpr auto kDown = &Kernels::min_to;
    static void finish(double*, const Groups&) noexcept {}
};

struct Max {
    static constexpr const char* kName = "max";
    static double fold(const double* in, Index n) {
        return n == 0 ? kNan : kernels().max(in, n);
    }
    static double of_mask(double ones, double) { return ones > 0.0 ? 1.0 : 0.0; }
    static constexpr auto kDown = &Kernels::max_to;
    static void finish(double*, const Groups&) noexcept {}
};

/// One number after another, as numpy and math.prod: the order decides what overflows.
struct Product {
    static constexpr const char* kName = "prod";
    static constexpr double kStart = 1.0;
    static double fold(const double* in, Index n) {
        return std::accumulate(in, in + n, 1.0, std::multiplies<>{});
    }
    static double of_mask(double ones, double n) { return ones == n ? 1.0 : 0.0; }
    static constexpr auto kDown = &Kernels::multiply_to;
    static void finish(double*, const Groups&) noexcept {}
};

/// How many numbers differ from 0, counted piece by piece while `go_on` says so.
template <typename GoOn>
bool goes_on(const double* in, Index n, const GoOn& go_on) {
    constexpr auto kDiffer = static_cast<std::size_t>(Binary::kNotEqual);
    constexpr Index kPiece = 1024;
    const double zero = 0.0;
    MaskByte differ[kPiece];
    for (Index i = 0; i < n; i += kPiece) {
        const Index count = std::min(kPiece, n - i);
        kernels().compare[kDiffer - kFirstComparison](differ, {in + i, 1}, {&zero, 0},
                                                      count);
        if (!go_on(kernels().count(differ, count), count)) {
            return false;
        }
    }
    return true;
}

struct Any {
    static constexpr const char* kName = "any";
    static constexpr bool kIsTruth = true;
    static double fold(const double* in, Index n) {
        return goes_on(in, n, [](Index ones, Index) { return ones == 0; }) ? 0.0 : 1.0;
    }
    static double of_mask(double ones, double) { return ones > 0.0 ? 1.0 : 0.0; }
    static constexpr auto kDown = &Kernels::any_to;
    static void finish(double*, const Groups&) noexcept {}
};

struct All {
    static constexpr const char* kName = "all";
    static constexpr bool kIsTruth = true;
    static constexpr double kStart = 1.0;
    static double fold(const double* in, Index n) {
        return goes_on(in, n, [](Index ones, Index of) { return ones == of; }) ? 1.0
                                                                               : 0.0;
    }
    static double of_mask(double ones, double n) { return ones == n ? 1.0 : 0.0; }
    static constexpr auto kDown = &Kernels::all_to;
    static void finish(double*, const Groups&) noexcept {}
};

/// Whether a fold starts from the first row instead of from a number.
template <typename Fold>
constexpr bool kFromFirst =
    Fold::kDown == &Kernels::min_to || Fold::kDown == &Kernels::max_to;

template <typename Fold>
constexpr double start_of() {
    if constexpr (requires { Fold::kStart; }) {
        return Fold::kStart;
    }
    return 0.0;
}

template <typename Fold>
py::Ref answer(double total) {
    if constexpr (requires { Fold::kIsTruth; }) {
        return py::Ref::steal(PyBool_FromLong(total != 0.0 ? 1 : 0));
    }
    return py::Ref::steal(PyFloat_FromDouble(total));
}

template <typename Fold>
void fold_down(double* out, const Groups& groups) {
    const Index columns = groups.source().columns;
    const double* const row = groups.data();
    for (Index j = 0; j < columns; ++j) {
        out[j] = kFromFirst<Fold> ? row[j] : start_of<Fold>();
    }
    (kernels().*Fold::kDown)(out, row, groups.source());
    Fold::finish(out, groups);
}

template <typename Fold>
void fold_groups(double* out, const Groups& groups) {
    if (!groups.masked() && groups.axis() == Axis::kDown) {
        fold_down<Fold>(out, groups);
        return;
    }
    std::vector<double> numbers;
    for (Index i = 0; i < groups.count(); ++i) {
        if (groups.masked()) {
            groups.gather(i, numbers);
            out[i] = Fold::fold(numbers.data(), static_cast<Index>(numbers.size()));
        } else {
            out[i] = Fold::fold(groups.data() + i * groups.length(), groups.length());
        }
    }
}

template <typename Fold>
double fold_all(Block& block) {
    const Index n = block.size();
    if (const MaskByte* const bytes = block.mask(); bytes != nullptr) {
        const Index ones = kernels().count(bytes, n);
        return Fold::of_mask(static_cast<double>(ones), static_cast<double>(n));
    }
    return Fold::fold(block.data(), n);
}

template <typename Fold>
py::Ref reduce(const Call& call) {
    if (call.nargs == 0 && call.kwnames == nullptr) {
        return answer<Fold>(fold_all<Fold>(held(call.self)));
    }
    static constexpr Signature<4> kSignature{
        Fold::kName, {"axis", "where", "dtype", "out"}, {0, 2, 0}};
    const auto [axis, where, dtype, out] = parse(kSignature, call);
    forbid_numpy_options(dtype, out);
    const Groups groups{call.self, axis_from(axis), where};
    if (groups.axis() == Axis::kAll) {
        double total = 0.0;
        fold_groups<Fold>(&total, groups);
        return answer<Fold>(total);
    }
    Fresh fresh = make(Py_TYPE(call.self), groups.result());
    fold_groups<Fold>(fresh.data, groups);
    return std::move(fresh.ref);
}

} // namespace

void fold_means(double* out, const Groups& groups) {
    fold_groups<Mean>(out, groups);
}

Methods reduce_methods() {
    static const PyMethodDef methods[] = {
        method<&reduce<Sum>>(
            "sum",
            "sum($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "The sum of all numbers; axis 0: 1xC, down the rows; axis 1: Rx1.\n\n"
            "where: Matrix of the same shape; numbers at 0 are left out. An empty "
            "group sums to 0. ValueError for another axis or shape. dtype and out, "
            "which "
            "numpy passes, must be None."),
        method<&reduce<Mean>>(
            "mean",
            "mean($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "The arithmetic mean, NaN for an empty group; see `sum`."),
        method<&reduce<Min>>(
            "min",
            "min($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "The least number, NaN if any is NaN or the group is empty; see `sum`."),
        method<&reduce<Max>>(
            "max", "max($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
                   "The greatest number, NaN if any is NaN or the group "
                   "is empty; see `sum`."),
        method<&reduce<Magnitude>>(
            "magnitude",
            "magnitude($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "The square root of the sum of squares; see `sum`."),
        method<&reduce<MagnitudeSquared>>("magnitude_squared",
                                          "magnitude_squared($self, axis=None, "
                                          "where=None, *, dtype=None, out=None)\n--\n\n"
                                          "The sum of squares; see `sum`."),
        method<&reduce<Product>>("prod",
                                 "prod($self, axis=None, where=None, *, dtype=None, "
                                 "out=None)\n--\n\n"
                                 "The product of all numbers, 1 for an empty group; "
                                 "see `sum`."),
        method<&reduce<Any>>(
            "any",
            "any($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "Whether any number is not 0, as a NaN is not: a bool, or a Matrix of 1.0 "
            "and 0.0 for an axis. False for an empty group; see `sum`."),
        method<&reduce<All>>(
            "all",
            "all($self, axis=None, where=None, *, dtype=None, out=None)\n--\n\n"
            "Whether no number is 0: a bool, or a Matrix of 1.0 and 0.0 for an axis. "
            "True for an empty group; see `sum`."),
    };
    return methods;
}

} // namespace boc::math
