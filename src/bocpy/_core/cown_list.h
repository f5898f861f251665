#pragma once

#include "behavior.h"
#include "small.h"

namespace boc {

/// The cowns of an `@when`, and how they fill the parameters of the body.
class CownList {
public:
    /// Throws TypeError unless `argument` is a cown, or a list or tuple of cowns.
    static void check(PyObject* argument);
    /// Adds one argument, checked likewise.
    void add(PyObject* argument);

    [[nodiscard]] std::span<Cown* const> cowns() const noexcept {
        return cowns_.items();
    }
    [[nodiscard]] std::span<const Position> positions() const noexcept {
        return positions_.items();
    }

private:
    Small<Cown*, 8> cowns_; ///< lent by the arguments
    Small<Position, 8> positions_;
};

} // namespace boc
