"""Behavior-Oriented Concurrency: data in cowns, work in behaviors, every core busy."""

from bocpy._core import TIMEOUT, drain, receive, send, set_tags
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
    Behaviors,
    Cown,
    quiesce,
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
    "RemoteError",
    "drain",
    "notice_delete",
    "notice_read",
    "notice_sync",
    "notice_update",
    "notice_write",
    "noticeboard",
    "noticeboard_version",
    "quiesce",
    "receive",
    "send",
    "set_tags",
    "start",
    "wait",
    "when",
    "whencall",
]
