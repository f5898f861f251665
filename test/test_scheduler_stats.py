"""What the scheduler counts, and that its counts are true."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import time

from bocpy import Cown, _core, receive, send, start, wait, when
from observing import PATIENCE, expect

KEYS = {
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


def total(statistics, *keys):
    """Add up some counts of all workers."""
    return sum(each[key] for each in statistics for key in keys)


def popped(statistics):
    """Count the behaviors that the workers took."""
    return total(statistics, "popped_local", "popped_via_steal")


def test_there_are_none_without_a_runtime():
    assert _core.scheduler_stats() == []


def test_each_worker_has_exactly_these_counts():
    start(worker_count=3)
    statistics = _core.scheduler_stats()
    assert [each["worker_index"] for each in statistics] == [0, 1, 2]
    for each in statistics:
        assert set(each) == KEYS
        assert all(type(count) is int and count >= 0 for count in each.values())


def test_main_thread_pushes_remotely():
    start(worker_count=2)
    for number in range(60):
        when(Cown(number))(lambda c: c.value)
    statistics = wait(PATIENCE, stats=True)
    assert total(statistics, "pushed_remote") == 60
    assert total(statistics, "dispatched_to_pending") == 0
    assert popped(statistics) == 60


def test_bodies_dispatch_to_the_slot_of_their_worker():
    start(worker_count=2)
    for number in range(40):

        @when(Cown(number))
        def _(c):
            when(Cown(c.value))(lambda d: d.value)

    statistics = wait(PATIENCE, stats=True)
    assert total(statistics, "pushed_remote") == 40
    assert total(statistics, "dispatched_to_pending") >= 40
    assert popped(statistics) == 80


def test_every_behavior_is_counted_once_however_it_was_taken():
    for workers in (1, 2, 4):
        start(worker_count=workers)
        shared = Cown(0)
        for _ in range(10):

            @when()
            def _():
                for _ in range(5):

                    @when(shared)
                    def _(s):
                        s.value += 1

        statistics = wait(PATIENCE, stats=True)
        assert shared.value == 50
        shared.release()
        assert popped(statistics) == 60


def test_successors_handed_over_by_a_release_are_counted():
    start(worker_count=1)
    cown = Cown(0)
    for _ in range(30):

        @when(cown)
        def _(c):
            c.value += 1

    statistics = wait(PATIENCE, stats=True)
    assert popped(statistics) == 30
    pushed = total(statistics, "pushed_remote", "pushed_local", "dispatched_to_pending")
    assert pushed >= 30


def test_fan_out_from_one_body_pushes_its_elders_to_the_queue():
    start(worker_count=1)

    @when()
    def _():
        for number in range(50):
            when(Cown(number))(lambda c: c.value)

    statistics = wait(PATIENCE, stats=True)
    assert popped(statistics) == 51
    assert total(statistics, "dispatched_to_pending", "pushed_local") >= 50
    assert total(statistics, "pushed_local") >= 1


def test_idle_workers_park():
    start(worker_count=4)
    deadline = time.monotonic() + PATIENCE
    while not all(each["parked"] > 0 for each in _core.scheduler_stats()):
        assert time.monotonic() < deadline, _core.scheduler_stats()
        time.sleep(0.01)


def test_idle_runtime_uses_no_processor():
    start(worker_count=4)
    deadline = time.monotonic() + PATIENCE
    while not all(each["parked"] > 0 for each in _core.scheduler_stats()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    before, begun = time.process_time(), time.monotonic()
    time.sleep(0.3)
    used, took = time.process_time() - before, time.monotonic() - begun
    assert used / took < 0.5


def test_counts_only_grow_while_running():
    start(worker_count=2)
    before = _core.scheduler_stats()
    for _ in range(5):

        @when()
        def _():
            send("signal", "ran")

        assert expect("signal") == "ran"
        now = _core.scheduler_stats()
        for old, new in zip(before, now, strict=True):
            assert all(new[key] >= old[key] for key in KEYS)
        before = now


def test_counts_begin_again_with_each_runtime():
    for _ in range(3):
        start(worker_count=1)
        when()(lambda: None)
        statistics = wait(PATIENCE, stats=True)
        assert popped(statistics) == 1
    assert _core.scheduler_stats() == []


def test_reading_counts_changes_nothing():
    start(worker_count=1)
    for _ in range(100):
        _core.scheduler_stats()
    assert popped(wait(PATIENCE, stats=True)) == 0


def test_what_is_scheduled_beside_a_busy_worker_wakes_nobody():
    start(worker_count=1)
    cowns = [Cown(0) for _ in range(64)]

    @when()
    def busy():
        send("signal", "busy")
        receive("go on", PATIENCE)

    assert expect("signal") == "busy"
    before = total(_core.scheduler_stats(), "parked")
    for number in range(20_000):
        when(cowns[number % 64])(lambda c: c.value)
    during = total(_core.scheduler_stats(), "parked")
    send("go on", None)
    statistics = wait(PATIENCE, stats=True)
    assert popped(statistics) == 20_001
    assert during == before
    assert total(statistics, "parked") <= before + 2
