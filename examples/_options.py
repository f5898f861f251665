"""Command lines that tell what they take, and refuse what makes no sense."""

from __future__ import annotations

import contextlib
import logging
import math
import sys
from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, ArgumentTypeError
from typing import TYPE_CHECKING

from bocpy.examples._pipes import end_with_reader

if TYPE_CHECKING:
    from argparse import Action, Namespace
    from collections.abc import Callable, Iterator


class Help(ArgumentDefaultsHelpFormatter):
    """Tells what an option is unless given, where that is a word or a number."""

    def _get_help_string(self, action: Action) -> str | None:
        if action.default is None or isinstance(action.default, bool):
            return action.help
        return super()._get_help_string(action)


class CommandLine(ArgumentParser):
    """The options of one program."""

    def __init__(self, description: str | None, prog: str | None = None) -> None:
        """Begin without options."""
        super().__init__(prog, description=description, formatter_class=Help)

    def count(self, names: str, least: int, default: int | None, text: str) -> None:
        """Add an option that is a whole number from `least` on."""
        kind = at_least(least)
        self.add_argument(
            *names.split(), type=kind, default=default, metavar="N", help=text
        )

    def loglevel(self) -> None:
        """Add the option of how much is logged."""
        names, text = ("--loglevel", "-l"), "from which level on to log"
        self.add_argument(
            *names, type=level, default="WARNING", metavar="LEVEL", help=text
        )

    def read(self) -> Namespace:
        """Read the options; from here on the process is that of a command."""
        end_with_reader()
        options = self.parse_args()
        if "loglevel" in options:
            logging.basicConfig(level=options.loglevel)
        return options


@contextlib.contextmanager
def refusing(name: str, *kinds: type[Exception]) -> Iterator[None]:
    """End with one line and exit code 2 at errors that tell of what was asked for."""
    try:
        yield
    except kinds as error:
        print(f"{name}: {error}", file=sys.stderr)
        sys.exit(2)


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a whole number") from None


def at_least(least: int) -> Callable[[str], int]:
    """Make a type for whole numbers from `least` on."""

    def bounded(text: str) -> int:
        value = whole(text)
        if value < least:
            raise ArgumentTypeError(f"{text} is not at least {least}")
        return value

    return bounded


def number(text: str) -> float:
    """Read a number that is finite."""
    try:
        value = float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not a number") from None
    if not math.isfinite(value):
        raise ArgumentTypeError(f"{text} is not finite")
    return value


def positive(text: str) -> float:
    """Read a number that is finite and greater than 0."""
    value = number(text)
    if value <= 0:
        raise ArgumentTypeError(f"{text} is not greater than 0")
    return value


def duration(text: str) -> float:
    """Read a number that is finite and not negative."""
    value = number(text)
    if value < 0:
        raise ArgumentTypeError(f"{text} is less than 0")
    return value


def level(text: str) -> str:
    """Read the name of a level of logging."""
    name = text.upper()
    if not isinstance(logging.getLevelName(name), int):
        raise ArgumentTypeError(f"{text} is no level of logging, as INFO is")
    return name
