"""For pytest: a clean runtime for each test, a time-out, and counters of what leaks.

Installing the package registers it. Tests ask for the fixture ``bocpy_runtime``; the
options ``bocpy_timeout`` and ``bocpy_leaks`` of the configuration file say how long
they may take, and whether they must leave nothing behind.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import itertools
import os
import signal
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from bocpy import _core, _dump, set_tags, wait

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["bocpy_runtime", "leak_check", "limited", "report", "stop_runtime"]

_SHORTLY = 1.0  # seconds for what has hung already
_hangs = pytest.StashKey[bool]()
_verdict = pytest.StashKey[int]()
_failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the configuration file."""
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


def report() -> str:
    """Tell what every thread is doing and what the runtime has on its hands."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        threads = file.read()
    queued = [entry["tag"] for entry in _core.queue_stats()]
    return f"{_dump.report()}tags in use: {', '.join(queued) or 'none'}\n{threads}"


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[list[str]]:
    """Fail with a report, also kept in the list, if the block takes longer.

    Does nothing for 0, in other threads than the main one, and on Windows.
    """
    reports: list[str] = []
    main = threading.current_thread() is threading.main_thread()
    if seconds <= 0 or not main or sys.platform == "win32":
        yield reports
        return

    def expire(*_: object) -> None:
        reports.append(report())
        pytest.fail(f"still running after {seconds:g} s\n{reports[-1]}")

    former = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield reports
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def stop_runtime(config: pytest.Config, seconds: float | None) -> None:
    """Wait for all behaviors and forget all messages; fail if something hangs."""
    try:
        wait(seconds)
    except RuntimeError as error:
        config.stash[_hangs] = True
        pytest.fail(f"{error}\n{report()}")
    finally:
        set_tags([])


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
        pytest.fail(f"more than before the test still live: {left}")


@pytest.fixture
def bocpy_runtime(request: pytest.FixtureRequest) -> Iterator[None]:
    """Begin without runtime and messages, end without them, in limited time."""
    config = request.config
    seconds = float(config.getini("bocpy_timeout"))
    stop_runtime(config, seconds or None)
    leaks = leak_check(request.node) if config.getini("bocpy_leaks") else None
    with leaks or contextlib.nullcontext():
        with limited(seconds) as reports:
            yield
        stop_runtime(config, _SHORTLY if reports else seconds or None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Remember that a test failed."""
    if call.excinfo is not None:
        item.stash[_failed] = True


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the verdict."""
    session.config.stash[_verdict] = exitstatus


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End the process the hard way if a worker hangs for good.

    The interpreter cannot be finalized while a worker runs.
    """
    if not config.stash.get(_hangs, False):
        return
    try:
        wait(_SHORTLY)
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash.get(_verdict, 1))
