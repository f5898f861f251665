#pragma once

#include "compat.h"

namespace boc::model {

/// The time of the model: it passes with the steps, and jumps to where a sleep ends.
inline compat::Deadline the_time{std::chrono::hours{1}};

inline void pass_time(compat::Deadline::duration some) noexcept {
    the_time += some;
}
inline void pass_time_until(compat::Deadline moment) noexcept {
    the_time = moment > the_time ? moment : the_time;
}

} // namespace boc::model
