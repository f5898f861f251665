"""Waiting: what it waits for, what it gives back, when it gives up."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
import weakref

import pytest

from bocpy import Cown, behaviors, quiesce, receive, send, start, wait, when
from observing import PATIENCE, expect, value_of, values_of

STATISTICS = {
    "worker_index",
    "pushed_local",
    "dispatched_to_pending",
    "pushed_remote",
    "popped_local",
    "popped_via_steal",
    "enqueue_cas_retries",
    "dequeue_cas_retries",
    "batch_resets",
    "steal_attempts",
    "steal_failures",
    "parked",
    "last_steal_attempt_ns",
    "fairness_arm_fires",
}


def spread(total, depth):
    """Schedule a tree of additions."""

    @when(total)
    def _(n):
        n.value += 1
        if depth:
            spread(total, depth - 1)
            spread(total, depth - 1)


def block(gate="gate"):
    """Schedule a body that runs until the test opens `gate`."""

    @when()
    def _():
        send("signal", "blocked")
        receive(gate, 60)

    assert expect("signal") == "blocked"


def test_wait_without_a_runtime_returns_at_once():
    assert wait() is None
    assert wait(0) is None
    assert wait(stats=True) == []


def test_wait_takes_its_options_by_keyword():
    with pytest.raises(TypeError):
        wait(1, True)


def test_wait_in_a_body_does_nothing():
    start(worker_count=1)

    @when()
    def result():
        return wait(), wait(stats=True)

    assert value_of(result) == (None, [])


def test_wait_returns_after_all_behaviors_and_those_they_spawned():
    total = Cown(0)
    spread(total, 5)
    assert wait(PATIENCE) is None
    assert total.value == 63


def test_wait_gives_statistics_with_exactly_these_keys():
    start(worker_count=2)
    values_of(*[Cown(n) for n in range(5)])
    statistics = wait(PATIENCE, stats=True)
    assert len(statistics) == 2
    for each in statistics:
        assert set(each) == STATISTICS
        assert all(type(count) is int and count >= 0 for count in each.values())
    assert sum(s["popped_local"] + s["popped_via_steal"] for s in statistics) == 1


def test_wait_makes_the_cowns_of_its_callers_readable():
    def inner():
        deep = Cown("deep")

        @when(deep, shallow, contained[0])
        def result(d, s, c):
            d.value += "!"
            s.value += "!"
            c.value += "!"
            return [1]

        wait(PATIENCE)
        return deep.value, result.value

    shallow, contained = Cown("shallow"), [Cown("contained")]
    capsule = Cown("capsule").impl
    assert inner() == ("deep!", [1])
    assert shallow.value == "shallow!"
    assert capsule.value == "capsule"
    with contained[0] as value:
        assert value == "contained!"


class Evasive:
    """Tells nobody of what class it is."""

    @property
    def __class__(self):
        """Raise."""
        raise LookupError("no class")


def test_wait_ends_beside_variables_that_do_not_tell_their_class():
    referent, evasive, cown = Evasive(), Evasive(), Cown(1)
    dead = weakref.proxy(referent)
    del referent
    result = when(cown)(lambda c: c.value)
    wait(PATIENCE)
    assert behaviors.BEHAVIORS is None
    assert (cown.value, result.value) == (1, 1)
    del dead, evasive


def test_cowns_outlive_the_runtime_wherever_they_are_kept():
    class Keeper:
        pass

    keeper = Keeper()
    keeper.cown, kept = Cown([0]), {"in": {"dict": Cown({"a": 1})}}
    for _ in range(3):
        results = []
        for number in range(4):

            @when(keeper.cown, kept["in"]["dict"])
            def result(c, d, number=number):
                c.value.append(number)
                d.value["a"] += 1
                return [number]

            results.append(result)
        del result
        wait(PATIENCE)
        for number, each in enumerate(results):
            with each as value:
                assert value == [number]
    with keeper.cown as numbers, kept["in"]["dict"] as mapping:
        assert numbers == [0, *[0, 1, 2, 3] * 3]
        assert mapping == {"a": 13}


def test_cowns_that_wait_acquired_may_be_scheduled_again():
    cown = Cown(0)
    for _ in range(3):

        @when(cown)
        def result(c):
            c.value += 1
            return c.value

        wait(PATIENCE)
    assert cown.acquired
    assert cown.value == 3
    assert result.value == 3


def test_value_changed_between_two_runs_is_seen_by_the_second():
    cown = Cown([1])

    @when(cown)
    def _(c):
        c.value.append(2)

    wait(PATIENCE)
    cown.value.append(3)

    @when(cown)
    def result(c):
        return c.value

    wait(PATIENCE)
    assert result.value == [1, 2, 3]


@pytest.mark.parametrize("timeout", [None, math.inf, 1e10, 10**12, 30])
def test_long_timeouts_wait(timeout):
    @when(Cown(1))
    def result(c):
        return c.value

    assert wait(timeout) is None
    assert result.value == 1


@pytest.mark.parametrize(
    ("timeout", "error"), [(math.nan, ValueError), ("soon", TypeError)]
)
def test_nonsense_timeouts_are_refused_and_nothing_stops(timeout, error):
    @when(Cown(1))
    def result(c):
        return c.value

    with pytest.raises(error):
        wait(timeout)
    assert value_of(result) == 1
    wait(PATIENCE)
    assert result.value == 1


def test_wait_keeps_its_deadline_and_may_be_repeated(caplog):
    start(worker_count=1)
    block()
    later = Cown("untouched")

    @when(later)
    def dropped(c):
        c.value = "touched"

    begun = time.monotonic()
    try:
        caplog.set_level(logging.WARNING, logger="behaviors")
        with contextlib.suppress(RuntimeError):
            wait(0.2)
        assert time.monotonic() - begun < 10
    finally:
        send("gate", None)
    wait(PATIENCE)
    assert "did not reach quiescence" in caplog.text
    assert behaviors.BEHAVIORS is None
    with later as value:
        assert value in {"touched", "untouched"}
    start(worker_count=2)
    assert value_of(Cown(3)) == 3


def assert_dropped(result):
    """Fail unless `result` tells that a stop has dropped its behavior."""
    with result as value:
        assert result.exception is True
        assert isinstance(value, RuntimeError)
        assert "stop()" in str(value)
        result.exception = False


def test_behaviors_dropped_by_a_stop_tell_so():
    start(worker_count=1)
    block()
    results = [when(Cown(number))(lambda c: c.value) for number in range(3)]
    with contextlib.suppress(RuntimeError):
        wait(0)
    send("gate", None)
    wait(PATIENCE)
    for each in results:
        assert_dropped(each)


def test_children_dropped_by_a_stop_tell_so_wherever_their_worker_had_them():
    start(worker_count=1)

    @when()
    def parent():
        children = [when(Cown(n))(lambda c: c.value) for n in range(3)]
        send("signal", "scheduled")
        receive("gate", 60)
        return children

    assert expect("signal") == "scheduled"
    with contextlib.suppress(RuntimeError):
        wait(0)
    send("gate", None)
    wait(PATIENCE)
    assert len(parent.value) == 3
    for child in parent.value:
        assert_dropped(child)


def beside(*functions):
    """Call each function on a thread of its own, all while a body runs."""
    block()
    threads = [threading.Thread(target=each, daemon=True) for each in functions]
    for thread in threads:
        thread.start()
    send("gate", None)
    return threads


def still_alive(threads):
    """Join threads that should end; count those that do not."""
    deadline = time.monotonic() + PATIENCE
    for thread in threads:
        thread.join(max(deadline - time.monotonic(), 0))
    return sum(thread.is_alive() for thread in threads)


def test_quiesce_returns_in_every_thread():
    start(worker_count=1)
    for _ in range(50):
        assert still_alive(beside(quiesce, quiesce, quiesce)) == 0


def test_wait_returns_beside_quiesce(backend):
    for _ in range(20):
        start(worker_count=1)
        threads = beside(quiesce, quiesce)
        wait(PATIENCE)
        assert still_alive(threads) == 0
        assert behaviors.BEHAVIORS is None
