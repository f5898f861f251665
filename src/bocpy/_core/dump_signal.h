#pragma once

namespace boc {

/// The signal at which the process writes its report, also while every thread is busy
/// or blocked: a thread of its own writes it, which needs no interpreter.
///
///   pipe_   D1: made once per process; the handler writes a byte to it, the thread
///           reads that. A forked child has the pipe but not the thread, and ignores
///           the signal until it asks anew
class DumpSignal {
public:
    /// Chooses a signal, in place of a former choice, and the descriptor to write to.
    /// 0, or what errno says.
    [[nodiscard]] static int choose(int number, int file);
    /// Gives the signal back to whoever had it.
    static void forget() noexcept;
};

} // namespace boc
