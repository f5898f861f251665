"""Exceptions on their way to the reader of a result."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["log", "portable"]


def _survives(error: BaseException) -> bool:
    import pickle  # noqa: PLC0415

    try:
        copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    except Exception:  # noqa: BLE001
        return False
    return type(copy) is type(error) and copy.args == error.args


def portable(error: BaseException) -> BaseException:
    """Return *error*, or a stand-in if it would not arrive as it is."""
    if _survives(error):
        return error
    from bocpy.errors import RemoteError  # noqa: PLC0415

    return RemoteError(type(error).__qualname__, str(error))


def log(index: int, what: str, error: Any) -> None:
    """Log *error* on the logger of worker *index*."""
    import logging  # noqa: PLC0415

    logging.getLogger(f"worker{index}").error(what, exc_info=error)
