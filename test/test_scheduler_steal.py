"""Idle workers take work from busy ones, and no work is stuck behind a body."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import itertools
import threading

from bocpy import Cown, _core, receive, send, start, wait, when
from observing import PATIENCE, expect, value_of, values_of


def chain(left):
    """Schedule one behavior after the other, the last of which tells so."""

    @when()
    def _():
        if left == 0:
            send("gate", "end of the chain")
        else:
            chain(left - 1)


def spin(stop):
    """Keep a worker in work until the cown says stop."""

    @when()
    def _():
        @when(stop)
        def _(s):
            if not s.value:
                spin(stop)


def test_fan_out_of_one_producer_reaches_other_workers():
    start(worker_count=4)

    @when()
    def _():
        for number in range(300):

            @when(Cown(number))
            def _(c):
                c.value = sum(range(2000))

    statistics = wait(PATIENCE, stats=True)
    assert sum(each["steal_attempts"] for each in statistics) > 0
    assert max(each["last_steal_attempt_ns"] for each in statistics) > 0
    taken = [each["popped_local"] + each["popped_via_steal"] for each in statistics]
    assert sum(taken) == 301


def test_both_workers_take_part_in_a_small_batch():
    start(worker_count=2)
    cowns = [Cown(None) for _ in range(16)]
    for cown in cowns:

        @when(cown)
        def _(c):
            c.value = threading.get_ident()

    assert len(set(values_of(*cowns))) == 2


def test_work_behind_a_blocked_body_is_taken_over():
    start(worker_count=2)

    @when()
    def blocked():
        for number in range(30):

            @when()
            def _():
                send("done", number)

        return sorted(receive("done", 30)[1] for _ in range(30))

    assert value_of(blocked) == list(range(30))


def test_work_from_outside_does_not_wait_for_a_blocked_worker():
    start(worker_count=2)

    @when()
    def _():
        send("signal", "blocked")
        receive("gate", 60)

    try:
        assert expect("signal") == "blocked"
        for number in range(40):

            @when(Cown(number))
            def _(c):
                send("done", c.value)

        assert sorted(expect("done") for _ in range(40)) == list(range(40))
    finally:
        send("gate", None)


def test_chain_of_children_moves_away_from_a_blocked_parent():
    start(worker_count=2)

    @when()
    def parent():
        chain(20)
        return receive("gate", 30)[1]

    assert value_of(parent) == "end of the chain"


def test_endless_local_work_does_not_starve_what_came_from_outside():
    start(worker_count=1)
    stop = Cown(False)
    spin(stop)

    @when()
    def _():
        send("signal", "ran beside it")

    assert expect("signal") == "ran beside it"

    @when(stop)
    def _(s):
        s.value = True

    wait(PATIENCE)
    assert stop.value is True


def test_single_worker_never_tries_to_steal():
    start(worker_count=1)
    for number in range(50):
        when(Cown(number))(lambda c: c.value)
    [only] = wait(PATIENCE, stats=True)
    assert only["popped_via_steal"] == 0
    assert only["popped_local"] == 50


def test_more_workers_than_cores_work_and_stop():
    start(worker_count=12)
    assert len(_core.scheduler_stats()) == 12
    cowns = [Cown(number) for number in range(120)]
    for left, right in itertools.pairwise(cowns):

        @when(left, right)
        def _(a, b):
            a.value, b.value = b.value, a.value

    assert values_of(*cowns) == [*range(1, 120), 0]
    wait(PATIENCE)
    assert _core.scheduler_stats() == []
