"""For pytest: a clean runtime for each test, a time-out, and counters of what leaks.

Installing the package registers it. Tests ask for the fixture ``bocpy_runtime``; the
options ``bocpy_timeout``, ``bocpy_leaks`` and ``bocpy_failures`` of the configuration
file say how long they may take, whether they must leave nothing behind, and what
becomes of exceptions that nobody took; the marker ``bocpy_timeout`` gives one test its
own time. Suites with a fixture of their own build it of the functions here.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import io
import itertools
import marshal
import math
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from typing import TYPE_CHECKING

import pytest

from bocpy import _core, _dump, behaviors, set_tags, wait
from bocpy._modules import state

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["bocpy_runtime", "leak_check", "limited", "report", "stop_runtime"]

_SHORTLY = 1.0  # seconds for what has hung already
_FAILURES = "bocpy_failures"  # the option, and the property of a test's report
_PLUMBING = ("_pytest", "bocpy", "execnet", "pluggy", "pytest", "threading", "xdist")
_left = pytest.StashKey[str]()  # who left what running
_verdict = pytest.StashKey[int]()
_failed = pytest.StashKey[bool]()
_failed_before = pytest.StashKey[str]()  # the test that failed since the last began
_heard = pytest.StashKey[io.FileIO]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options for the configuration file."""
    parser.addini(
        "bocpy_timeout",
        "seconds that a test that uses bocpy_runtime may take; 0: any time",
        default="60",
    )
    parser.addini(
        "bocpy_leaks",
        "whether a test that uses bocpy_runtime fails if more cowns, behaviors, "
        "values and notices live after it than before",
        type="bool",
        default=False,
    )
    parser.addini(
        _FAILURES,
        "what becomes of a behavior that failed in a test that uses bocpy_runtime, "
        "and whose exception nobody took: report or error",
        default="report",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and look at what the configuration file says."""
    config.addinivalue_line(
        "markers",
        "bocpy_timeout(seconds): the time that this test may take if it uses "
        "bocpy_runtime; 0: any time",
    )
    if config.getini(_FAILURES) not in ("report", "error"):
        raise pytest.UsageError(f"{_FAILURES} must be report or error")
    if _seconds(config.getini("bocpy_timeout")) is None:
        raise pytest.UsageError("bocpy_timeout must be a number of seconds")


# What is going on


def report() -> str:
    """Tell what every thread is doing and what the runtime has on its hands.

    Frames of pytest and of this package are left out.
    """
    told = _dump.report()
    queued = [entry["tag"] for entry in _core.queue_stats()]
    lines_told = "most recent call first" in told
    stacks = "".join(_stacks(workers=not lines_told))
    return f"{told}tags in use: {', '.join(queued) or 'none'}\n{stacks}"


def _stacks(*, workers: bool) -> Iterator[str]:
    """Yield the stack of each thread; of *workers*, if the dump tells no lines."""
    # Frames of other interpreters, which sys._current_frames() makes, would crash them.
    frames = [f for f in _frames_of_the_test() if _root(f[0]) not in _PLUMBING]
    if frames:
        yield "this thread, most recent call last:\n"
        yield from traceback.StackSummary.extract(reversed(frames)).format()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        threads = file.read().split("\n\n")
    plumbing = tuple(_plumbing())
    for thread in threads:
        head, *lines = thread.splitlines()
        told = "[bocpy-worker-" in head and not workers
        shown = [line for line in lines if not line.startswith(plumbing)]
        if shown and not head.startswith("Current") and not told:
            yield "\n".join([head, *shown, ""])


def _frames_of_the_test() -> list[tuple[FrameType, int]]:
    """List the calling thread's frames, innermost first, that lie in a test."""
    frames = list(traceback.walk_stack(sys._getframe()))
    names = [frame.f_globals.get("__name__") for frame, _ in frames]
    if "_pytest.runner" in names:
        outside = names[::-1].index("_pytest.runner") + 1
        return frames[:-outside]
    return frames


def _root(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]


def _plumbing() -> Iterator[str]:
    """Yield how lines of stacks begin that tell a user nothing."""
    yield '  File "<frozen runpy>"'
    yield f'  File "{threading.__file__}"'
    for name in _PLUMBING:
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if file and hasattr(module, "__path__"):
            yield f'  File "{os.path.dirname(file)}{os.sep}'  # noqa: PTH120


# Time


def _seconds(given: object) -> float | None:
    """Return a time as a number; None if it is none."""
    try:
        seconds = float(given)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return seconds if 0 <= seconds < math.inf else None


def _limit_of(node: pytest.Item) -> float:
    """Return the seconds that a test may take."""
    marker = node.get_closest_marker("bocpy_timeout")
    if marker is None:
        return float(node.config.getini("bocpy_timeout"))
    given = (*marker.args, *marker.kwargs.values())
    seconds = _seconds(given[0]) if len(given) == 1 else None
    if seconds is None or not marker.kwargs.keys() <= {"seconds"}:
        pytest.fail("the marker bocpy_timeout takes a number of seconds", pytrace=False)
    return seconds


if sys.platform != "win32":

    class _Alarm:
        """Fails a block that takes longer; a signal handler."""

        def __init__(self, seconds: float) -> None:
            self.reports: list[str] = []
            self._seconds = seconds
            self._former: tuple[float, float] | None = None

        def __call__(self, *_: object) -> None:
            self.reports.append(report())
            text = f"still running after {self._seconds:g} s\n{self.reports[-1]}"
            pytest.fail(text, pytrace=False)

        def __enter__(self) -> list[str]:
            former = signal.getitimer(signal.ITIMER_REAL)
            if not 0 < former[0] <= self._seconds:
                self._begun = time.monotonic()
                self._handler = signal.signal(signal.SIGALRM, self)
                self._former = former
                signal.setitimer(signal.ITIMER_REAL, self._seconds)
            return self.reports

        def __exit__(self, *_: object) -> None:
            ours: object = signal.getsignal(signal.SIGALRM)
            if self._former is None or ours is not self:
                return  # left alone, or somebody else's by now
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, self._handler)
            left, interval = self._former
            if left > 0:
                passed = time.monotonic() - self._begun
                left = max(left - passed, 1e-6)  # 0 would switch it off
                signal.setitimer(signal.ITIMER_REAL, left, interval)

    def pytest_enter_pdb() -> None:
        """Give whoever looks for a fault all the time."""
        if isinstance(signal.getsignal(signal.SIGALRM), _Alarm):
            signal.setitimer(signal.ITIMER_REAL, 0)


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[list[str]]:
    """Fail with a report, also kept in the list, if the block takes longer.

    Does nothing for 0, in other threads than the main one, and on Windows; nor if
    somebody else has set a timer that goes off sooner. One that goes off later goes on
    after the block.
    """
    main = threading.current_thread() is threading.main_thread()
    if seconds <= 0 or not main or sys.platform == "win32":
        yield []
        return
    with _Alarm(seconds) as reports:
        yield reports


# The runtime


def stop_runtime(node: pytest.Item, seconds: float | None) -> None:
    """Wait for all behaviors and forget all messages; fail if something goes on.

    Fails at once if it was left by an earlier test.

    Args:
        node: the test, such as ``request.node``.
        seconds: how long to wait; None for as long as it takes.

    """
    _refuse_what_was_left(node.config)
    _stop(node.config, seconds, node.nodeid)


def _refuse_what_was_left(config: pytest.Config) -> None:
    """Fail if what an earlier test left still runs."""
    left = config.stash.get(_left, "")
    if not left:
        return
    with contextlib.suppress(RuntimeError):
        wait(0)
    if behaviors.BEHAVIORS is not None:
        pytest.fail(left, pytrace=False)
    del config.stash[_left]


def _stop(
    config: pytest.Config, seconds: float | None, who: str, *, told: bool = False
) -> None:
    trouble = ""
    try:
        wait(seconds)
    except BaseException as error:
        if behaviors.BEHAVIORS is None:
            raise
        bodies = ", ".join(_core._running_bodies())
        config.stash[_left] = f"{who} left a body running: {bodies}"
        if not bodies:
            config.stash[_left] = f"{who} left the runtime busy"
        if not isinstance(error, RuntimeError):
            raise
        what = str(error).partition("\n")[0].removesuffix("; call wait() again")
        trouble = what if told else f"{what}\n{report()}"
    finally:
        set_tags([])
    if trouble:
        pytest.fail(trouble, pytrace=False)


# Leaks


def _counts() -> dict[str, int]:
    """Count what lives once all that nobody refers to has gone."""
    _core.noticeboard_cache_clear()
    _core.noticeboard_snapshot()  # lets go of what this thread saw of the board
    gc.collect()
    _core.recycle()
    return _core.live_counts()


def _forget_tracebacks(node: pytest.Item | None) -> None:
    """Let what was logged keep its text only: tracebacks hold the values they show."""
    try:
        from _pytest.logging import caplog_records_key  # noqa: PLC0415
    except ImportError:
        return
    phases = {} if node is None else node.stash.get(caplog_records_key, {})
    for record in itertools.chain.from_iterable(phases.values()):
        record.exc_info = None


@contextlib.contextmanager
def leak_check(node: pytest.Item | None = None) -> Iterator[None]:
    """Fail if more lives after the block than before it; stop the runtime inside.

    Says nothing if the test *node* has failed: the traceback keeps what it shows.
    """
    before = _core.live_counts()
    yield
    _forget_tracebacks(node)
    if _core.live_counts() == before or (node and node.stash.get(_failed, False)):
        return
    now = _counts()
    more = {kind: now[kind] - n for kind, n in before.items() if now[kind] > n}
    if more:
        left = ", ".join(f"{count} {kind}" for kind, count in more.items())
        pytest.fail(f"more than before the test still live: {left}", pytrace=False)


# Exceptions that nobody took


def _hear(config: pytest.Config) -> list[str]:
    """Return what was said since the last time; from now on, somebody listens."""
    file = config.stash.get(_heard, None)
    if file is None:
        # Open to the end: a worker that was left running may still write to it.
        file = config.stash[_heard] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
    state.listener = file.fileno()
    file.seek(0)
    said = io.BytesIO(file.readall())
    file.seek(0)
    file.truncate()
    texts = []
    with contextlib.suppress(EOFError, ValueError, TypeError):
        while True:
            texts.append(marshal.load(said))  # noqa: S302 - texts of our own
    return texts


def _note(node: pytest.Item, who: str, texts: list[str]) -> None:
    """Have the end of the session tell them."""
    if texts:
        node.user_properties.append((_FAILURES, "\n".join([who, *texts])))


@contextlib.contextmanager
def _failure_check(node: pytest.Item) -> Iterator[None]:
    """Tell which behaviors failed unheard; stop the runtime inside."""
    config, listener = node.config, state.listener
    former = config.stash.get(_failed_before, "")
    stale = _hear(config)
    if former:  # its traceback holds results until the next test is called
        for name in ("exc", "type", "value", "traceback"):
            vars(sys).pop(f"last_{name}", None)
        gc.collect()
        del config.stash[_failed_before]
        stale += _hear(config)
    _note(node, former or f"before {node.nodeid}", stale)
    before = _core.live_counts()
    try:
        yield
        _core.recycle()
        if _core.live_counts() != before:
            _forget_tracebacks(node)
            _counts()
    except BaseException:
        _note(node, node.nodeid, _hear(config))
        raise
    else:
        texts = _hear(config)
    finally:
        state.listener = listener
    if not texts or config.getini(_FAILURES) == "report" or node.stash.get(_failed, 0):
        _note(node, node.nodeid, texts)
    else:
        told = "\n".join(texts)
        pytest.fail(f"nobody took the exceptions of behaviors:\n{told}", pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell in which tests behaviors failed unheard."""
    reports = itertools.chain.from_iterable(terminalreporter.stats.values())
    texts = [
        str(text)
        for entry in reports
        if getattr(entry, "when", "") == "teardown"
        for name, text in entry.user_properties
        if name == _FAILURES
    ]
    if texts:
        terminalreporter.section("exceptions of behaviors that nobody took")
    for text in texts:
        terminalreporter.line(text)


# The fixture


@pytest.fixture
def bocpy_runtime(request: pytest.FixtureRequest) -> Iterator[None]:
    """Begin without runtime and messages, end without them, in limited time."""
    node, config = request.node, request.config
    seconds = _limit_of(node)
    _refuse_what_was_left(config)
    _stop(config, seconds or None, f"what ran before {node.nodeid}")
    leaks = leak_check(node) if config.getini("bocpy_leaks") else None
    with leaks or contextlib.nullcontext(), _failure_check(node):
        with limited(seconds) as reports:
            yield
        patience = _SHORTLY if reports else seconds or None
        _stop(config, patience, node.nodeid, told=bool(reports))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Remember that a test failed."""
    if call.excinfo is not None:
        item.stash[_failed] = True
        item.config.stash[_failed_before] = item.nodeid


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the verdict."""
    session.config.stash[_verdict] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process the hard way if a worker hangs for good.

    The interpreter cannot be finalized while a worker runs.
    """
    left = config.stash.get(_left, "")
    try:
        if left:
            wait(_SHORTLY)
    except RuntimeError:
        sys.stderr.write(f"bocpy: {left}; the process ends without it\n")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash.get(_verdict, 1))
    if _heard in config.stash:
        config.stash[_heard].close()
