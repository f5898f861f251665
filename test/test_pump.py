"""The pump: whoever is on the main interpreter runs pinned behaviors, when it likes."""

from __future__ import annotations

import logging
import sysconfig
import threading
import time

import pytest

from bocpy import (
    Cown,
    PinnedCown,
    PumpResult,
    _core,
    behaviors,
    notice_write,
    noticeboard,
    pump,
    quiesce,
    receive,
    send,
    set_pump_watchdog,
    set_wait_pump_poll,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect

pytestmark = pytest.mark.usefixtures("backend")

GIL = not sysconfig.get_config_var("Py_GIL_DISABLED")


@pytest.fixture(autouse=True)
def running(backend):
    """Start with one worker, and leave no watchdog behind."""
    start(worker_count=1)
    yield
    set_pump_watchdog(None)
    set_wait_pump_poll()


def refuse():
    raise ValueError("it does not load")


class Refusing:
    """Packs, and does not load."""

    def __reduce__(self):
        return refuse, ()


def note(log, text):
    """Have a behavior wait for the pump that notes `text`."""

    @when(log, PinnedCown(None))
    def noted(log, _):
        log.value.append(text)

    return noted


def several(log, texts):
    """Have one behavior for each text wait for the pump, all at once."""
    shared = log.value

    for text in texts:

        @when(PinnedCown(shared))
        def _(p, text=text):
            p.value.append(text)


def fail(kind):
    """Have a behavior wait for the pump that raises."""

    @when(PinnedCown(kind))
    def failing(p):
        raise p.value("from a body")

    return failing


def in_thread(function):
    """Give what another thread of the main interpreter gets from `function`."""
    seen = []

    def run():
        try:
            seen.append(function())
        except Exception as error:
            seen.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    return seen[0]


def test_nothing_to_do_is_done_at_once():
    assert pump() == PumpResult(executed=0, deadline_reached=False, raised=0)
    assert pump(1, 1, raise_on_error=True) == (0, False, 0)


def test_behaviors_run_in_the_order_in_which_they_became_ready():
    log = PinnedCown([])
    several(log, "cab")
    assert (log.value, _core.main_pump_queue_depth()) == ([], 3)
    assert pump() == (3, False, 0)
    assert (log.value, _core.main_pump_queue_depth()) == (list("cab"), 0)


def test_of_two_on_one_cown_the_second_is_ready_after_the_first():
    log = PinnedCown([])
    note(log, 1)
    note(log, 2)
    assert _core.main_pump_queue_depth() == 1
    assert pump(max_behaviors=1).executed == 1
    assert (log.value, _core.main_pump_queue_depth()) == ([1], 1)
    assert pump().executed == 1
    assert log.value == [1, 2]


def test_max_behaviors_leaves_the_rest():
    log = PinnedCown([])
    several(log, range(5))
    assert pump(max_behaviors=2) == (2, False, 0)
    assert pump(max_behaviors=10**30) == (3, False, 0)
    assert log.value == [0, 1, 2, 3, 4]


def test_the_deadline_is_looked_at_after_each_behavior():
    for _ in range(3):

        @when(PinnedCown(None))
        def _(p):
            until = time.monotonic() + 0.02
            while time.monotonic() < until:
                pass

    assert pump(deadline_ms=1) == (1, True, 0)
    assert pump(deadline_ms=5, max_behaviors=1) == (1, True, 0)
    assert pump(deadline_ms=behaviors._MAX_PUMP_MS) == (1, False, 0)
    assert pump(deadline_ms=1) == (0, False, 0)


@pytest.mark.parametrize("name", ["deadline_ms", "max_behaviors"])
@pytest.mark.parametrize("value", [0, -1, True, False, 1.0, "1", [], object()])
def test_limits_are_positive_integers(name, value):
    log = PinnedCown([])
    note(log, 1)
    with pytest.raises(TypeError, match=name):
        pump(**{name: value})
    assert pump() == (1, False, 0)


def test_a_time_of_centuries_is_too_long():
    assert behaviors._MAX_PUMP_MS == 2**63 // 10**6 - 1
    with pytest.raises(OverflowError, match="deadline_ms exceeds"):
        pump(deadline_ms=behaviors._MAX_PUMP_MS + 1)
    assert behaviors._validate_pump_bound("n", 10**40) is None
    with pytest.raises(OverflowError, match="n exceeds"):
        behaviors._validate_pump_bound("n", 10**40, ms=True)


def test_what_bodies_raise_is_counted_and_left_in_their_results():
    log = PinnedCown([])
    failing = fail(ValueError)
    note(log, 1)
    assert pump() == (2, False, 1)
    quiesce(PATIENCE)
    with pytest.raises(ValueError, match="from a body"):
        failing.unwrap()
    assert log.value == [1]


def test_raise_on_error_raises_and_leaves_the_rest():
    log = PinnedCown([])
    failing = fail(ValueError)
    several(log, "ab")
    with pytest.raises(ValueError, match="from a body"):
        pump(raise_on_error=True)
    assert (log.value, _core.main_pump_queue_depth()) == ([], 2)
    assert pump(raise_on_error=True) == (2, False, 0)
    quiesce(PATIENCE)
    with pytest.raises(ValueError, match="from a body"):
        failing.unwrap()


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_is_raised_at_once(kind):
    log = PinnedCown([])
    failing = fail(kind)
    note(log, 1)
    with pytest.raises(kind, match="from a body"):
        pump()
    assert (log.value, _core.main_pump_queue_depth()) == ([], 1)
    quiesce(PATIENCE)
    with pytest.raises(kind, match="from a body"):
        failing.unwrap()
    assert log.value == [1]


def test_a_cown_that_cannot_be_acquired_fails_the_behavior_alone():
    log = PinnedCown([])

    @when(PinnedCown(1), Cown(Refusing()))
    def failing(p, plain):
        return plain.value

    note(log, 1)
    assert pump(raise_on_error=True) == (2, False, 0)
    quiesce(PATIENCE)
    with pytest.raises(ValueError, match="does not load"):
        failing.unwrap()
    assert log.value == [1]


def test_the_pump_is_not_reentrant():
    log = PinnedCown([])

    @when(log)
    def inner(log):
        return pump()

    assert pump().raised == 1
    quiesce(PATIENCE)
    with pytest.raises(RuntimeError, match="not reentrant"):
        inner.unwrap()


def test_waiting_in_a_pinned_behavior_times_out_or_is_refused():
    log = PinnedCown([])

    @when(log)
    def waiting(log):
        answers = []
        for ask in (lambda: quiesce(0.05), quiesce, wait, lambda: wait(0.05)):
            try:
                ask()
            except (TimeoutError, RuntimeError) as error:
                answers.append(type(error).__name__)
        return answers

    note(log, "after")
    assert pump() == (2, False, 0)
    quiesce(PATIENCE)
    assert waiting.unwrap() == ["TimeoutError"] + ["RuntimeError"] * 3
    assert log.value == ["after"]


def test_pinned_behaviors_see_the_board_anew():
    notice_write("n", 1)
    quiesce(PATIENCE, noticeboard=True)
    seen = []
    for number in (1, 2):
        notice_write("n", number)
        quiesce(PATIENCE, noticeboard=True)

        @when(PinnedCown(None))
        def read(p):
            return noticeboard()["n"]

        pump()
        seen.append(read)
    quiesce(PATIENCE)
    assert [read.unwrap() for read in seen] == [1, 2]


def test_what_a_pinned_body_schedules_runs():
    log = PinnedCown([])

    @when(log)
    def _(log):
        @when(Cown(1))
        def on_a_worker(c):
            send("ran", _core.is_primary())

        @when(log)
        def again(log):
            log.value.append("again")

    assert pump().executed == 2
    assert expect("ran") is False
    assert log.value == ["again"]


def test_any_thread_of_the_main_interpreter_may_pump():
    log = PinnedCown([])

    @when(log)
    def _(log):
        log.value.append(threading.get_ident())

    ident, done = in_thread(lambda: (threading.get_ident(), pump()))
    assert (done, log.value) == ((1, False, 0), [ident])


def test_two_threads_pump_only_where_they_take_turns():
    log = PinnedCown([])
    entered = PinnedCown(threading.Event())
    leave = PinnedCown(threading.Event())
    events = entered.value, leave.value

    @when(entered, leave)
    def _(entered, leave):
        entered.value.set()
        leave.value.wait(PATIENCE)

    pumping = threading.Thread(target=pump)
    pumping.start()
    assert events[0].wait(PATIENCE)
    note(log, 1)
    try:
        if GIL:
            assert pump() == (1, False, 0)
        else:
            with pytest.raises(RuntimeError, match="another thread is in pump"):
                pump()
            with pytest.raises(TimeoutError):
                quiesce(0.05)
    finally:
        events[1].set()
        pumping.join(PATIENCE)
    quiesce(PATIENCE)
    assert log.value == [1]


def test_a_runtime_is_needed():
    wait(PATIENCE)
    with pytest.raises(RuntimeError, match=r"bocpy\.start"):
        pump()


def test_workers_do_not_pump():
    @when()
    def refused():
        texts = []
        for ask in (pump, set_pump_watchdog):
            try:
                ask()
            except RuntimeError as error:
                texts.append(str(error))
        return texts

    quiesce(PATIENCE)
    first, second = refused.unwrap()
    assert "main interpreter" in first
    assert "bocpy.start" in first
    assert "primary interpreter" in second


def test_the_raw_pump_takes_the_module_of_later_versions():
    log = PinnedCown([])
    note(log, 1)
    assert _core.main_pump_bounded(None, None, False, None) == (1, False, 0)
    with pytest.raises(TypeError):
        _core.main_pump_bounded(None)
    with pytest.raises(TypeError):
        _core.main_pump_bounded("soon", None, False)


def test_draining_drops_what_waits():
    log = PinnedCown([])
    dropped = note(log, 1)
    assert _core.main_pump_drain_all() == 1
    assert _core.main_pump_drain_all() == 0
    quiesce(PATIENCE)
    with pytest.raises(RuntimeError, match="shutdown"):
        dropped.unwrap()
    assert log.value == []


# The watchdog


def starve(log):
    """Have something wait for the pump for more than the 1 ms of a watchdog."""
    note(log, 1)
    time.sleep(0.01)


def test_the_watchdog_tells_once_while_something_waits():
    log = PinnedCown([])
    told = []
    set_pump_watchdog(1, lambda *args: told.append(args))
    several(log, "abc")
    time.sleep(0.01)
    pump(max_behaviors=1)
    pump(max_behaviors=1)
    [(zero, text)] = told
    assert zero == 0
    assert "3 of them" in text
    assert "ms" in text
    pump()
    starve(log)
    pump()
    assert len(told) == 2


def test_the_watchdog_is_off_until_it_is_called_for(caplog):
    log = PinnedCown([])
    with caplog.at_level(logging.WARNING, "bocpy.pump"):
        starve(log)
        pump()
        assert caplog.records == []
        set_pump_watchdog(1)
        starve(log)
        quiesce(PATIENCE)
        assert ["ms" in r.getMessage() for r in caplog.records] == [True]
        set_pump_watchdog(None)
        starve(log)
        pump()
    assert [r.name for r in caplog.records] == ["bocpy.pump"]


def test_a_raising_callback_of_the_watchdog_is_reported(monkeypatch):
    log = PinnedCown([])
    seen = []
    monkeypatch.setattr(
        "sys.unraisablehook",
        lambda raised: seen.append((raised.exc_type, raised.object)),
    )

    def sour(_, text):
        raise ValueError(text)

    set_pump_watchdog(1, sour)
    starve(log)
    assert pump() == (1, False, 0)
    assert seen == [(ValueError, sour)]


def test_a_callback_of_the_watchdog_may_pump():
    log = PinnedCown([])
    set_pump_watchdog(1, lambda *_: pump())
    starve(log)
    assert pump() == (0, False, 0)
    assert log.value == [1]


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1"])
def test_the_watchdog_takes_positive_integers(value):
    with pytest.raises(TypeError, match="warn_ms must be a positive int or None"):
        set_pump_watchdog(value)


def test_the_watchdog_refuses_what_it_cannot_use():
    with pytest.raises(OverflowError, match="warn_ms"):
        set_pump_watchdog(behaviors._MAX_PUMP_MS + 1)
    with pytest.raises(OverflowError, match="warn_ms"):
        set_pump_watchdog(10**40)
    with pytest.raises(TypeError, match="on_starve"):
        set_pump_watchdog(1, "not callable")
    set_pump_watchdog(behaviors._MAX_PUMP_MS)
    assert _core.set_pump_watchdog() is None


@pytest.mark.parametrize("value", [0, -1, True, None, 1.5, "1"])
def test_the_poll_is_a_positive_integer(value):
    with pytest.raises(TypeError):
        set_wait_pump_poll(value)
    assert behaviors._WAIT_PUMP_POLL_MS == 50


def test_the_poll_is_read_before_each_look(monkeypatch):
    kept = PinnedCown(None)
    set_wait_pump_poll(7)
    assert behaviors._WAIT_PUMP_POLL_MS == 7
    waited = []
    look = _core.terminator_wait_pumpable

    def looking(seconds, run):
        waited.append(seconds)
        monkeypatch.setattr(behaviors, "_WAIT_PUMP_POLL_MS", 9)
        if len(waited) == 2:
            send("go", None)
        return look(seconds, run)

    monkeypatch.setattr(_core, "terminator_wait_pumpable", looking)

    @when()
    def _():
        receive("go", PATIENCE)

    quiesce(PATIENCE)
    assert waited[:2] == [0.007, 0.009]
    assert kept.acquired
