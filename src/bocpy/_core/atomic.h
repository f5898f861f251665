#pragma once

#include <atomic>
#include <mutex>

#if defined(BOC_MODEL)
#    include "model.h"
#endif

namespace boc {

/// What protocols between threads are made of. A build for tests may put a model of the
/// machine in their place, which decides who runs next and what a load sees.
#if defined(BOC_MODEL)
template <typename T>
using Atomic = model::Atomic<T>;
using Mutex = model::Mutex;
#else
template <typename T>
using Atomic = std::atomic<T>;
using Mutex = std::mutex;
#endif

} // namespace boc
