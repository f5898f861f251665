"""What a program that ends waits for, and what it does not."""

from __future__ import annotations

import os
import sys

from bocpy import _core, _dump, _ending

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bocpy._lifecycle import Behaviors

__all__ = ["finish"]

_SOON = 1.0  # seconds for what should end by itself


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
    if runtime is not None and runtime.patient and _interrupted():
        _tell_of_delay(runtime)
    wait(None if runtime is None or runtime.patient else _SOON)


def _interrupted() -> bool:
    last = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    return isinstance(last, KeyboardInterrupt)


def _tell_of_delay(runtime: Behaviors) -> None:
    """Say what the end of an interrupted program waits for."""
    try:
        runtime.quiesce(_SOON, noticeboard=True)
    except TimeoutError as error:
        text = f"bocpy: {error}Ctrl-C again ends the program without them\n"
        _write_error(text)


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
