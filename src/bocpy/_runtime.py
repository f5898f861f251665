"""Starts a runtime for the first ``@when`` of a program."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType

__all__ = ["start_for"]


def start_for(function: FunctionType) -> None:
    """Start the runtime for the module that *function* is of, unless one is up."""
    from bocpy import behaviors  # noqa: PLC0415

    behaviors._ensure_started(function.__globals__)
