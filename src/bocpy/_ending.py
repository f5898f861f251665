"""Whether the program ends, and which workers never did."""

from __future__ import annotations

import sys

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Thread

__all__ = ["at_end", "begin", "ended", "expect", "leave_behind", "stragglers"]

_begun = False
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


def ended() -> bool:
    """Tell whether the program is past the point where a runtime can be started."""
    return _begun or sys.is_finalizing()


def leave_behind(workers: list[Thread]) -> None:
    """Remember workers that may never end."""
    _left_behind.extend(workers)


def stragglers() -> list[Thread]:
    """Return those of them that have not ended."""
    _left_behind[:] = [thread for thread in _left_behind if thread.is_alive()]
    return _left_behind
