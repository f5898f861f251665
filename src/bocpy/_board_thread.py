"""The thread that applies changes to the noticeboard of one runtime."""

from __future__ import annotations

import _thread

from bocpy import _core
from bocpy._deadline import left

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threading import Thread

__all__ = ["BoardThread"]


class BoardThread:
    """Starts that thread, ends it, and tells who it is."""

    def __init__(self) -> None:
        """Have none yet."""
        self.thread: Thread | None = None
        self.error: BaseException | None = None
        self._cancelled = False

    def start(self) -> None:
        """Start it and wait until the noticeboard is its own.

        Raises:
            RuntimeError: if it does not become ready.

        """
        import threading  # noqa: PLC0415

        from bocpy import _noticeboard  # noqa: PLC0415

        claimed = threading.Event()

        def serve() -> None:
            if self._cancelled:
                return
            try:
                _core.set_noticeboard_thread()
            except BaseException as error:  # noqa: BLE001
                self.error = error
                claimed.set()
                return
            claimed.set()
            try:
                if not self._cancelled:  # else asked to stop before it could be
                    _noticeboard.run_noticeboard()
            finally:
                _core.clear_noticeboard_thread()

        self.error = None
        thread = threading.Thread(target=serve, name="bocpy-noticeboard", daemon=True)
        self.thread = thread
        thread.start()
        while not claimed.wait(0.1):
            if not thread.is_alive():
                raise RuntimeError("the noticeboard thread did not become ready")
        if self.error is not None:
            thread.join()
            self.thread = None
            raise RuntimeError(
                "noticeboard thread failed to claim the C-level single-writer slot"
            ) from self.error

    def request_stop(self) -> None:
        """Have it end once it has made the changes that wait."""
        if self.thread is not None:
            _core.noticeboard_stop()

    def cancel(self) -> None:
        """Undo a start that failed half-way."""
        self._cancelled = True
        self.request_stop()
        if self.thread is not None and self.thread.is_alive():
            self.thread.join()
        self.thread = None

    def join(self, deadline: float | None) -> bool:
        """Wait until it has ended; tell whether that came before the *deadline*."""
        if self.thread is not None:
            self.thread.join(left(deadline))
            if self.thread.is_alive():
                return False
            self.thread = None
        return True

    def require_other(self, what: str) -> None:
        """Raise RuntimeError if the calling thread, which runs updates, is this one."""
        thread = self.thread
        if thread is None or thread.ident != _thread.get_ident():
            return
        if thread.is_alive():  # else another one bears its number
            raise RuntimeError(
                f"{what} cannot be called by a notice_update function, because it "
                "waits for that to return: send() a message to the thread that is to "
                "call it"
            )
