"""What becomes of a program whose output nobody reads any more, as under `head -1`."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def on_closed_pipe(*, raises: bool) -> None:
    """Choose between BrokenPipeError and the end of the process, where there is one."""
    if (
        sys.platform != "win32"
        and threading.current_thread() is threading.main_thread()
    ):
        signal.signal(signal.SIGPIPE, signal.SIG_IGN if raises else signal.SIG_DFL)


def end_with_reader() -> None:
    """Have the process end without a word, as other commands do, and its workers too.

    Python ignores SIGPIPE, so whoever prints next would end with a traceback: main
    thread, worker, or the interpreter at its exit. A shell calls this end 141.
    """
    on_closed_pipe(raises=False)


@contextlib.contextmanager
def other_pipe() -> Iterator[None]:
    """Have BrokenPipeError raised while the block writes to a process of our own."""
    on_closed_pipe(raises=True)
    try:
        yield
    finally:
        on_closed_pipe(raises=False)
