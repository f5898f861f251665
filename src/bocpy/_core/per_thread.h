#pragma once

#include "compat.h"

#include <new>
#include <utility>

namespace boc {

/// A T of each thread, made when it is first asked for and destroyed when the thread
/// ends. It lies behind a pointer: loaders keep little room for the thread storage of
/// what is loaded late.
template <typename T>
class PerThread {
public:
    /// The calling thread's; null if there is no memory for it, or the thread ends.
    [[nodiscard]] static T* mine() noexcept {
        T* const mine = mine_;
        return mine != nullptr ? mine : make();
    }

private:
    struct End {
        End() = default;
        End(const End&) = delete;
        End& operator=(const End&) = delete;
        ~End() {
            ended_ = true;
            delete std::exchange(mine_, nullptr);
        }
    };

    [[gnu::noinline]] static T* make() noexcept {
        if (!ended_) {
            static thread_local const End end;
            static_cast<void>(end);
            mine_ = new (std::nothrow) T{};
        }
        return mine_;
    }

    static inline BOC_THREAD_LOCAL T* mine_ = nullptr;
    static inline BOC_THREAD_LOCAL bool ended_ = false;
};

} // namespace boc
