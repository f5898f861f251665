"""What programs may catch; each class says what to do about it."""

from __future__ import annotations

__all__ = ["BehaviorResolveError", "CaptureError", "RemoteError", "RemoteTraceback"]


class CaptureError(NameError, RuntimeError):
    """A name that a behavior uses has no value at its ``@when``: bind it before."""


class BehaviorResolveError(RuntimeError):
    """A worker cannot load the module of a behavior: make that module importable."""


class RemoteError(Exception):
    """Stands for an exception that could not be carried here: see its message."""

    def __init__(self, kind: str, message: str) -> None:
        """Tell the type and the message of the exception."""
        super().__init__(kind, message)
        self.kind = kind
        self.message = message

    def __str__(self) -> str:
        """Read as the exception would."""
        return f"{self.kind}: {self.message}"


class RemoteTraceback(Exception):  # noqa: N818
    """The cause of an exception from a body: tells where it was raised."""

    def __init__(self, text: str) -> None:
        """Take the text of the traceback."""
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        """Set the text off from the traceback that shows it."""
        return f'\n"""\n{self.text}"""'
