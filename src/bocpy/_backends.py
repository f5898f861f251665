"""What runs behaviors: interpreters with a GIL each, or threads of this one."""

from __future__ import annotations

import os
import sys

from bocpy._interpreters import Interpreters
from bocpy._threads import Threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Backend(Protocol):
        """One way to run workers; made for one start."""

        name: str
        isolation: str

        def prepare(self, module: str, path: str | None) -> None:
            """Gather what workers need of the program; raises what is wrong with it."""

        def cancel(self) -> None:
            """Let workers end that wait for prepare(): it may not be called."""

        def run(self, ready: Callable[[str | None], None]) -> None:
            """Be a worker until the runtime stops, once prepare() has ended.

            Calls *ready* once: with None, or with the text of what went wrong.
            """


__all__ = ["select_backend"]


def _choice(given: str | None, variable: str, known: tuple[str, ...]) -> str | None:
    chosen = given if given is not None else os.environ.get(variable) or None
    if chosen is not None and chosen not in known:
        what = variable.removeprefix("BOCPY_").lower()
        raise ValueError(f"unknown {what} {chosen!r}; have {', '.join(known)}")
    return chosen


def select_backend(name: str | None = None, isolation: str | None = None) -> Backend:
    """Return a new backend, by argument, environment, or what this Python can do.

    Raises:
        ValueError: for an unknown name, or a pair that cannot work.

    """
    own_gil = sys.version_info >= (3, 12)
    chosen = _choice(name, "BOCPY_BACKEND", ("interpreters", "threads"))
    isolated = _choice(isolation, "BOCPY_ISOLATION", ("copy", "share")) or "copy"
    if chosen is None:
        chosen = "interpreters" if own_gil and isolated == "copy" else "threads"
    if chosen == "threads":
        return Threads(isolated)
    if not own_gil:
        raise ValueError("backend 'interpreters' needs Python 3.12; use 'threads'")
    if isolated == "share":
        raise ValueError(
            "isolation 'share' needs backend='threads': interpreters share no objects"
        )
    return Interpreters()
