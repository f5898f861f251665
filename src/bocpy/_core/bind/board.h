#pragma once

#include "bind/state.h"
#include "noticeboard.h"

namespace boc::bind {

/// The key of a notice; throws what is wrong with it.
[[nodiscard]] NoticeKey key_of(PyObject* key);

/// Waits for a barrier of the board, interruptibly; false at the time-out.
[[nodiscard]] bool wait_for_barrier(std::int64_t barrier, Timeout timeout);

/// Adds what the thread of the board needs, and what acts on the board at once.
void add_board_thread(PyObject* module);

} // namespace boc::bind
