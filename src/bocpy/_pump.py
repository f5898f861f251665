"""Pinned behaviors run while the main interpreter waits; how long it looks away."""

from __future__ import annotations

from bocpy import _core
from bocpy._deadline import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bocpy._pump_result import PumpResult

__all__ = [
    "MAX_PUMP_MS",
    "poll_by",
    "require_outside",
    "run",
    "validate_pump_bound",
    "wait_idle",
    "warn",
]

MAX_PUMP_MS = 2**63 // 10**6 - 1
_MOST_AT_ONCE = 64
_poll_ms: Callable[[], int] | None = None


def poll_by(milliseconds: Callable[[], int]) -> None:
    """Have a wait look around each time as many *milliseconds* as are returned."""
    global _poll_ms  # noqa: PLW0603
    _poll_ms = milliseconds


def validate_pump_bound(name: str, value: object, *, ms: bool = False) -> None:
    """Check a limit of ``pump``: None, or a positive int.

    Raises:
        TypeError: for anything else.
        OverflowError: if *ms*, and *value* is above ``MAX_PUMP_MS``.

    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise TypeError(f"{name} must be a positive int or None, not {value!r}")
    if ms and value > MAX_PUMP_MS:
        raise OverflowError(f"{name} exceeds {MAX_PUMP_MS} ms")


def run(deadline_ms: int | None, most: int | None, raise_on_error: bool) -> PumpResult:  # noqa: FBT001
    """Do what ``pump`` does."""
    from bocpy._pump_result import PumpResult  # noqa: PLC0415

    return PumpResult(*_core.main_pump_bounded(deadline_ms, most, raise_on_error))


def require_outside() -> None:
    """Raise RuntimeError in a behavior that the pump runs."""
    if _core._pumping():
        raise RuntimeError(
            "a behavior that pump() runs would wait for itself: wait outside, or "
            "schedule what comes after with @when"
        )


def wait_idle(run: int, deadline: float | None) -> bool:
    """Wait until nothing of *run* is pending, and pump meanwhile.

    Returns:
        False if the *deadline* came first.

    Raises:
        RuntimeError: in a behavior that the pump runs, if there is no deadline.

    """
    if deadline is None:
        require_outside()
    while True:
        state = _core.terminator_wait_pumpable(_patience(deadline), run)
        if state == _core.TERMINATED:
            _core.recycle()
            return True
        seconds = left(deadline)
        if seconds == 0:
            return False
        if state == _core.PUMP_READY:
            ms = None if seconds is None else int(seconds * 1000) + 1
            _core.main_pump_bounded(ms, _MOST_AT_ONCE, False)


def _patience(deadline: float | None) -> float | None:
    """Return the seconds until a wait looks around."""
    seconds = left(deadline)
    if _poll_ms is None or _core.pinned_cown_count() == 0:
        return seconds
    poll = _poll_ms() / 1000
    return poll if seconds is None else min(poll, seconds)


def warn(message: str) -> None:
    """Log what the watchdog has to say."""
    import logging  # noqa: PLC0415

    logging.getLogger("bocpy.pump").warning(message)
