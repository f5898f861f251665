"""For pytest: a clean runtime for each test, and a time-out that tells what hangs.

Installing the package registers it. Tests ask for the fixture ``bocpy_runtime``; the
option ``bocpy_timeout`` of the configuration file says how long they may take.
"""

from __future__ import annotations

import contextlib
import faulthandler
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

__all__ = ["bocpy_runtime", "limited", "report", "stop_runtime"]

_SHORTLY = 1.0  # seconds for what has hung already
_hangs = pytest.StashKey[bool]()
_verdict = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for the configuration file."""
    parser.addini(
        "bocpy_timeout",
        "seconds that a test that uses bocpy_runtime may take; 0: any time",
        default="60",
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


@pytest.fixture
def bocpy_runtime(pytestconfig: pytest.Config) -> Iterator[None]:
    """Begin without runtime and messages, end without them, in limited time."""
    seconds = float(pytestconfig.getini("bocpy_timeout"))
    stop_runtime(pytestconfig, seconds or None)
    with limited(seconds) as reports:
        yield
    stop_runtime(pytestconfig, _SHORTLY if reports else seconds or None)


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
