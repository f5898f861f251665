"""One runtime from start to stop."""

from __future__ import annotations

import _thread
import sys
import time

from bocpy import _core, _dump, _ending, _pump
from bocpy._board_thread import BoardThread
from bocpy._deadline import deadline_of, left, with_grace
from bocpy._lending import lend, lend_variables
from bocpy._options import WORKER_COUNT, checked_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from logging import Logger
    from threading import Thread
    from typing import Any

    from typing_extensions import Self

    from bocpy._backends import Backend
    from bocpy._crew import Crew
    from bocpy.transpiler import BehaviorInfo, ExportResult

__all__ = ["Behaviors"]

_ALIAS = "__bocmain__"
_STARTED = 5.0  # seconds for workers to end that have only just been started


class Behaviors:
    """A pool of workers and the noticeboard thread; at most one is up at a time.

    Also a context manager: started on entry, stopped on exit.
    """

    def __init__(
        self,
        num_workers: int | None = None,
        *,
        backend: str | None = None,
        isolation: str | None = None,
    ) -> None:
        """Take the number of workers (None: ``WORKER_COUNT``); nothing starts yet."""
        if num_workers is None:
            num_workers = WORKER_COUNT
        elif isinstance(num_workers, bool) or not hasattr(num_workers, "__index__"):
            raise TypeError(
                f"worker_count must be an int, not {type(num_workers).__name__}"
            )
        self.num_workers = num_workers
        self.final_cowns: tuple[Any, ...] = ()
        self.bid = 0
        self._run = 0
        self._asked = (num_workers, backend, isolation)
        self._module: tuple[str, str | None] = ("__main__", None)
        self._backend: Backend | None = None
        self._crew: Crew | None = None
        self._board = BoardThread()
        self._export: ExportResult | None = None
        self._former_alias: Any = None
        self._stop_drain_errors: list[BaseException] = []
        self._final_stats: list[dict[str, int]] = []
        self._final_noticeboard: dict[str, Any] = {}
        self.waiting: list[bool] = []  # for each wait(): whether it wants the board
        self.started: bool = False
        self.gave_up: bool = False
        self._turn = _thread.RLock()  # one thread at a time ends it
        self._closing = False
        self._workers_stopped = False
        self._teardown_complete = False

    # What was started

    @property
    def patient(self) -> bool:
        """Whether it is up, and nobody has given up waiting for what runs."""
        return self.started and not self.gave_up

    @property
    def logger(self) -> Logger:
        """The logger ``behaviors``."""
        import logging  # noqa: PLC0415

        return logging.getLogger("behaviors")

    @property
    def worker_threads(self) -> list[Thread]:
        """The worker threads."""
        return [] if self._crew is None else list(self._crew.threads)

    @property
    def noticeboard(self) -> Thread | None:
        """The thread that applies changes to the noticeboard."""
        return self._board.thread

    @property
    def _noticeboard_start_error(self) -> BaseException | None:
        return self._board.error

    @property
    def worker_script(self) -> str:
        """The exported source of the starting module."""
        return self._exported().code

    @property
    def classes(self) -> set[str]:
        """The classes of the starting module."""
        return self._exported().classes

    @property
    def behavior_lookup(self) -> dict[int, BehaviorInfo]:
        """The behaviors of the starting module, by the line of their ``@when``."""
        return self._exported().behaviors

    def lookup_behavior(self, line: int) -> BehaviorInfo | None:
        """Return the behavior of the ``@when`` on *line*, or on the line before."""
        known = self.behavior_lookup
        return known.get(line, known.get(line - 1))

    def _exported(self) -> ExportResult:
        if self._export is None:
            from bocpy import transpiler  # noqa: PLC0415

            name, path = self._module
            if path is None:
                path = getattr(sys.modules.get(name), "__file__", None)
            if path is None:
                raise RuntimeError(f"module {name!r} has no source to export")
            self._export = transpiler.export_module_from_file(path)
        return self._export

    def require_thunk(self, name: str) -> None:
        """Raise TypeError unless a behavior was exported under *name*."""
        try:
            known = {info.name for info in self.behavior_lookup.values()}
        except (RuntimeError, OSError, SyntaxError):
            known = set()
        if name not in known:
            raise TypeError(
                f"{name!r} is not a thunk name of the started module; "
                "pass the function itself"
            )

    def require_same(
        self,
        worker_count: int | None,
        module: tuple[str, str | None] | None,
        backend: str | None,
        isolation: str | None,
    ) -> None:
        """Raise RuntimeError if this runtime is not the one that is asked for."""
        assert self._backend is not None
        if self._closing:
            raise RuntimeError(
                "a wait() gave the runtime up before it had stopped: call wait() again"
            )
        asked = {
            "worker_count": (worker_count, self.num_workers),
            "module": (module, self._module),
            "backend": (backend, self._backend.name),
            "isolation": (isolation, self._backend.isolation),
        }
        for what, (wanted, have) in asked.items():
            if wanted is not None and wanted != have:
                raise RuntimeError(
                    f"Behavior runtime already started with {what}={have!r}, "
                    f"not {wanted!r}; call wait() first"
                )

    # Starting

    def start(self, module: tuple[str, str | None] | None = None) -> None:
        """Start the workers and the noticeboard.

        Args:
            module: name and source file of the program; None for ``__main__``.

        Raises:
            TypeError: if *module* is no such pair.
            ValueError: if a part of the name is no identifier, or for a negative number
                of workers.
            RuntimeError: if a worker or the noticeboard does not start, when the
                program is ending, or in a process forked while behaviors were pending.

        """
        _ending.require_startable()
        _dump.choose_by_environment()
        _ending.expect()
        self._module = checked_module(module)
        name = self._module[0]
        if not all(part.isidentifier() for part in name.split(".")):
            raise ValueError(f"{name!r} is not a dotted Python module path")
        from bocpy._backends import select_backend  # noqa: PLC0415

        self._backend = select_backend(*self._asked[1:])
        _core.scheduler_runtime_start(self.num_workers)
        try:
            self._alias_main()
            self.start_workers()
            self.start_noticeboard()
            self._arm()
        except BaseException:
            self._abort()
            raise
        _core._set_running(True)
        self.started = True
        if "logging" in sys.modules:  # importing it would take as long as all above
            self.logger.debug("runtime started with %d workers", self.num_workers)

    def _alias_main(self) -> None:
        self._former_alias = sys.modules.get(_ALIAS)
        if self._module[0] in ("__main__", _ALIAS):
            sys.modules[_ALIAS] = sys.modules["__main__"]

    def _unalias_main(self) -> None:
        if self._former_alias is not None:
            sys.modules[_ALIAS] = self._former_alias
        else:
            sys.modules.pop(_ALIAS, None)

    def start_workers(self) -> None:
        """Start all workers and wait until each is ready."""
        from bocpy._crew import Crew  # noqa: PLC0415

        assert self._backend is not None
        self._crew = Crew(self._backend, self.num_workers)
        backend, module = self._backend, self._module
        troubles = self._crew.start(lambda: backend.prepare(*module))
        for trouble in troubles:
            print(trouble, end="")  # noqa: T201
        if troubles or self.num_workers == 0:
            cause = troubles[0].strip().splitlines()[-1] if troubles else "0 workers"
            raise RuntimeError(f"Error starting worker pool: {cause}")

    def start_noticeboard(self) -> None:
        """Start the thread that applies updates to the noticeboard."""
        self._board.start()

    def _arm(self) -> None:
        count, seeded = _core.terminator_reset()
        self._run = _core.terminator_run()
        if count != 0 or seeded != 0:
            raise RuntimeError(
                "terminator drift carried over from a previous run "
                f"(prior_count={count}, prior_seeded={seeded})"
            )

    def _abort(self) -> None:
        """Undo a start that failed half-way."""
        _core.terminator_close()
        self._abort_noticeboard()
        self._abort_workers()
        _core.scheduler_runtime_stop()
        _core.terminator_reset()
        _core.terminator_seed_dec()
        _core.terminator_close()
        self._unalias_main()

    def _abort_workers(self) -> None:
        if self._crew is not None:
            _ending.leave_behind(self._crew.threads)
            self._crew.stop(time.monotonic() + _STARTED)

    def _abort_noticeboard(self) -> None:
        self._board.cancel()

    def abandon(self) -> bool:
        """Let go of it in the child of a fork; tell whether nothing was pending."""
        self._unalias_main()
        idle = _core._forget_runtime()
        return idle and self.started and not self._closing

    # Waiting and stopping

    def quiesce(
        self, timeout: float | None = None, *, noticeboard: bool = False
    ) -> dict[str, Any] | None:
        """Wait until no behavior is pending, and pump; the runtime stays up.

        With *noticeboard*, return the board once every change of it has been made.

        Raises:
            TimeoutError: if that takes longer than *timeout* seconds.
            RuntimeError: in a function of ``notice_update``.

        """
        self._board.require_other("quiesce()")
        deadline = deadline_of(timeout)
        if not _pump.wait_idle(self._run, deadline):
            raise TimeoutError(
                f"behaviors are still pending after {timeout} s\n{_dump.report()}"
            )
        if not noticeboard:
            return None
        try:
            _core.notice_sync(left(deadline))
        except TimeoutError:
            raise TimeoutError(
                f"the noticeboard is still busy after {timeout} s\n{_dump.report()}"
            ) from None
        return self._snapshot()

    def stop(self, timeout: float | None = None) -> None:
        """Wait until every behavior has run, and pump; stop workers and noticeboard.

        What has not started at the deadline is dropped: its result holds a
        RuntimeError.

        Raises:
            RuntimeError: if a worker or the noticeboard is busy at the deadline, or if
                dropping failed; call again to go on. In a behavior that pump() runs.

        """
        self._board.require_other("wait()")
        if self._teardown_complete:
            return
        _pump.require_outside()
        deadline = deadline_of(timeout)
        idle = self._closing or _pump.wait_idle(self._run, deadline)
        self._take_turn(timeout, deadline)
        try:
            if not self._closing:
                self._close(idle=idle)
            lend_variables(sys._getframe(1))
            lend(self.final_cowns)
            if not self._teardown_complete:
                self._end(timeout, deadline)
        finally:
            self._turn.release()

    def _take_turn(self, timeout: float | None, deadline: float | None) -> None:
        """Wait until no other thread ends the runtime."""
        seconds = left(deadline)
        if not self._turn.acquire(timeout=-1 if seconds is None else seconds):
            self.gave_up = True
            raise RuntimeError(
                f"another thread is still stopping the runtime after {timeout} s; "
                f"call wait() again\n{_dump.report()}"
            )

    def _end(self, timeout: float | None, deadline: float | None) -> None:
        """Stop workers and noticeboard, and free what they leave."""
        retry, patience = self._workers_stopped, with_grace(deadline)
        if not self._workers_stopped:
            self.stop_workers(deadline)
        if not self._board.join(patience):
            self.gave_up = True
            what = f"did not shut down within timeout={timeout}"
            if retry:
                what = "still pinned on retry"
            raise RuntimeError(f"noticeboard thread {what}\n{_dump.report()}")
        try:  # may take any time: loading runs methods of the values
            if any(self.waiting) or not self.waiting:
                self._final_noticeboard = self._snapshot()
        finally:  # what a value raises while it is loaded must not keep the runtime up
            self.teardown_workers()
        if self._stop_drain_errors:
            count = len(self._stop_drain_errors)
            raise RuntimeError(
                f"stop(): release_all failed for {count} orphan behavior(s)"
            ) from self._stop_drain_errors[0]

    def _close(self, *, idle: bool) -> None:
        """Let nothing be scheduled any more, nor changes of the noticeboard line up."""
        _core.terminator_seed_dec()
        if not idle:
            self.logger.warning(
                "stop(): terminator did not reach quiescence (count=%d, seeded=%d); "
                "behaviors that have not started are dropped",
                _core.terminator_count(),
                _core.terminator_seeded(),
            )
        _core.terminator_close()
        self._board.request_stop()
        self._closing = True

    @staticmethod
    def _snapshot() -> dict[str, Any]:
        """Read the board anew, whatever this thread has seen of it."""
        _core.noticeboard_cache_clear()
        return dict(_core.noticeboard_snapshot())

    def stop_workers(self, deadline: float | None = None) -> None:
        """Let each worker finish its behavior and end; drop what has not started."""
        crew = self._crew
        assert crew is not None
        stuck = crew.stop(deadline)
        if stuck or not _core._end_pump(left(deadline)):
            self.gave_up = True
            bodies = _core._running_bodies()
            what = f"{len(bodies)} behavior(s) still run: {', '.join(bodies)}"
            if not bodies:
                what = f"{len(stuck)} worker(s) have not ended"
            raise RuntimeError(f"{what}; call wait() again\n{_dump.report()}")
        try:
            self._stop_drain_errors = self._drain_orphan_behaviors()
        finally:
            self._take_stats()
            self._workers_stopped = True

    def _take_stats(self) -> None:
        try:
            self._final_stats = _core.scheduler_stats()
        except Exception:
            self.logger.warning("the scheduler's counters are lost", exc_info=True)

    def _drain_orphan_behaviors(self) -> list[BaseException]:
        """Drop every behavior that was queued and never started."""
        errors: list[BaseException] = []
        first: BaseException | None = None
        message = "behavior dropped: stop() ended the runtime before it ran"
        while True:
            pinned = _core.main_pump_drain_all()
            if pinned:
                self.logger.warning("%s (%d pinned)", message, pinned)
            orphans = _core.scheduler_drain_all_queues()
            if not (pinned or orphans):
                break
            for orphan in orphans:
                steps = (
                    (self.logger.warning, (message,), False),
                    (orphan.set_drop_exception, (RuntimeError(message),), False),
                    (orphan.release_all, (), True),
                    (_core.terminator_dec, (), False),
                )
                for step, arguments, collected in steps:
                    try:
                        step(*arguments)
                    except Exception as error:
                        self.logger.exception("stop(): an orphan behavior resisted")
                        if collected:
                            errors.append(error)
                    except BaseException as error:  # noqa: BLE001
                        first = first or error
        if first is not None:
            raise first
        return errors

    def teardown_workers(self) -> None:
        """Free what the scheduler and the noticeboard hold."""
        _core._set_running(False)
        _core.scheduler_runtime_stop()
        self._stop_drain_errors += self._drain_orphan_behaviors()
        _core.noticeboard_clear()
        self._unalias_main()
        self._teardown_complete = True
        if "logging" in sys.modules:
            self.logger.debug("runtime stopped")

    def __enter__(self) -> Self:
        """Start for ``__main__``."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Wait and stop."""
        self.stop()
