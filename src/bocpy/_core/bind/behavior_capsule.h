#pragma once

#include "behavior.h"
#include "bind/state.h"

namespace boc::bind {

/// A `BehaviorCapsule` that takes over one count.
[[nodiscard]] py::Ref make_behavior_capsule(State& state, Behavior* counted);

} // namespace boc::bind
