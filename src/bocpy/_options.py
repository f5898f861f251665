"""What a start may be asked for, and what it takes otherwise."""

from __future__ import annotations

import os

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["WORKER_COUNT", "checked_module"]


def _default_worker_count() -> int:
    """Read BOCPY_WORKERS, or leave one core to the main thread."""
    try:
        wanted = int(os.environ.get("BOCPY_WORKERS", ""))
    except ValueError:
        wanted = 0
    if wanted >= 1:
        return wanted
    cores = _core.physical_cpu_count()
    if cores == 0 and hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    return max((cores or os.cpu_count() or 1) - 1, 1)


WORKER_COUNT = _default_worker_count()


def checked_module(module: Any) -> tuple[str, str | None]:
    """Return *module* if it is a pair of a name and a path, ``__main__`` for None."""
    if module is None:
        return "__main__", None
    if (
        isinstance(module, tuple)
        and len(module) == 2  # noqa: PLR2004
        and isinstance(module[0], str)
        and (module[1] is None or isinstance(module[1], str))
    ):
        return module
    raise TypeError(
        f"module must be a tuple of its name and the path of its source, or None as "
        f"that path; not {module!r}"
    )
