"""Deadlines: how long is left of a time-out."""

from __future__ import annotations

import math
import time

__all__ = ["deadline_of", "left", "with_grace"]

_ENDLESS = 1e9  # seconds; longer time-outs mean forever
_GRACE = 0.2  # seconds that what is about to end has beyond a deadline


def deadline_of(timeout: float | None) -> float | None:
    """Return the moment *timeout* seconds from now; None for ever."""
    if timeout is None:
        return None
    if math.isnan(timeout):
        raise ValueError("timeout must not be NaN")
    return None if timeout > _ENDLESS else time.monotonic() + float(max(timeout, 0))


def left(deadline: float | None) -> float | None:
    """Return the seconds until *deadline*; None for ever."""
    return None if deadline is None else max(deadline - time.monotonic(), 0)


def with_grace(deadline: float | None) -> float | None:
    """Return until when to wait for what is told now to end, for *deadline*'s sake."""
    return None if deadline is None else max(deadline, time.monotonic()) + _GRACE
