#include "groups.h"

#include "args.h"

namespace boc::math {

Groups::Groups(PyObject* matrix, Axis axis, PyObject* where) : axis_{axis} {
    Block& block = held(matrix);
    data_ = block.data();
    shape_ = block.shape();
    if (is_absent(where)) {
        return;
    }
    Block& mask = held_argument(where, "where");
    if (mask.shape() != shape_) {
        raise_shape("where shape %zdx%zd does not match self %zdx%zd",
                    mask.shape().rows, mask.shape().columns, shape_.rows,
                    shape_.columns);
    }
    mask_ = mask.data();
}

Shape Groups::result() const noexcept {
    if (axis_ == Axis::kAll) {
        return {1, 1};
    }
    return axis_ == Axis::kDown ? Shape{1, shape_.columns} : Shape{shape_.rows, 1};
}

void Groups::gather(Index index, std::vector<double>& into) const {
    into.clear();
    for_each(index, [&](Index, double number) { into.push_back(number); });
}

} // namespace boc::math
