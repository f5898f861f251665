"""Makes one thing after the other fail while an operation runs.

Every worker imports this module, so it imports nothing but the package.
"""

from __future__ import annotations

from bocpy import _core, _math

MOST = 3000
"""More failures than any operation here has points to fail at."""

FAILURES = (MemoryError, RuntimeError, SystemError, ValueError)
"""What an operation may raise if something in it fails. For want of memory, CPython's
marshal says ValueError and other parts SystemError."""

MODULES = {"core": _core, "math": _math}
BUILT = hasattr(_core, "_fail")


class Fault:
    """One kind of failure: a point, of one of the extension modules."""

    def __init__(self, name: str) -> None:
        self.name = name
        module, self.point = name.split(".")
        self.module = MODULES[module]

    def arm(self, nth: int, *, everywhere: bool = False) -> None:
        """Let the nth passage fail, on this thread or on whichever it happens."""
        self.module._fail(self.point, nth, everywhere)

    def disarm(self) -> int:
        """Give the number of failures, at most one."""
        return self.module._struck()


def attempt(operation, fault, nth, *, everywhere=False):
    """Run with a failure; give what the operation answered, raised, and if it struck.

    The variables exist beforehand: making them may not fail.
    """
    answer = error = None
    fault.arm(nth, everywhere=everywhere)
    try:
        answer = operation()
    except FAILURES as raised:
        error = raised
    struck = fault.disarm()
    if error is not None:
        error.__traceback__ = None  # what its frames keep is no leak
    return answer, error, struck


def failures(fault, prepare, operation, *, everywhere=False):
    """Yield what came of each attempt, until one passes without a failure.

    Each item is what `prepare` gave, what the operation answered, and its error.
    """
    for nth in range(1, MOST):
        given = prepare()
        answer, error, struck = attempt(
            lambda given=given: operation(given), fault, nth, everywhere=everywhere
        )
        if not struck:
            assert error is None, error
        yield given, answer, error
        if not struck:
            return
    message = f"{MOST} failures and no end"
    raise AssertionError(message)
