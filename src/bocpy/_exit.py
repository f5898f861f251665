"""What a program that ends waits for, and what it does not."""

from __future__ import annotations

import os
import sys

from bocpy import _core, _dump, _ending
from bocpy._deadline import deadline_of, left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bocpy._lifecycle import Behaviors

__all__ = ["finish"]

_SOON = 1.0  # seconds for what should end by itself
_LATER = 5.0  # seconds after which a program that simply ends tells what it waits for
_PATIENCE = 10.0  # seconds for which a program waits that died of an exception


def finish(
    runtime_up: Callable[[], Behaviors | None],
    wait: Callable[[float | None], object],
    error: BaseException | None,
) -> None:
    """Wait at exit, unless the program has given that up already.

    Ends the process the hard way if the wait was interrupted, or if something still
    runs: the interpreter cannot be finalized while a worker runs.

    Args:
        runtime_up: returns the runtime that is up or comes up, if any.
        wait: stops it; takes seconds.
        error: what an earlier call has raised, if there was one.

    """
    _ending.begin()
    if error is None:
        _wait_for(runtime_up(), wait)
    if runtime_up() is not None or _ending.stragglers():
        if isinstance(error, KeyboardInterrupt):
            _end_the_hard_way(130, "interrupted")
        _end_the_hard_way(130 if _interrupted() else 1, "the program ends")
    _core._report_unread()
    if error is not None:
        raise error


def _wait_for(
    runtime: Behaviors | None, wait: Callable[[float | None], object]
) -> None:
    """Wait for all that was begun; not for ever if the program died of an exception."""
    if runtime is None or not runtime.patient:
        wait(None if runtime is None else _SOON)
        return
    died = _died_of()
    deadline = deadline_of(None if died is None else _PATIENCE)
    soon = _LATER if died is None else _SOON
    try:
        runtime.quiesce(soon)
        wait(soon)
    except (TimeoutError, RuntimeError):
        if runtime._teardown_complete:
            raise
        _tell_of_delay(died)
        wait(left(deadline))


def _died_of() -> BaseException | None:
    """Return what was raised in main and not caught; None in a console, which goes on.

    Exit handlers are not told of ``sys.exit``, nor of its code.
    """
    if hasattr(sys, "ps1"):
        return None
    return getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)


def _interrupted() -> bool:
    return isinstance(_died_of(), KeyboardInterrupt)


def _tell_of_delay(died: BaseException | None) -> None:
    """Say what the end of the program waits for, for how long, and how to end it."""
    again = " again" if isinstance(died, KeyboardInterrupt) else ""
    how_long = f"It waits for that. Ctrl-C{again} ends it."
    if died is not None:
        how_long = f"It waits {_PATIENCE:g} s for that. Ctrl-C{again} ends it at once."
    _write_error(
        f"bocpy: the program has ended, but not all of its work:\n"
        f"{_dump.report()}{how_long}\n"
    )


def _write_error(text: str) -> None:
    if sys.stderr is not None:
        sys.stderr.write(text)
        sys.stderr.flush()


def _end_the_hard_way(code: int, why: str) -> None:
    try:
        _write_error(f"bocpy: {why} although work is left\n{_dump.report()}")
        if sys.stdout is not None:
            sys.stdout.flush()
    finally:
        os._exit(code)
