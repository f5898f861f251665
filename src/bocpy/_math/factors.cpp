#include "factors.h"

#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace boc::math {

namespace {

/// to -= factor * from, `n` numbers.
void take_off(double* to, double factor, const double* from, Index n) {
    const double negative = -factor;
    kernels().scaled_add(to, {to, 1}, {&negative, 0}, {from, 1}, n);
}

void divide(double* to, double divisor, Index n) {
    kernels().binary[static_cast<std::size_t>(Binary::kDivide)](to, {to, 1},
                                                                {&divisor, 0}, n);
}

} // namespace

Factors::Factors(const double* square, Index n)
    : n_{n}, numbers_(square, square + n * n), rows_(static_cast<std::size_t>(n)) {
    std::iota(rows_.begin(), rows_.end(), Index{0});
    for (Index k = 0; k < n_ && !singular_; ++k) {
        take_pivot(k);
        eliminate(k);
    }
}

/// Puts the greatest number of what is left of column `k` on the diagonal; a NaN is
/// greatest, so that it shows in the result.
void Factors::take_pivot(Index k) {
    Index best = k;
    for (Index i = k + 1; i < n_ && !std::isnan(row(best)[k]); ++i) {
        if (!(std::fabs(row(i)[k]) <= std::fabs(row(best)[k]))) {
            best = i;
        }
    }
    if (best != k) {
        std::swap_ranges(row(k), row(k) + n_, row(best));
        std::swap(rows_[static_cast<std::size_t>(k)],
                  rows_[static_cast<std::size_t>(best)]);
        odd_ = !odd_;
    }
    singular_ = row(k)[k] == 0.0;
}

void Factors::eliminate(Index k) {
    if (singular_) {
        return;
    }
    const double* const pivots = row(k);
    for (Index i = k + 1; i < n_; ++i) {
        double* const target = row(i);
        target[k] /= pivots[k];
        take_off(target + k + 1, target[k], pivots + k + 1, n_ - k - 1);
    }
}

/// Keeps the exponent apart: the product may fit where its parts would not.
double Factors::determinant() const noexcept {
    if (singular_) {
        return 0.0;
    }
    double product = odd_ ? -1.0 : 1.0;
    int exponent = 0;
    for (Index k = 0; k < n_; ++k) {
        product *= row(k)[k];
        if (std::isfinite(product)) {
            int part = 0;
            product = std::frexp(product, &part);
            exponent += part;
        }
    }
    return std::ldexp(product, exponent);
}

void Factors::solve(double* x, const double* b, Index columns) const {
    for (Index i = 0; i < n_; ++i) {
        double* const to = x + i * columns;
        std::copy_n(b + rows_[static_cast<std::size_t>(i)] * columns, columns, to);
        for (Index j = 0; j < i; ++j) {
            take_off(to, row(i)[j], x + j * columns, columns);
        }
    }
    for (Index i = n_ - 1; i >= 0; --i) {
        double* const to = x + i * columns;
        for (Index j = i + 1; j < n_; ++j) {
            take_off(to, row(i)[j], x + j * columns, columns);
        }
        divide(to, row(i)[i], columns);
    }
}

} // namespace boc::math
