"""`notice_update`, `notice_sync` and `REMOVED`: atomic, in order, interruptible."""

from __future__ import annotations

import copy
import math
import os
import pickle
import signal
import threading
from functools import partial
from operator import add

import pytest

from boards import board, idle, quiescence, runtime  # noqa: F401
from bocpy import (
    REMOVED,
    TIMEOUT,
    Cown,
    _core,
    behaviors,
    notice_delete,
    notice_read,
    notice_sync,
    notice_update,
    notice_write,
    noticeboard,
    noticeboard_version,
    quiesce,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect, value_of, values_of


def increment(value):
    return value + 1


def append(item, value):
    return [*value, item]


def remove(value):
    return REMOVED


def remove_at(last, value):
    return REMOVED if value == last else value + 1


def refuse(value):
    raise ValueError(f"refused {value}")


def leave(value):
    raise SystemExit(3)


def unpackable(value):
    return threading.Lock()


def wait_for_go(value):
    send("busy", 1)
    receive("go", PATIENCE)
    return value


def sync(value):
    notice_sync(PATIENCE)


def waits(value):
    wait(PATIENCE)


def quiesces(value):
    quiesce(PATIENCE, noticeboard=True)


def stops(value):
    behaviors.BEHAVIORS.stop(PATIENCE)


def where(value):
    return (
        _core.is_primary(),
        threading.current_thread() is behaviors.BEHAVIORS.noticeboard,
    )


def second_of(pair, value):
    return pair[1]


class LoadsNowhere:
    """A callable that does not load anywhere."""

    def __call__(self, value):
        return value

    def __reduce__(self):
        return refuse, ("to load",)


def settled(key="k", default=None):
    """Wait until all is done, and read."""
    notice_sync(PATIENCE)
    return notice_read(key, default)


@pytest.fixture
def busy(board):
    """Keep the thread of the board busy until the test, or `go`, ends."""
    notice_update("busy", wait_for_go)
    expect("busy")
    yield lambda: send("go", 1)
    send("go", 1)
    notice_sync(PATIENCE)


def test_an_update_replaces_the_value_by_what_its_function_gives(board):
    notice_write("k", 41)
    notice_update("k", increment)
    assert settled() == 42


def test_an_absent_key_starts_from_the_default(board):
    notice_update("k", increment, 10)
    notice_update("k", increment, 10)
    notice_update("none", str)
    assert settled() == 12
    assert notice_read("none") == "None"


def test_a_stored_none_counts_as_present(board):
    notice_write("k", None)
    notice_update("k", str, "absent")
    assert settled() == "None"


def test_functions_may_be_builtins_partials_and_bound_to_cowns(board):
    notice_update("sum", partial(add, 3), 4)
    notice_update("text", "-".join, ("a", "b"))
    notice_update("cown", partial(second_of, (1, Cown("inside"))))
    assert settled("sum") == 7
    assert notice_read("text") == "a-b"
    with notice_read("cown") as value:
        assert value == "inside"


def test_updates_run_on_the_thread_of_the_board(board):
    @when()
    def done():
        notice_update("k", where)
        notice_sync()

    value_of(done)
    assert settled() == (True, True)


def test_updates_are_atomic_under_contention(board):
    cells = [Cown(0) for _ in range(8)]
    for cell in cells:
        for _ in range(5):

            @when(cell)
            def _(cell):
                for _ in range(10):
                    notice_update("count", increment, 0)

    def from_main():
        for _ in range(100):
            notice_update("count", increment, 0)

    threads = [threading.Thread(target=from_main) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    values_of(*cells)
    assert settled("count") == 8 * 5 * 10 + 2 * 100


def test_one_caller_s_changes_apply_in_its_order(board):
    @when()
    def done():
        for turn in range(50):
            notice_write("k", [])
            notice_update("k", partial(append, turn))
            notice_write("other", turn)
            notice_update("k", partial(append, "x"))
            notice_delete("other")
        notice_sync()
        return dict(noticeboard())

    assert value_of(done) == {"k": [49, "x"]}


def test_a_write_behind_a_slow_update_waits_for_it(busy):
    version = noticeboard_version()
    notice_update("k", increment, 0)
    notice_write("k", "last")
    notice_delete("other")
    assert noticeboard_version() == version
    busy()
    assert settled() == "last"


def test_reading_does_not_wait_for_a_slow_update(busy):
    assert notice_read("busy", "not yet") == "not yet"
    assert dict(noticeboard()) == {}


def test_removed_deletes_the_notice(board):
    notice_write("k", 1)
    notice_write("kept", 1)
    notice_update("k", remove)
    notice_update("never there", remove)
    assert settled(default="gone") == "gone"
    assert dict(noticeboard()) == {"kept": 1}


def test_removed_ends_a_count_down(board):
    for _ in range(4):
        notice_update("k", partial(remove_at, 2), 0)
    assert settled() == 1


def test_removed_is_one_object_everywhere(board):
    assert repr(REMOVED) == "REMOVED"
    assert REMOVED is not None
    assert behaviors.REMOVED is REMOVED
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(REMOVED, protocol)) is REMOVED
    assert copy.deepcopy([REMOVED])[0] is REMOVED

    @when()
    def same():
        return REMOVED is behaviors.REMOVED, REMOVED

    assert value_of(same) == (True, REMOVED)


FAILURES = [
    (refuse, "refused 1"),
    (leave, "3"),
    (unpackable, "pickle"),
    (LoadsNowhere(), "refused to load"),
    (sync, "notice_sync"),
    (waits, "wait() cannot be called by a notice_update function"),
    (quiesces, "quiesce() cannot be called by a notice_update function"),
    (stops, "send() a message to the thread that is to call it"),
]


@pytest.mark.parametrize(("function", "text"), FAILURES)
def test_a_failing_update_changes_nothing_and_warns(board, caplog, function, text):
    notice_write("k", 1)
    version = notice_sync(PATIENCE)
    notice_update("k", function)
    assert notice_sync(PATIENCE) == version
    assert settled() == 1
    [record] = caplog.records
    assert (record.name, record.levelname) == ("behaviors", "WARNING")
    assert record.getMessage().startswith("noticeboard_update('k') failed: ")
    assert text in record.getMessage()
    notice_update("k", increment)
    assert settled() == 2


def started(value):
    start()
    return "had one"


def test_an_update_may_ask_for_the_runtime_that_is_up(board):
    notice_update("k", started)
    assert settled() == "had one"


def test_an_update_that_would_be_the_65th_key_is_dropped(board, caplog):
    for number in range(64):
        notice_write(str(number), number)
    notice_update("one more", increment, 0)
    notice_update("0", increment)
    assert settled("0") == 1
    assert len(noticeboard()) == 64
    assert "noticeboard_update('one more') failed" in caplog.text


@pytest.mark.parametrize("function", [None, 3, "name"])
def test_only_callables_update(board, function):
    with pytest.raises(TypeError, match="notice_update fn must be callable"):
        notice_update("k", function)


def test_what_cannot_be_packed_is_refused_at_the_call(board):
    unpicklable = (AttributeError, TypeError, pickle.PicklingError)
    with pytest.raises(unpicklable):
        notice_update("k", lambda value: value)
    with pytest.raises(unpicklable):
        notice_update("k", increment, threading.Lock())
    assert settled("k", "absent") == "absent"


def test_sync_gives_the_version_and_counts_from_there(board):
    version = noticeboard_version()
    assert notice_sync() == version
    notice_update("k", increment, 0)
    assert notice_sync(None) == version + 1
    notice_update("k", increment)
    assert notice_sync(timeout=1e12) == version + 2 == noticeboard_version()


@pytest.mark.parametrize("timeout", [0, 0.05, -1])
def test_sync_gives_up_at_its_time_out(busy, timeout):
    with pytest.raises(TimeoutError, match="notice_sync"):
        notice_sync(timeout)


def test_sync_of_nothing_needs_no_time(board):
    notice_write("k", 1)
    assert notice_sync(-1) == noticeboard_version()


def test_sync_in_a_body_gives_up_too(busy):
    @when()
    def waited():
        try:
            notice_sync(0.05)
        except TimeoutError:
            return "timed out"

    assert value_of(waited) == "timed out"


def test_sync_checks_its_time_out(board):
    with pytest.raises(ValueError, match="timeout must not be NaN"):
        notice_sync(math.nan)
    with pytest.raises(TypeError):
        notice_sync("1")


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_an_interrupt_ends_sync_at_once(busy):
    previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            notice_sync(None)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def test_barriers_are_passed_in_order():
    first, second = _core.notice_sync_request(), _core.notice_sync_request()
    assert second == first + 1
    assert _core.notice_sync_wait(first, 0) is False
    assert _core.notice_sync_wait(first, -1) is False
    _core.notice_sync_complete(second)
    for barrier in (first, second):
        for timeout in (0, None, math.inf):
            assert _core.notice_sync_wait(barrier, timeout) is True
    _core.notice_sync_complete(first)
    assert _core.notice_sync_wait(second, 0) is True
    with pytest.raises(ValueError, match="timeout must not be NaN"):
        _core.notice_sync_wait(first, math.nan)
    with pytest.raises(TypeError):
        _core.notice_sync_wait(first)


def test_the_thread_of_the_board_is_claimed_once(idle):
    _core.set_noticeboard_thread()
    try:
        with pytest.raises(RuntimeError, match="already registered"):
            _core.set_noticeboard_thread()
        _core.noticeboard_write_direct("k", 1)
        _core.noticeboard_delete("k")
    finally:
        _core.clear_noticeboard_thread()
        _core.clear_noticeboard_thread()


def test_early_stop_reaches_every_lane(board):
    def lane(cell):
        @when(cell)
        def _(cell):
            if notice_read("stop"):
                send("stopped", cell.value)
                return
            cell.value += 1
            if cell.value == 20:
                notice_write("stop", True)
            lane(cell)

    for start_at in (0, -1000, -100000):
        lane(Cown(start_at))
    stopped = [receive("stopped", PATIENCE) for _ in range(3)]
    assert all(tag != TIMEOUT for tag, _ in stopped)
    assert max(count for _, count in stopped) >= 20
