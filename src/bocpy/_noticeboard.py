"""The noticeboard: what its thread runs, and what deletes a notice."""

from __future__ import annotations

from bocpy import _core
from bocpy._core import (
    notice_delete,
    notice_read,
    notice_sync,
    notice_update,
    notice_write,
    noticeboard,
    noticeboard_version,
)

__all__ = [
    "REMOVED",
    "notice_delete",
    "notice_read",
    "notice_sync",
    "notice_update",
    "notice_write",
    "noticeboard",
    "noticeboard_version",
    "run_noticeboard",
    "warn_unreadable",
]


class _RemovedType:
    """What a `notice_update` function returns to delete the notice."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "REMOVED"

    def __reduce__(self) -> str:
        return "REMOVED"


REMOVED = _RemovedType()


def run_noticeboard() -> None:
    """Apply what is asked of the noticeboard until `_core.noticeboard_stop()`.

    The calling thread must be the one that `_core.set_noticeboard_thread()` registered.
    """
    _core.noticeboard_serve(REMOVED, _warn_failed)


def _warn_failed(change: str, key: str, error: BaseException) -> None:
    where = error if change == "update" else None
    _warn(f"noticeboard_{change}({key!r}) failed: {error}", where)


def warn_unreadable(key: str, error: BaseException) -> None:
    """Tell that this interpreter cannot load a notice; the others are not affected."""
    _warn(f"noticeboard entry {key!r} does not load here: {error}", error)


def _warn(message: str, where: BaseException | None) -> None:
    import logging  # noqa: PLC0415  workers must not load it for nothing

    if where is None:
        logging.getLogger("behaviors").warning(message)
        return
    from bocpy._failure import log_traceback  # noqa: PLC0415

    log_traceback("behaviors", logging.WARNING, message, where)
