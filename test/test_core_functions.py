"""The functions of the extension that tools and tests call directly."""

from __future__ import annotations

import math
import threading

import pytest

from bocpy import Cown, _core, start, wait, when
from observing import PATIENCE, ensure_workers, value_of

NAMES = [
    "BehaviorCapsule",
    "CownCapsule",
    "TIMEOUT",
    "_cown_capsule_from_pointer",
    "clear_noticeboard_thread",
    "cown_pin_pointers",
    "cowns",
    "drain",
    "index",
    "insist",
    "is_primary",
    "notice_sync_complete",
    "notice_sync_request",
    "notice_sync_wait",
    "noticeboard_cache_clear",
    "noticeboard_clear",
    "noticeboard_delete",
    "noticeboard_snapshot",
    "noticeboard_version",
    "noticeboard_write_direct",
    "physical_cpu_count",
    "queue_stats",
    "receive",
    "recycle",
    "scheduler_drain_all_queues",
    "scheduler_request_stop_all",
    "scheduler_runtime_start",
    "scheduler_runtime_stop",
    "scheduler_stats",
    "scheduler_worker_pop",
    "scheduler_worker_register",
    "send",
    "set_noticeboard_thread",
    "set_tags",
    "terminator_close",
    "terminator_count",
    "terminator_dec",
    "terminator_inc",
    "terminator_reset",
    "terminator_run",
    "terminator_seed_dec",
    "terminator_seeded",
    "terminator_wait",
    "terminator_wait_pumpable",
]


@pytest.fixture
def terminator():
    """Lend the terminator of a stopped runtime, and leave it as it was."""
    wait(PATIENCE)
    _core.terminator_reset()
    yield
    _core.terminator_seed_dec()
    while _core.terminator_count() > 0:
        _core.terminator_dec()
    _core.terminator_close()


@pytest.fixture
def slots():
    """Lend a scheduler without workers."""
    wait(PATIENCE)
    _core.scheduler_runtime_start(2)
    yield
    _core.scheduler_runtime_stop()


def in_thread(function, *args):
    """Run `function` on a thread that has never touched the package."""
    outcome = []

    def run():
        try:
            outcome.append(function(*args))
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    return outcome[0]


@pytest.mark.parametrize("name", NAMES)
def test_name_exists(name):
    assert hasattr(_core, name)


def test_this_interpreter_is_the_primary():
    assert _core.is_primary() is True
    assert _core.index() == 0


def test_insist_calls_until_it_returns():
    errors = [KeyboardInterrupt("first"), OSError("second")]
    seen = []

    def finish(error):
        seen.append(error)
        if len(seen) <= len(errors):
            raise errors[len(seen) - 1]

    _core.insist(finish)
    assert seen == [None, *errors]


def test_insist_raises_what_comes_again():
    seen = []

    def finish(error):
        seen.append(error)
        raise error or LookupError("told")

    with pytest.raises(LookupError, match="told"):
        _core.insist(finish)
    assert len(seen) == 2


def test_insist_gives_up():
    with pytest.raises(ZeroDivisionError):
        _core.insist(lambda _: 1 // 0)


def test_workers_know_that_they_are_not_the_primary():
    ensure_workers()

    @when()
    def result():
        return _core.is_primary(), _core.index()

    primary, index = value_of(result)
    assert primary is False
    assert index >= 1


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("scheduler_runtime_start", (1,)),
        ("scheduler_runtime_stop", ()),
        ("terminator_close", ()),
        ("terminator_seed_dec", ()),
        ("terminator_reset", ()),
        ("terminator_wait_pumpable", (0,)),
        ("set_pump_watchdog", ()),
        ("main_pump_drain_all", ()),
        ("main_pump_bounded", (None, None, False)),
        ("noticeboard_clear", ()),
        ("set_noticeboard_thread", ()),
    ],
)
def test_primary_only_functions_refuse_workers(name, arguments):
    ensure_workers()

    @when()
    def result():
        try:
            getattr(_core, name)(*arguments)
        except RuntimeError as error:
            return str(error)
        return "not refused"

    refusal = value_of(result)
    assert "must be called from the primary interpreter" in refusal
    assert name in refusal


def test_payloads_are_recycled_and_listed():
    cowns = [Cown([n]) for n in range(3)]
    for _ in range(3):
        assert _core.recycle() is None
    assert _core.cowns() == ()  # values at rest belong to no interpreter
    for number, cown in enumerate(cowns):
        with cown as value:
            assert value == [number]


def test_cores_are_counted():
    assert 0 <= _core.physical_cpu_count() <= 4096


def test_terminator_counts_holds(terminator):
    assert _core.terminator_count() == 1
    assert _core.terminator_seeded() == 1
    assert _core.terminator_inc() == 2
    assert _core.terminator_inc() == 3
    assert _core.terminator_dec() == 2
    assert _core.terminator_wait(0) is False
    assert _core.terminator_seed_dec() is True
    assert _core.terminator_seed_dec() is False
    assert _core.terminator_seeded() == 0
    assert _core.terminator_count() == 1
    assert _core.terminator_dec() == 0
    assert _core.terminator_wait(0) is True


def test_closed_terminator_refuses_holds(terminator):
    _core.terminator_close()
    assert _core.terminator_inc() == -1
    assert _core.terminator_count() == 1
    assert _core.terminator_reset() == (1, 1)
    assert _core.terminator_inc() == 2
    assert _core.terminator_reset() == (2, 1)
    _core.terminator_seed_dec()
    assert _core.terminator_reset() == (0, 0)
    assert _core.terminator_count() == 1


def test_terminator_wakes_its_waiters_at_zero(terminator):
    _core.terminator_seed_dec()
    _core.terminator_inc()
    done = []
    waiter = threading.Thread(target=lambda: done.append(_core.terminator_wait(30)))
    waiter.start()
    _core.terminator_dec()
    waiter.join(PATIENCE)
    assert done == [True]


def test_terminator_wakes_all_who_wait_for_what_is_pending(terminator):
    run = _core.terminator_run()
    _core.terminator_inc()
    assert _core.terminator_wait_pumpable(0, run) == _core.WAIT_TIMED_OUT
    done = []
    waiters = [
        threading.Thread(
            target=lambda: done.append(_core.terminator_wait_pumpable(30, run))
        )
        for _ in range(3)
    ]
    for waiter in waiters:
        waiter.start()
    _core.terminator_dec()
    for waiter in waiters:
        waiter.join(PATIENCE)
    assert done == [_core.TERMINATED] * 3
    assert _core.terminator_seeded() == 1


def test_waiting_for_what_is_pending_ends_with_the_run(terminator):
    run = _core.terminator_run()
    _core.terminator_reset()
    _core.terminator_inc()
    latest = _core.terminator_run()
    assert latest != run
    assert _core.terminator_wait_pumpable(None, run=run) == _core.TERMINATED
    assert _core.terminator_wait_pumpable(0, latest) == _core.WAIT_TIMED_OUT
    with pytest.raises(TypeError):
        _core.terminator_wait_pumpable()
    with pytest.raises(TypeError):
        _core.terminator_wait_pumpable(0, "this one")


def test_waiting_without_a_run_waits_for_the_seed(terminator):
    assert (_core.TERMINATED, _core.PUMP_READY, _core.WAIT_TIMED_OUT) == (0, 1, 2)
    assert _core.terminator_wait_pumpable(0) == _core.WAIT_TIMED_OUT
    _core.terminator_seed_dec()
    assert _core.terminator_wait_pumpable(None) == _core.TERMINATED


def test_terminator_wait_reads_its_timeout(terminator):
    with pytest.raises(ValueError, match="timeout must not be NaN"):
        _core.terminator_wait(math.nan)
    with pytest.raises(TypeError):
        _core.terminator_wait("soon")
    with pytest.raises(TypeError):
        _core.terminator_wait()
    assert _core.terminator_wait(-1.0) is False
    _core.terminator_seed_dec()
    for timeout in (None, math.inf, 1e12, -1.0, 0, 0.5, 10**30):
        assert _core.terminator_wait(timeout) is True


def test_stopped_runtime_is_at_rest():
    ensure_workers()
    assert value_of(Cown(1)) == 1
    wait(PATIENCE)
    assert _core.terminator_count() == 0
    assert _core.terminator_seeded() == 0
    assert _core.terminator_inc() == -1
    assert _core.scheduler_stats() == []
    assert _core.scheduler_drain_all_queues() == []
    for _ in range(3):
        assert _core.scheduler_runtime_stop() is None
    assert _core.scheduler_request_stop_all() is None


def test_negative_number_of_slots_is_refused():
    wait(PATIENCE)
    with pytest.raises(ValueError, match="worker_count must be >= 0"):
        _core.scheduler_runtime_start(-1)
    with pytest.raises(TypeError):
        _core.scheduler_runtime_start("two")
    assert _core.scheduler_stats() == []


def test_threads_claim_slots_until_none_is_left(slots):
    assert len(_core.scheduler_stats()) == 2
    first = in_thread(_core.scheduler_worker_register)
    second = in_thread(_core.scheduler_worker_register)
    assert {first, second} == {0, 1}
    for _ in range(2):
        refused = in_thread(_core.scheduler_worker_register)
        assert isinstance(refused, RuntimeError)
        assert "over-registration" in str(refused)
    assert len(_core.scheduler_stats()) == 2


def test_unregistered_threads_have_nothing_to_pop(slots):
    with pytest.raises(RuntimeError, match="thread not registered"):
        _core.scheduler_worker_pop()


def test_popping_ends_when_asked_to_stop(slots):
    def work():
        _core.scheduler_worker_register()
        return _core.scheduler_worker_pop()

    worker = []
    thread = threading.Thread(target=lambda: worker.append(work()))
    thread.start()
    _core.scheduler_request_stop_all()
    thread.join(PATIENCE)
    assert worker == [None]


def test_scheduled_capsules_can_be_popped_or_drained(slots):
    cown, results = Cown([]), [Cown(None) for _ in range(3)]
    capsules = [
        _core.BehaviorCapsule("thunk", result.impl, [(1, Cown(n).impl)], [])
        for n, result in enumerate(results)
    ]
    blocked = _core.BehaviorCapsule("thunk", Cown(None).impl, [(1, cown.impl)], [])
    for capsule in (*capsules, blocked):
        capsule.schedule()
    drained = _core.scheduler_drain_all_queues()
    assert len(drained) == 4
    assert {type(each) for each in drained} == {_core.BehaviorCapsule}
    for each in drained:
        each.set_drop_exception(RuntimeError("never run"))
        each.release_all()
    assert _core.scheduler_drain_all_queues() == []
    for result in results:
        with result:
            assert result.exception is True
            result.exception = False


def test_pins_are_addresses_and_refuse_other_things():
    cowns = [Cown(n) for n in range(3)]
    pins = _core.cown_pin_pointers([cown.impl for cown in cowns])
    assert pins == [hash(cown.impl) for cown in cowns]
    with pytest.raises(TypeError):
        _core.cown_pin_pointers([cowns[0].impl, 3])
    with pytest.raises(TypeError):
        _core.cown_pin_pointers(3)
    _core.noticeboard_write_direct("pinned", None, pins)
    _core.noticeboard_clear()


@pytest.mark.parametrize(
    "name", ["CownCapsule", "recycle", "cowns", "index", "physical_cpu_count"]
)
def test_functions_work_on_threads_of_any_kind(name):
    outcome = in_thread(getattr(_core, name))
    assert not isinstance(outcome, Exception), outcome


def test_slots_may_be_claimed_again_after_a_stop():
    for workers in (1, 3, 2):
        wait(PATIENCE)
        start(worker_count=workers)
        assert len(_core.scheduler_stats()) == workers
