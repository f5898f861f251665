"""Command lines of these programs: names and numbers that there are, and defaults."""

from __future__ import annotations

from argparse import (
    ArgumentDefaultsHelpFormatter,
    ArgumentTypeError,
    RawDescriptionHelpFormatter,
)
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Action
    from collections.abc import Callable, Iterable


class Help(ArgumentDefaultsHelpFormatter, RawDescriptionHelpFormatter):
    """Tells what an option is unless given, where that is a word or a number."""

    def _get_help_string(self, action: Action) -> str | None:
        if action.default in (None, "", []) or isinstance(action.default, bool):
            return action.help
        return super()._get_help_string(action)


def one_of(known: Iterable[str]) -> Callable[[str], str]:
    """Make a type for one of these names."""

    def named(text: str) -> str:
        if text not in known:
            raise ArgumentTypeError(f"{text!r} is none of {', '.join(known)}")
        return text

    return named


def some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Make a type for some of these names, with commas between."""
    named = one_of(known)
    return lambda text: [named(name) for name in text.split(",")]


def count(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or int(text) == 0:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def counts(text: str) -> list[int]:
    """Read whole numbers from 1 on, with commas between."""
    return [count(number) for number in text.split(",")]
