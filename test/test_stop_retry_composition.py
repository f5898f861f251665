"""Stops that run out of time, or stumble, and are tried again."""

from __future__ import annotations

import contextlib
import logging
import threading
import time

import pytest

from bocpy import (
    Cown,
    _core,
    behaviors,
    notice_update,
    notice_write,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, ensure_workers, expect, value_of

open_gate = threading.Event()
reached = threading.Event()


def stay(value):
    """Hold the thread that applies updates until the test opens the gate."""
    reached.set()
    open_gate.wait(60)
    return value


@pytest.fixture
def gate():
    """Close the gate for a test, and leave it open."""
    open_gate.clear()
    reached.clear()
    yield open_gate
    open_gate.set()
    wait(PATIENCE)


def test_busy_noticeboard_bounds_wait_and_may_be_retried(gate):
    start(worker_count=2)
    notice_update("key", stay, 0)
    assert reached.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="did not shut down within timeout="):
        wait(0.2)
    assert behaviors.BEHAVIORS is not None
    assert _core.terminator_count() == 0
    with pytest.raises(RuntimeError, match="noticeboard thread still pinned on retry"):
        wait(0.1)
    assert behaviors.BEHAVIORS is not None
    gate.set()
    assert wait(PATIENCE) is None
    assert behaviors.BEHAVIORS is None
    start(worker_count=1)
    notice_write("key", 1)
    assert value_of(Cown(1)) == 1


def test_statistics_survive_the_retry(gate):
    start(worker_count=2)
    when(Cown(1))(lambda c: c.value)
    notice_update("key", stay, 0)
    assert reached.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="did not shut down within timeout="):
        wait(0.2, stats=True)
    gate.set()
    assert isinstance(wait(PATIENCE, stats=True), list)
    assert wait(stats=True) == []


def test_scheduling_is_refused_between_the_tries(gate):
    start(worker_count=1)
    notice_update("key", stay, 0)
    assert reached.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="did not shut down within timeout="):
        wait(0.1)
    with pytest.raises(RuntimeError, match="shutting down"):
        when(Cown(1))(lambda c: c.value)
    gate.set()
    wait(PATIENCE)
    ensure_workers()
    assert value_of(Cown(2)) == 2


def test_claimed_noticeboard_fails_the_start(monkeypatch):
    def refuse():
        raise RuntimeError("already claimed")

    monkeypatch.setattr(_core, "set_noticeboard_thread", refuse)
    with pytest.raises(RuntimeError, match="noticeboard thread") as raised:
        start(worker_count=2)
    assert "failed to claim the C-level single-writer slot" in str(raised.value)
    assert str(raised.value.__cause__) == "already claimed"
    assert behaviors.BEHAVIORS is None
    assert _core.scheduler_stats() == []
    monkeypatch.undo()
    ensure_workers()
    assert value_of(Cown(3)) == 3


def test_busy_worker_bounds_wait(caplog):
    start(worker_count=2)

    @when()
    def busy():
        send("signal", "busy")
        receive("gate", 60)
        return "ended"

    assert expect("signal") == "busy"
    begun = time.monotonic()
    caplog.set_level(logging.WARNING, logger="behaviors")
    with contextlib.suppress(RuntimeError):
        wait(0.3)
    took = time.monotonic() - begun
    send("gate", None)
    assert 0.25 <= took < 10
    assert "terminator did not reach quiescence" in caplog.text
    wait(PATIENCE)
    with busy as value:
        assert value == "ended"
    ensure_workers()
    assert value_of(Cown(1)) == 1


def in_thread(function):
    """Call a function on another thread."""
    thread = threading.Thread(target=function, daemon=True)
    thread.start()
    return thread


def test_one_thread_at_a_time_ends_the_runtime(monkeypatch, gate):
    ended = []
    teardown = behaviors.Behaviors.teardown_workers

    def counted(self):
        ended.append(threading.current_thread())
        reached.set()
        open_gate.wait(60)
        teardown(self)

    monkeypatch.setattr(behaviors.Behaviors, "teardown_workers", counted)
    start(worker_count=1)
    first = in_thread(lambda: wait(PATIENCE))
    assert reached.wait(PATIENCE)
    with pytest.raises(RuntimeError, match="another thread is still stopping the run"):
        wait(0.1)
    second = in_thread(lambda: wait(PATIENCE))
    gate.set()
    for thread in (first, second):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert ended == [first]
    assert behaviors.BEHAVIORS is None
    ensure_workers()
    assert value_of(Cown(1)) == 1


def test_a_slow_waiter_leaves_the_next_runtime_alone(monkeypatch, gate):
    stop = behaviors.Behaviors.stop

    def slow(self, timeout=None):
        stop(self, timeout)
        if threading.current_thread() is waiter:
            reached.set()
            open_gate.wait(60)

    monkeypatch.setattr(behaviors.Behaviors, "stop", slow)
    start(worker_count=1)
    waiter = threading.Thread(target=lambda: wait(PATIENCE), daemon=True)
    waiter.start()
    assert reached.wait(PATIENCE)
    wait(PATIENCE)
    start(worker_count=1)
    gate.set()
    waiter.join(PATIENCE)
    assert not waiter.is_alive()
    assert behaviors.BEHAVIORS is not None
    assert value_of(Cown(1)) == 1


def test_each_thread_that_waits_may_read_its_cowns():
    cowns = [Cown(1), Cown(2)]
    read = []

    @when()
    def _():
        send("signal", "busy")
        receive("gate", 60)

    def reads(cown):
        when(cown)(lambda c: c.value)
        send("signal", "waits")
        wait(PATIENCE)
        read.append(cown.value)

    assert expect("signal") == "busy"
    threads = [in_thread(lambda cown=cown: reads(cown)) for cown in cowns]
    del cowns
    assert [expect("signal"), expect("signal")] == ["waits"] * 2
    send("gate", None)
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(read) == [1, 2]


class Capsule:
    """Stands for a behavior that was never run."""

    def __init__(self, name, log, failing=None, error=None):
        self.name = name
        self.log = log
        self.failing = failing
        self.error = error

    def set_drop_exception(self, error):
        """Note what it is told."""
        self.log.append((self.name, type(error).__name__, "stop()" in str(error)))
        if self.failing == "set":
            raise self.error

    def release_all(self):
        """Note that it was released."""
        self.log.append((self.name, "released"))
        if self.failing == "release":
            raise self.error


@pytest.fixture
def drain(monkeypatch):
    """Drain stand-ins in place of what the queues hold."""

    def run(*batches):
        left = [list(batch) for batch in batches]
        held = []
        running = behaviors.Behaviors(1)
        monkeypatch.setattr(
            _core, "scheduler_drain_all_queues", lambda: left.pop(0) if left else []
        )
        monkeypatch.setattr(_core, "terminator_dec", lambda: held.append(1) or 0)
        try:
            return running._drain_orphan_behaviors(), len(held), left
        finally:
            run.held = len(held)
            run.left = left
            run.running = running

    return run


def test_drain_without_orphans_is_clean(drain):
    errors, held, _ = drain()
    assert errors == []
    assert held == 0


def test_drain_tells_and_releases_each_orphan_in_order(drain, caplog):
    log = []
    with caplog.at_level(logging.WARNING, logger="behaviors"):
        errors, held, left = drain(
            [Capsule("a", log), Capsule("b", log)], [Capsule("c", log)]
        )
    assert errors == []
    assert held == 3
    assert left == []
    assert log == [
        step
        for name in "abc"
        for step in ((name, "RuntimeError", True), (name, "released"))
    ]
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) >= 3


def test_drain_collects_failing_releases_and_goes_on(drain):
    log, error = [], ValueError("release fails")
    errors, held, _ = drain(
        [Capsule("a", log, "release", error), Capsule("b", log, "set", error)],
        [Capsule("c", log)],
    )
    assert errors == [error]
    assert held == 3
    assert [step for step in log if step[1] == "released"] == [
        ("a", "released"),
        ("b", "released"),
        ("c", "released"),
    ]


@pytest.mark.parametrize("step", ["set", "release"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_drain_finishes_before_it_lets_an_interrupt_through(drain, step, kind):
    log = []
    first, second = kind("first"), kind("second")
    with pytest.raises(kind) as raised:
        drain(
            [Capsule("a", log, step, first), Capsule("b", log, step, second)],
            [Capsule("c", log)],
        )
    assert raised.value is first
    assert drain.left == []
    assert drain.held == 3
    assert ("c", "released") in log


def test_leftover_counts_are_reported_and_forgotten():
    wait(PATIENCE)
    _core.terminator_reset()
    _core.terminator_inc()
    told = r"terminator drift carried over from a previous run \(prior_count=2"
    with pytest.raises(RuntimeError, match=told):
        start(worker_count=1)
    assert behaviors.BEHAVIORS is None
    ensure_workers()
    assert value_of(Cown(4)) == 4
