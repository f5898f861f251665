"""What ``pump`` returns."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["PumpResult"]


class PumpResult(NamedTuple):
    """How many behaviors ran, whether time was up, and how many bodies raised."""

    executed: int
    deadline_reached: bool
    raised: int
