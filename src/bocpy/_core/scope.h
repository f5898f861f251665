#pragma once

#include <utility>

namespace boc {

/// Runs a function when the scope ends, whichever way it ends.
template <typename Function>
class [[nodiscard]] OnExit {
public:
    explicit OnExit(Function function) noexcept : function_{std::move(function)} {}
    OnExit(const OnExit&) = delete;
    OnExit& operator=(const OnExit&) = delete;
    ~OnExit() { function_(); }

private:
    Function function_;
};

/// For C resources that have no type of their own.
template <typename Function>
OnExit<Function> on_exit(Function function) noexcept {
    return OnExit<Function>{std::move(function)};
}

} // namespace boc
