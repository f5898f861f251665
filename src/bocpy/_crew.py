"""The worker threads of one runtime."""

from __future__ import annotations

import sys
import threading

from bocpy import _core
from bocpy._deadline import left, with_grace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from bocpy._backends import Backend

__all__ = ["Crew"]

_SLICE = 0.01  # seconds between two looks at them
_SWITCH = 2e-5  # seconds that a worker which starts waits for its turn in the primary


class Crew:
    """Starts workers, waits until each is ready, stops and joins them."""

    def __init__(self, backend: Backend, count: int) -> None:
        """Make *count* threads that run *backend*; none starts yet."""
        self._backend = backend
        self._told = threading.Condition()
        self._reports: dict[int, str | None] = {}
        self._cancelled = False
        self.threads = [
            threading.Thread(
                target=self._run, args=(i,), name=f"bocpy-worker-{i}", daemon=True
            )
            for i in range(count)
        ]

    def _report(self, worker: int, trouble: str | None) -> None:
        with self._told:
            self._reports[worker] = trouble
            self._told.notify_all()

    def _run(self, worker: int) -> None:
        if self._cancelled:
            return
        told = False

        def ready(trouble: str | None) -> None:
            nonlocal told
            self._report(worker, trouble)
            told = True

        try:
            self._backend.run(ready)
        except Exception:
            if told:
                raise
            import traceback  # noqa: PLC0415

            self._report(worker, traceback.format_exc())

    def start(self, prepare: Callable[[], None]) -> list[str]:
        """Start all, and call *prepare* meanwhile.

        Returns:
            The texts of what went wrong, [] if all are ready.

        Raises:
            RuntimeError: if a thread cannot be created.
            Exception: what *prepare* raises.

        """
        # CPython imports the extension modules of a new interpreter in the primary
        # first, so its thread needs the GIL there, again and again.
        usual = sys.getswitchinterval()
        sys.setswitchinterval(min(usual, _SWITCH))
        try:
            refused = self._start_threads()
            prepare()
        except BaseException:
            self._cancelled = True
            self._backend.cancel()
            raise
        finally:
            sys.setswitchinterval(usual)
            with self._told:
                while not self._told.wait_for(self._all_told, _SLICE):
                    pass
        if refused is not None:
            cause = str(refused) or type(refused).__name__
            raise RuntimeError(f"Error starting worker pool: {cause}") from refused
        lost = "a worker ended before it was ready"
        workers = range(len(self.threads))
        reports = [self._reports.get(worker, lost) for worker in workers]
        return [text for text in reports if text is not None]

    def _start_threads(self) -> RuntimeError | MemoryError | None:
        """Start one after the other until one is refused; return why that was."""
        try:
            for thread in self.threads:
                thread.start()
        except (RuntimeError, MemoryError) as error:
            return error
        return None

    def _all_told(self) -> bool:
        """Tell whether each worker has reported, or does not run."""
        return all(
            worker in self._reports or not thread.is_alive()
            for worker, thread in enumerate(self.threads)
        )

    def stop(self, deadline: float | None = None) -> list[threading.Thread]:
        """Ask all to stop after their current behavior; return what goes on.

        Workers that run no body have a moment more than the deadline, all of them the
        same.
        """
        patience = with_grace(deadline)
        _core.scheduler_request_stop_all()
        for thread in self._alive():
            thread.join(left(deadline))
        busy = self._alive()
        while left(patience) and len(busy) > len(_core._running_bodies()):
            busy[0].join(_SLICE)
            busy = self._alive()
        return busy

    def _alive(self) -> list[threading.Thread]:
        return [thread for thread in self.threads if thread.is_alive()]
