"""The end of a program: what it waits for, and what it does not."""

from __future__ import annotations

import sys

from bocpy import _dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread

    from bocpy._lifecycle import Behaviors

__all__ = ["SOON", "ended", "leave_behind", "register", "stragglers"]

SOON = 1.0  # seconds for what should end by itself

_registered = False
_finished = False
_left_behind: list[Thread] = []  # workers of starts that failed, which may be stuck


def ended() -> bool:
    """Tell whether the program is past the point where a runtime can be started."""
    return _finished or sys.is_finalizing()


def leave_behind(workers: list[Thread]) -> None:
    """Remember workers that may never end."""
    _left_behind.extend(workers)


def stragglers() -> list[Thread]:
    """Return those of them that have not ended."""
    _left_behind[:] = [thread for thread in _left_behind if thread.is_alive()]
    return _left_behind


def register() -> None:
    """See to it that a program that forgets ``wait()`` ends."""
    global _registered  # noqa: PLW0603
    if not _registered:
        import atexit  # noqa: PLC0415

        atexit.register(_finish)
        _registered = True


def _finish() -> None:
    """Wait at exit, unless the program has given that up already.

    Ends the process the hard way if it is interrupted, or if something still runs: the
    interpreter cannot be finalized while a worker runs.
    """
    global _finished  # noqa: PLW0603
    from bocpy import behaviors  # noqa: PLC0415

    _finished = True
    runtime = behaviors.BEHAVIORS
    try:
        if runtime is not None and runtime.patient and _interrupted():
            _tell_of_delay(runtime)
        behaviors.wait(None if runtime is None or runtime.patient else SOON)
    except KeyboardInterrupt:
        _end_the_hard_way(130, "interrupted")
    except RuntimeError:
        if behaviors.BEHAVIORS is None:
            raise
    if behaviors.BEHAVIORS is not None or stragglers():
        _end_the_hard_way(130 if _interrupted() else 1, "the program ends")


def _interrupted() -> bool:
    last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return isinstance(last, KeyboardInterrupt)


def _tell_of_delay(runtime: Behaviors) -> None:
    """Say what the end of an interrupted program waits for."""
    try:
        runtime.quiesce(SOON, noticeboard=True)
    except TimeoutError as error:
        text = f"bocpy: {error}Ctrl-C again ends the program without them\n"
        _write_error(text)


def _write_error(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _end_the_hard_way(code: int, why: str) -> None:
    import os  # noqa: PLC0415

    try:
        _write_error(f"bocpy: {why} although work is left\n{_dump.report()}")
        if sys.stdout is not None:
            sys.stdout.flush()
    finally:
        os._exit(code)
