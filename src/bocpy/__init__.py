"""Behavior-Oriented Concurrency: data in cowns, work in behaviors, every core busy."""

from bocpy._core import TIMEOUT, drain, receive, send, set_tags
from bocpy._dump import dump, dump_on_signal
from bocpy._math import Matrix, MatrixView
from bocpy._noticeboard import (
    REMOVED,
    notice_delete,
    notice_read,
    notice_sync,
    notice_update,
    notice_write,
    noticeboard,
    noticeboard_version,
)
from bocpy.behaviors import (
    WORKER_COUNT,
    Cown,
    PinnedCown,
    notice_seed,
    pump,
    quiesce,
    set_pump_watchdog,
    set_wait_pump_poll,
    start,
    wait,
    when,
    whencall,
)
from bocpy.errors import BehaviorResolveError, CaptureError, RemoteError

__all__ = [
    "REMOVED",
    "TIMEOUT",
    "WORKER_COUNT",
    "BehaviorResolveError",
    "Behaviors",
    "CaptureError",
    "Cown",
    "Matrix",
    "MatrixView",
    "PinnedCown",
    "PumpResult",
    "RemoteError",
    "WaitResult",
    "drain",
    "dump",
    "dump_on_signal",
    "notice_delete",
    "notice_read",
    "notice_seed",
    "notice_sync",
    "notice_update",
    "notice_write",
    "noticeboard",
    "noticeboard_version",
    "pump",
    "quiesce",
    "receive",
    "send",
    "set_pump_watchdog",
    "set_tags",
    "set_wait_pump_poll",
    "start",
    "wait",
    "when",
    "whencall",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bocpy._lifecycle import Behaviors as Behaviors
    from bocpy._pump_result import PumpResult as PumpResult
    from bocpy._wait_result import WaitResult as WaitResult

    __version__: str
del TYPE_CHECKING

_ABSENT = dict.fromkeys(
    ("get_include", "get_sources"),
    "there is no C interface; a type of yours crosses if pickle knows it (__reduce__, "
    "copyreg), and as it is with backend='threads', isolation='share'",
)


def __getattr__(name: str) -> object:
    """Load what few programs ask for when they do, once."""
    found: object
    if name == "WaitResult":
        from bocpy import _wait_result  # noqa: PLC0415

        found = _wait_result.WaitResult
    elif name == "PumpResult":
        from bocpy import _pump_result  # noqa: PLC0415

        found = _pump_result.PumpResult
    elif name == "Behaviors":
        from bocpy import _lifecycle  # noqa: PLC0415

        found = _lifecycle.Behaviors
    elif name == "__version__":
        found = _version()
    elif name in _ABSENT:
        raise _kind_of_refusal()(f"bocpy has no {name}: {_ABSENT[name]}")
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = found
    return found


def _kind_of_refusal() -> type[Exception]:
    """Choose what shows its text: a from-import drops that of an AttributeError."""
    import sys  # noqa: PLC0415

    asking = sys._getframe(2).f_code.co_name
    return ImportError if asking == "_handle_fromlist" else AttributeError


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})


def _version() -> str:
    import importlib.metadata  # noqa: PLC0415

    try:
        return importlib.metadata.version("bocpy")
    except Exception as error:  # noqa: BLE001
        import logging  # noqa: PLC0415

        fallback = "0.0.0+unknown"
        logging.getLogger("bocpy").warning(
            "bocpy package metadata unavailable (%s): __version__ is %s",
            type(error).__name__,
            fallback,
        )
        return fallback
