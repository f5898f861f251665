#pragma once

#include "shape.h"

#include <vector>

namespace boc::math {

/// A square matrix as a product of triangles, P A = L U with ones on the diagonal of L:
/// outer product elimination with partial pivoting, Algorithm 3.4.1 of Golub and Van
/// Loan, "Matrix Computations", 4th edition.
class Factors {
public:
    /// Factors the n x n numbers, row by row.
    Factors(const double* square, Index n);

    /// Whether a pivot is exactly 0.
    [[nodiscard]] bool is_singular() const noexcept { return singular_; }
    [[nodiscard]] double determinant() const noexcept;
    /// Solves A X = B for n x columns numbers; not for singular matrices.
    void solve(double* x, const double* b, Index columns) const;

private:
    [[nodiscard]] double* row(Index i) noexcept { return numbers_.data() + i * n_; }
    [[nodiscard]] const double* row(Index i) const noexcept {
        return numbers_.data() + i * n_;
    }
    void take_pivot(Index k);
    void eliminate(Index k);

    Index n_;
    std::vector<double> numbers_; ///< L below the diagonal, U from it on
    std::vector<Index> rows_;     ///< which row of A stands where
    bool odd_ = false;            ///< how many exchanges made it so
    bool singular_ = false;
};

} // namespace boc::math
