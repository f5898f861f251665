"""Types for argparse that refuse what makes no sense."""

from __future__ import annotations

import logging
import math
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def at_least(least: int) -> Callable[[str], int]:
    """Make a type for whole numbers from `least` on."""

    def whole(text: str) -> int:
        value = int(text)
        if value < least:
            raise ArgumentTypeError(f"{text} is not at least {least}")
        return value

    return whole


def positive(text: str) -> float:
    """Read a number that is finite and greater than 0."""
    value = float(text)
    if not 0 < value < math.inf:
        raise ArgumentTypeError(f"{text} is not a finite number greater than 0")
    return value


def duration(text: str) -> float:
    """Read a number that is finite and not negative."""
    value = float(text)
    if not 0 <= value < math.inf:
        raise ArgumentTypeError(f"{text} is not a finite number from 0 on")
    return value


def level(text: str) -> str:
    """Read the name of a level of logging."""
    name = text.upper()
    if not isinstance(logging.getLevelName(name), int):
        raise ArgumentTypeError(f"{text} is no level of logging, as INFO is")
    return name
