"""Scheduling behaviors, and the runtime that runs them."""

from __future__ import annotations

import _thread
import os
import sys

from bocpy import _core, _deadline, _dump, _ending, _exit, _pump
from bocpy._core import Cown, PinnedCown, when
from bocpy._noticeboard import REMOVED
from bocpy._options import WORKER_COUNT, _default_worker_count  # noqa: F401 - read by users
from bocpy._pump import MAX_PUMP_MS as _MAX_PUMP_MS  # noqa: F401 - read by users
from bocpy._pump import validate_pump_bound as _validate_pump_bound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar, overload

    from bocpy._lifecycle import Behaviors
    from bocpy._pump_result import PumpResult
    from bocpy._wait_result import Waiting, WaitResult

    _R = TypeVar("_R")
elif _core.is_primary():  # a worker starts no runtime
    from bocpy._lifecycle import Behaviors

__all__ = [
    "REMOVED",
    "WORKER_COUNT",
    "Behaviors",
    "Cown",
    "PinnedCown",
    "get_caller_module",
    "notice_seed",
    "pump",
    "quiesce",
    "set_pump_watchdog",
    "set_wait_pump_poll",
    "start",
    "wait",
    "when",
    "whencall",
]

WORKER_MAIN_END = "# END boc_export"

BEHAVIORS: Behaviors | None = None
_WAIT_PUMP_POLL_MS = 50
_starting = _thread.RLock()  # one thread at a time brings a runtime up
_forks_watched = False


def __getattr__(name: str) -> object:
    """Load in a worker what it rarely asks for."""
    if name != "Behaviors":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from bocpy import _lifecycle  # noqa: PLC0415

    return _lifecycle.Behaviors


def _module_of(namespace: dict[str, Any]) -> tuple[str, str | None]:
    name = namespace.get("__name__", "__main__")
    path = namespace.get("__file__")
    return name, path if isinstance(path, str) and os.path.exists(path) else None  # noqa: PTH110


def get_caller_module() -> tuple[str, str | None]:
    """Return name and source file (None without one) of the caller's caller."""
    return _module_of(sys._getframe(2).f_globals)


def _ensure_started(namespace: dict[str, Any]) -> None:
    with _starting:
        if BEHAVIORS is None:
            _start(None, _module_of(namespace), None, None)


def start(
    worker_count: int | None = None,
    module: tuple[str, str | None] | None = None,
    *,
    backend: str | None = None,
    isolation: str | None = None,
) -> None:
    """Start the runtime; the first ``@when`` does so by itself.

    Args:
        worker_count: workers, by default ``WORKER_COUNT``.
        module: name and source file of the program, by default the caller's.
        backend: "interpreters" or "threads", by default $BOCPY_BACKEND, or
            interpreters from Python 3.12 on.
        isolation: "copy" (a value reaches the next behavior as if copied) or
            "share" (values stay the same object; threads only), by default
            $BOCPY_ISOLATION or "copy".

    Raises:
        TypeError: for a *module* that is no such pair, or a count that is no int.
        RuntimeError: if a runtime is up that differs in what is asked for, in a
            worker, or if a worker does not start; the text says why.
        ValueError: for a negative count, an unknown backend or isolation, or a module
            name that is not a dotted path.
        FileNotFoundError: if the module's file is not there.
        SyntaxError: if it cannot be parsed.

    """
    if not _core.is_primary():
        raise RuntimeError("start() can only be called from the main interpreter")
    caller = get_caller_module()
    with _starting:
        if BEHAVIORS is not None:
            BEHAVIORS.require_same(worker_count, module, backend, isolation)
        else:
            _start(
                worker_count, caller if module is None else module, backend, isolation
            )


def _up(timeout: float | None) -> tuple[Behaviors | None, float | None]:
    """Return the runtime, once nobody is starting it, and what is left of *timeout*.

    Raises:
        TimeoutError: if it is being started for longer.

    """
    deadline = _deadline.deadline_of(timeout)
    runtime = BEHAVIORS
    if runtime is None or runtime.started or not _core.is_primary():
        return runtime, timeout
    left = _deadline.left(deadline)
    if not _starting.acquire(timeout=-1 if left is None else left):
        raise TimeoutError(
            f"the runtime is still being started after {timeout} s\n{_dump.report()}"
        )
    try:
        runtime = BEHAVIORS
        if runtime is not None and not runtime.started:
            raise RuntimeError("the calling thread is starting the runtime")
        return runtime, _deadline.left(deadline)
    finally:
        _starting.release()


def _start(
    worker_count: int | None,
    module: tuple[str, str | None],
    backend: str | None,
    isolation: str | None,
) -> None:
    global BEHAVIORS  # noqa: PLW0603
    _watch_forks()
    runtime = Behaviors(worker_count, backend=backend, isolation=isolation)
    BEHAVIORS = runtime
    try:
        runtime.start(module)
    except BaseException:
        BEHAVIORS = None
        raise


def _watch_forks() -> None:
    global _forks_watched  # noqa: PLW0603
    if not _forks_watched and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_abandon)
        _forks_watched = True


def _abandon() -> None:
    """Have none up in the child of a fork, which has but the thread that forked."""
    global BEHAVIORS, _starting  # noqa: PLW0603
    _starting = _thread.RLock()
    runtime, BEHAVIORS = BEHAVIORS, None
    if runtime is not None and not runtime.abandon():
        _ending.cut_off()


def _forget(runtime: Behaviors) -> None:
    """Have none up, unless another than *runtime* is."""
    global BEHAVIORS  # noqa: PLW0603
    if BEHAVIORS is runtime:  # else nobody waits for one that is being started
        with _starting:
            if BEHAVIORS is runtime:
                BEHAVIORS = None


def _typed(function: Callable[..., Any]) -> Waiting:
    """Tell type checkers which answer comes of which question."""
    return function


def _answer(
    stats: list[dict[str, int]] | None, board: dict[str, Any] | None
) -> list[dict[str, int]] | dict[str, Any] | WaitResult | None:
    """Return what was asked for: neither, one of them, or both."""
    if stats is None or board is None:
        return board if stats is None else stats
    from bocpy._wait_result import WaitResult  # noqa: PLC0415

    return WaitResult(stats, board)


@_typed
def wait(
    timeout: float | None = None, *, stats: bool = False, noticeboard: bool = False
) -> list[dict[str, int]] | dict[str, Any] | WaitResult | None:
    """Wait until every behavior has run, then stop the runtime.

    Pinned behaviors run meanwhile, on the calling thread.

    Args:
        timeout: seconds after which what still runs is given up; None waits for all.
        stats: whether to return the scheduler's counters, one dict per worker.
        noticeboard: whether to return a dict of the noticeboard as it was at the end.

    Returns:
        None; with *stats* the counters ([] when no runtime was up), with *noticeboard*
        the dict ({} then), with both a WaitResult of the two.

    Raises:
        ValueError: for NaN.
        RuntimeError: if something still runs at the deadline; call again to go on. In
            a behavior that `pump` runs.

    """
    try:
        runtime, timeout = _up(timeout)
    except TimeoutError as error:
        raise RuntimeError(str(error)) from None
    if runtime is None or not _core.is_primary():
        return _answer([] if stats else None, {} if noticeboard else None)
    runtime.waiting.append(noticeboard)
    try:
        runtime.stop(timeout)
    except Exception:
        if not ((stats or noticeboard) and runtime._teardown_complete):
            raise
    finally:
        runtime.waiting.remove(noticeboard)
        if runtime._teardown_complete:
            _forget(runtime)
    return _answer(
        runtime._final_stats if stats else None,
        runtime._final_noticeboard if noticeboard else None,
    )


@_typed
def quiesce(
    timeout: float | None = None, *, stats: bool = False, noticeboard: bool = False
) -> list[dict[str, int]] | dict[str, Any] | WaitResult | None:
    """Wait until every behavior has run; the runtime stays up.

    Pinned behaviors run meanwhile, on the calling thread.

    Args:
        timeout: seconds; None waits for ever.
        stats: whether to return the scheduler's counters so far, one dict per worker.
        noticeboard: whether to return a dict of the noticeboard.

    Returns:
        As `wait` does.

    Raises:
        ValueError: for NaN.
        TimeoutError: if behaviors are still pending after *timeout* seconds.
        RuntimeError: without *timeout*, in a behavior that `pump` runs.

    """
    runtime, timeout = _up(timeout)
    if runtime is None or not _core.is_primary():
        return _answer([] if stats else None, {} if noticeboard else None)
    board = runtime.quiesce(timeout, noticeboard=noticeboard)
    return _answer(_core.scheduler_stats() if stats else None, board)


def pump(
    deadline_ms: int | None = None,
    max_behaviors: int | None = None,
    raise_on_error: bool = False,  # noqa: FBT001, FBT002 - as published
) -> PumpResult:
    """Run the pinned behaviors that are ready, in turn, on the calling thread.

    Does not wait: for an event loop or a frame of a game. `quiesce` and `wait` do the
    same while they wait.

    Args:
        deadline_ms: milliseconds after which no other is begun; the first always is.
        max_behaviors: how many at most.
        raise_on_error: whether to raise what a body raises; the rest stays for later.

    Returns:
        How many ran, whether the time was up, and how many bodies raised.

    Raises:
        TypeError: for a limit that is no positive int.
        OverflowError: for a time of three centuries.
        RuntimeError: without a runtime, in a worker, in a behavior that it runs, or, on
            builds without a GIL, while another thread pumps.
        BaseException: what a body raised, if that is no Exception.

    """
    _validate_pump_bound("deadline_ms", deadline_ms, ms=True)
    _validate_pump_bound("max_behaviors", max_behaviors)
    if not _core.is_primary():
        raise RuntimeError(
            "pump() runs behaviors on the main interpreter: call it there, after "
            "bocpy.start()"
        )
    if BEHAVIORS is None or not BEHAVIORS.started:
        raise RuntimeError("pump() needs a running runtime: call bocpy.start() before")
    return _pump.run(deadline_ms, max_behaviors, raise_on_error)


def set_wait_pump_poll(ms: int = 50) -> None:
    """Choose how often `wait` and `quiesce` look around while pinned cowns live.

    They wake up for each pinned behavior anyway.

    Args:
        ms: milliseconds.

    Raises:
        TypeError: if that is no positive int.

    """
    global _WAIT_PUMP_POLL_MS  # noqa: PLW0603
    if ms is None:
        raise TypeError("ms must be a positive int, not None")
    _validate_pump_bound("ms", ms)
    _WAIT_PUMP_POLL_MS = ms


def set_pump_watchdog(
    warn_ms: int | None = 1000,
    on_starve: Callable[[int, str], object] | None = None,
) -> None:
    """Warn when pinned behaviors have waited for long.

    Whoever begins to pump, or to wait, looks how long there have been some without a
    break, and tells once until there are none.

    Args:
        warn_ms: milliseconds after which to warn; None for never, as at the start of
            a program.
        on_starve: called with 0 and a text; by default the logger ``bocpy.pump`` warns.

    Raises:
        TypeError: if *warn_ms* is no positive int, or *on_starve* cannot be called.
        OverflowError: for three centuries.
        RuntimeError: in a worker.

    """
    _core.set_pump_watchdog(warn_ms, on_starve)


def notice_seed(key: str, value: object) -> None:
    """Put *value* on the noticeboard at once, starting the runtime if none is up.

    Args:
        key: at most 63 UTF-8 bytes, without NUL.
        value: anything that crosses to other interpreters.

    Raises:
        TypeError: if *key* is no str.
        ValueError: if it is too long or has a NUL.
        RuntimeError: in a worker, or if the board is full.

    """
    if not _core.is_primary():
        raise RuntimeError("notice_seed() needs the primary interpreter")
    _ensure_started(sys._getframe(1).f_globals)
    _core.noticeboard_seed(key, value)


def _pairs(arguments: Sequence[Any]) -> list[tuple[int, Any]]:
    """Number the arguments from 1; members of a group bear the negative number."""
    pairs: list[tuple[int, Any]] = []
    for number, argument in enumerate(arguments, 1):
        group = isinstance(argument, (list, tuple))
        for member in argument if group else [argument]:
            if not isinstance(member, (Cown, _core.CownCapsule)):
                raise TypeError(
                    "can only schedule over cowns or sequences of cowns, "
                    f"not {type(member).__name__}"
                )
            pairs.append((-number if group else number, member.impl))
    return pairs


if TYPE_CHECKING:

    @overload
    def whencall(
        thunk: Callable[..., _R], args: Sequence[Any], captures: Sequence[Any] = ()
    ) -> Cown[_R]: ...

    @overload
    def whencall(
        thunk: str, args: Sequence[Any], captures: Sequence[Any] = ()
    ) -> Cown[Any]: ...


def whencall(
    thunk: str | Callable[..., Any], args: Sequence[Any], captures: Sequence[Any] = ()
) -> Cown[Any]:
    """Schedule *thunk* over *args*, with *captures* for its remaining parameters.

    Args:
        thunk: a function, or the name that ``export_module`` gave to a behavior.
        args: cowns, and lists or tuples of cowns.
        captures: values, serialised now.

    Raises:
        TypeError: for anything but cowns in *args*, or a name that is none.
        RuntimeError: if no runtime is up, or it is shutting down.

    """
    if isinstance(thunk, str) and BEHAVIORS is not None and _core.is_primary():
        BEHAVIORS.require_thunk(thunk)
    result: Cown[Any] = Cown(None)
    behavior = _core.BehaviorCapsule(
        thunk, result.impl, _pairs(args), captures, len(args)
    )
    if _core.terminator_inc() < 0:
        never = "" if BEHAVIORS else ", or was never started: call start() first"
        raise RuntimeError(f"runtime is shutting down{never}")
    try:
        behavior.schedule()
    except BaseException:
        _core.terminator_dec()
        raise
    return result


def _when_by_parts(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """Do what ``@when`` does through the replaceable parts of ``_core``."""
    defaults = getattr(function, "__defaults__", None) or ()
    beyond = function.__code__.co_argcount - len(arguments)
    if BEHAVIORS is None and _core.is_primary():
        _ensure_started(function.__globals__)
    return whencall(function, arguments, defaults[len(defaults) - max(beyond, 0) :])


_pump.poll_by(lambda: _WAIT_PUMP_POLL_MS)
_ending.at_end(lambda error: _exit.finish(lambda: BEHAVIORS, wait, error))
