"""Lets whoever waits read the cowns at hand, which no behavior has any more."""

from __future__ import annotations

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

__all__ = ["lend", "lend_variables"]


def lend(values: Iterable[object]) -> None:
    """Lend the cowns among *values* to the calling thread."""
    for value in values:
        # isinstance() would ask proxies, which may be dead, for their __class__
        if issubclass(type(value), (_core.Cown, _core.CownCapsule)):
            _core._lend(value)


def lend_variables(frame: FrameType | None) -> None:
    """Lend those that the variables of *frame*, and of its callers, are bound to."""
    while frame is not None:
        for names in (frame.f_locals, frame.f_globals):
            lend(list(names.values()))
        frame = frame.f_back
