"""Whether a runtime can still be started, and what a program that ends waits for."""

from __future__ import annotations

import sys

from bocpy import _core, _dump

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

__all__ = [
    "at_end",
    "begin",
    "cut_off",
    "expect",
    "leave_behind",
    "require_startable",
    "stragglers",
]

_begun = False
_cut_off = False
_finish: Callable[[BaseException | None], None] | None = None
_expected = False
_left_behind: list[Thread] = []  # workers of starts that failed, which may be stuck


def at_end(finish: Callable[[BaseException | None], None]) -> None:
    """Have a program that starts a runtime call *finish* when it ends.

    Args:
        finish: called with None, then with what it has raised, until it returns or
            raises that itself.

    """
    global _finish  # noqa: PLW0603
    _finish = finish


def expect() -> None:
    """Prepare for the end: a runtime starts."""
    global _expected  # noqa: PLW0603
    if not _expected and _finish is not None:
        import atexit  # noqa: PLC0415

        atexit.register(_core.insist, _finish)
        _expected = True


def begin() -> None:
    """Let no runtime start from now on."""
    global _begun  # noqa: PLW0603
    _begun = True


def cut_off() -> None:
    """Let no runtime start: a fork has torn this process out of one that was busy."""
    global _cut_off  # noqa: PLW0603
    _cut_off = True


def require_startable() -> None:
    """Raise RuntimeError if no runtime can be started, or not yet."""
    if _begun or sys.is_finalizing():
        raise RuntimeError("the program is ending: no runtime can be started")
    if _cut_off:
        raise RuntimeError(
            "this process was forked while behaviors were pending, and has no workers "
            "for them: no runtime can be started. Call quiesce() or wait() before the "
            "fork, or let multiprocessing spawn processes instead"
        )
    if stuck := stragglers():
        raise RuntimeError(
            f"{len(stuck)} worker(s) of a start that failed have not ended:\n"
            f"{_dump.report()}"
        )


def leave_behind(workers: list[Thread]) -> None:
    """Remember workers that may never end."""
    _left_behind.extend(workers)


def stragglers() -> list[Thread]:
    """Return those of them that have not ended."""
    _left_behind[:] = [thread for thread in _left_behind if thread.is_alive()]
    return _left_behind
