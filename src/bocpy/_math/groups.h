#pragma once

#include "axis.h"
#include "operand.h"

#include <vector>

namespace boc::math {

/// The groups of numbers that a reduction along an axis folds: everything, the columns,
/// or the rows; a mask leaves numbers out.
class Groups {
public:
    /// `where` absent, or a Matrix of the same shape: TypeError, ShapeError otherwise.
    Groups(PyObject* matrix, Axis axis, PyObject* where);

    [[nodiscard]] Axis axis() const noexcept { return axis_; }
    [[nodiscard]] bool masked() const noexcept { return mask_ != nullptr; }
    [[nodiscard]] Shape source() const noexcept { return shape_; }
    [[nodiscard]] const double* data() const noexcept { return data_; }
    /// How many groups, and numbers in each before the mask.
    [[nodiscard]] Index count() const noexcept { return result().size(); }
    [[nodiscard]] Index length() const noexcept { return shape_.size() / count(); }
    /// 1x1, 1xC or Rx1.
    [[nodiscard]] Shape result() const noexcept;

    /// Calls `visit(position in the group, number)` for each number of group `index`.
    template <typename Visit>
    void for_each(Index index, const Visit& visit) const {
        const Index step = axis_ == Axis::kDown ? shape_.columns : 1;
        const Index first = axis_ == Axis::kDown ? index : index * length();
        for (Index i = 0; i < length(); ++i) {
            const Index at = first + i * step;
            if (mask_ == nullptr || mask_[at] != 0.0) {
                visit(i, data_[at]);
            }
        }
    }
    /// The numbers of group `index`.
    void gather(Index index, std::vector<double>& into) const;

private:
    Axis axis_;
    const double* data_ = nullptr;
    const double* mask_ = nullptr;
    Shape shape_;
};

/// The arithmetic mean of each group, NaN for an empty one.
void fold_means(double* out, const Groups& groups);

} // namespace boc::math
