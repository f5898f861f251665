"""Programs of many behaviors over many workers: nothing lost, nothing twice."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import threading

import pytest

from bocpy import Cown, _core, send, start, wait, when
from observing import PATIENCE, bump, expect, value_of, values_of


@pytest.fixture(params=[1, 2, 4])
def workers(request):
    """Run with few and with more workers than cores."""
    start(worker_count=request.param)
    return request.param


def ring_step(ring, at, left):
    """Go round a ring of cowns, adding one to each pair."""

    @when(ring[at], ring[(at + 1) % len(ring)])
    def _(a, b):
        a.value += 1
        b.value += 1
        if left > 1:
            ring_step(ring, (at + 1) % len(ring), left - 1)
        else:
            send("signal", "round")


def test_every_behavior_runs_once(workers):
    cowns = [Cown(0) for _ in range(20)]
    for number in range(400):

        @when(cowns[number % 20])
        def _(c):
            c.value += 1

    assert values_of(*cowns) == [20] * 20


def test_money_is_neither_made_nor_lost(workers):
    accounts = [Cown(100) for _ in range(6)]
    for number in range(300):
        source, target = accounts[number % 6], accounts[(number * 5 + 1) % 6]
        amount = number % 7

        @when(source, target)
        def _(s, t):
            if s.value >= amount:
                s.value -= amount
                t.value += amount

    @when(accounts)
    def total(group):
        return sum(c.value for c in group)

    assert value_of(total) == 600


def test_chains_of_behaviors_go_round_rings(workers):
    rings = [[Cown(0) for _ in range(5)] for _ in range(4)]
    for ring in rings:
        ring_step(ring, 0, 50)
    for _ in rings:
        assert expect("signal") == "round"
    for ring in rings:
        assert sum(values_of(*ring)) == 100


def test_pipeline_of_results(workers):
    stage = [Cown(n) for n in range(30)]
    for _ in range(5):
        following = []
        for cown in stage:

            @when(cown)
            def result(c):
                return c.value + 1

            following.append(result)
        stage = following
    assert values_of(*stage) == [n + 5 for n in range(30)]


def test_tree_of_sums(workers):
    level = [Cown(n) for n in range(64)]
    while len(level) > 1:
        above = []
        for left, right in zip(level[::2], level[1::2], strict=True):

            @when(left, right)
            def node(a, b):
                return a.value + b.value

            above.append(node)
        level = above
    assert value_of(level[0]) == sum(range(64))


def test_barrier_over_many_cowns_sees_all_before_and_none_after(workers):
    cowns = [Cown(0) for _ in range(30)]
    barriers = []
    for _ in range(4):
        for cown in cowns:

            @when(cown)
            def _(c):
                c.value += 1

        @when(cowns)
        def barrier(group):
            return {c.value for c in group}

        barriers.append(barrier)
    assert values_of(*barriers) == [{1}, {2}, {3}, {4}]


def test_threads_and_bodies_schedule_together(workers):
    cown = Cown(0)

    def outside():
        for _ in range(50):

            @when()
            def _():
                @when(cown)
                def _(c):
                    c.value += 1

    threads = [threading.Thread(target=outside) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    wait(PATIENCE)
    assert cown.value == 150


def test_cowns_may_be_dropped_while_behaviors_are_queued(workers):
    for number in range(200):

        @when(Cown([number]), Cown(None))
        def _(c, d):
            d.value = c.value

    wait(PATIENCE)
    assert _core.terminator_count() == 0


def test_runtimes_follow_one_another():
    total = Cown(0)
    for turn in range(12):
        start(worker_count=1 + turn % 3)
        for _ in range(10):
            bump(total)
        wait(PATIENCE)
    assert total.value == 120


def test_threads_may_race_to_start_the_runtime():
    cown = Cown(0)
    gate = threading.Barrier(4)

    def first():
        gate.wait(PATIENCE)

        @when(cown)
        def _(c):
            c.value += 1

    threads = [threading.Thread(target=first) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    wait(PATIENCE)
    assert cown.value == 4


def test_threads_may_race_to_wait():
    cown = Cown(0)
    for _ in range(50):

        @when(cown)
        def _(c):
            c.value += 1

    failures = []

    def stop():
        try:
            wait(PATIENCE)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=stop) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    wait(PATIENCE)
    assert failures == []
    with cown as value:
        assert value == 50
