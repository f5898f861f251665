#pragma once

#include "compat.h"

#include <string>

namespace boc {

/// Lets another thread tell where it is: a signal makes it run a function in between,
/// whatever it does or waits for. Of systems with signals.
class Probe {
public:
    /// The signal, one that is ignored unless somebody wants it, for the caller to
    /// install a function that writes to a file of its own; 0 if that has been done in
    /// this process, or if somebody wants it.
    [[nodiscard]] static int claim() noexcept;
    /// That function is installed, and writes to the descriptor `file`.
    static void adopt(int file) noexcept;
    /// What the thread wrote; empty if it does not answer soon. It must not end
    /// meanwhile.
    [[nodiscard]] static std::string ask(compat::ThreadId thread);
};

} // namespace boc
