"""Telling what the runtime is doing: at any time, and at a signal."""

from __future__ import annotations

import sys

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Writable(Protocol):
        """What a report can be written to."""

        def write(self, text: str, /) -> object:
            """Take the text."""

    class Opened(Protocol):
        """What has a file descriptor."""

        def fileno(self) -> int:
            """Return it."""


__all__ = ["dump", "dump_on_signal", "report"]

VARIABLE = "BOCPY_DUMP_SIGNAL"
_FATAL = ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV")


def _prepare() -> None:
    """Let workers be asked for the Python line that they run.

    ``faulthandler`` writes it when a thread gets a certain signal, which programs
    ignore unless they install something for it themselves. Before 3.14 that crashes a
    thread which is about to enter or leave a function, so nothing is asked there.
    """
    if sys.version_info < (3, 14):
        return
    try:
        import faulthandler  # noqa: PLC0415
    except ImportError:  # in a worker's interpreter
        return
    number = _core._claim_probe()
    if number == 0:
        return
    import os  # noqa: PLC0415
    import tempfile  # noqa: PLC0415

    if hasattr(os, "memfd_create"):
        file = os.memfd_create("bocpy-dump")
    else:
        with tempfile.TemporaryFile() as temporary:
            file = os.dup(temporary.fileno())
    faulthandler.register(number, file, all_threads=False)
    _core._adopt_probe(file)


def report() -> str:
    """Return what `dump` writes."""
    _prepare()
    return _core._report()


def dump(file: Writable | int | None = None) -> None:
    """Write what the runtime is doing: what runs, since when, where, and who waits.

    Works in any thread and any behavior, and waits for no worker, whatever that does.

    Args:
        file: something with a ``write`` method, or a file descriptor; by default
            ``sys.stderr``.

    """
    text = report()
    if isinstance(file, int):
        import os  # noqa: PLC0415

        left = text.encode(errors="replace")
        while left:
            left = left[os.write(file, left) :]
        return
    target = sys.stderr if file is None else file
    if target is not None:
        target.write(text)
        flush = getattr(target, "flush", None)
        if flush is not None:
            flush()


_file: Opened | int | None = None  # keeps the descriptor of the chosen file open


def dump_on_signal(signum: int | None, file: Opened | int | None = None) -> None:
    """Write what `dump` writes whenever the process gets a signal.

    A thread of its own writes, which needs no interpreter: also while the main thread
    is blocked, or something keeps the GIL. The signal is given back by None, or by
    choosing another.

    Args:
        signum: the signal, such as ``signal.SIGUSR1``; or None.
        file: something with a ``fileno`` method, or a file descriptor, that stays open;
            by default ``sys.stderr``.

    Raises:
        TypeError: for a bool, which is no signal.
        ValueError: for a signal that tells of a crash.
        RuntimeError: in a worker, without ``sys.stderr``, or where there are no
            signals.
        OSError: if the system does not give that signal away.

    """
    global _file  # noqa: PLW0603
    import signal  # noqa: PLC0415

    if not _core.is_primary():
        raise RuntimeError("dump_on_signal() needs the primary interpreter")
    if signum is None:
        _core._forget_dump_signal()
        _file = None
        return
    if sys.platform == "win32":
        raise RuntimeError("there are no signals to dump on; call dump()")
    if isinstance(signum, bool):
        raise TypeError("expected the number of a signal, not a bool")
    if signum in {getattr(signal, name) for name in _FATAL}:
        raise ValueError(f"signal {signum} tells of a crash; see faulthandler.enable()")
    target = sys.stderr if file is None else file
    if target is None:
        raise RuntimeError("there is no sys.stderr: choose a file")
    number = target if isinstance(target, int) else target.fileno()
    _prepare()
    _core._dump_on_signal(signum, number)
    _file = target


def choose_by_environment() -> None:
    """Do what the environment variable ``BOCPY_DUMP_SIGNAL`` asks for.

    Raises:
        ValueError: if it names no signal.

    """
    import os  # noqa: PLC0415

    name = os.environ.get(VARIABLE)
    if not name or _file is not None:
        return
    import signal  # noqa: PLC0415

    full = f"SIG{name.upper().removeprefix('SIG')}"
    if full not in signal.Signals.__members__:
        raise ValueError(f"{VARIABLE}={name} names no signal; try USR1")
    dump_on_signal(signal.Signals[full], 2)
