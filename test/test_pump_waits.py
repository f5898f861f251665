"""Who waits pumps: wait, quiesce, and a program that ends; what a stop drops."""

from __future__ import annotations

import io
import os
import re
import threading
import time

import pytest

from bocpy import (
    Cown,
    PinnedCown,
    _core,
    behaviors,
    dump,
    notice_write,
    pump,
    quiesce,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect
from programs import HEAD, output_of, run_program

pytestmark = pytest.mark.usefixtures("backend")

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork()")


def chain(pinned, length):
    """Have bodies take turns between the main interpreter and a worker."""

    @when(pinned)
    def on_main(p):
        p.value.append(_core.is_primary())
        if length:

            @when(Cown(0))
            def on_a_worker(c, pinned=p):
                chain(pinned, length - 1)


def told():
    """Give the text of a report."""
    file = io.StringIO()
    dump(file)
    return file.getvalue()


@pytest.mark.parametrize("ask", [wait, quiesce])
def test_waiting_pumps_whatever_becomes_ready(ask):
    pinned = PinnedCown([])
    chain(pinned, 20)
    ask(PATIENCE)
    assert pinned.value == [True] * 21


def test_waiting_pumps_more_than_one_round():
    pinned = PinnedCown(0)
    shared = [PinnedCown(pinned.impl) for _ in range(200)]
    for each in shared:

        @when(each)
        def _(p):
            p.value += 1

    wait(PATIENCE)
    assert pinned.value == 200


def test_waiting_without_pinned_cowns_waits_for_workers_only():
    result = when(Cown(1))(lambda c: c.value)
    assert quiesce(PATIENCE) is None
    assert result.unwrap() == 1


def test_the_board_and_the_counters_come_after_the_pump():
    start()
    pinned = PinnedCown(None)

    @when(pinned)
    def _(p):
        notice_write("n", 7)

    result = quiesce(PATIENCE, stats=True, noticeboard=True)
    assert result.noticeboard == {"n": 7}
    assert sum(entry["pushed_remote"] for entry in result.stats) == 0


def test_a_wait_that_is_long_over_pumps_nothing():
    start()
    pinned = PinnedCown([])

    @when(pinned)
    def _(p):
        p.value.append(1)

    with pytest.raises(TimeoutError, match="still pending"):
        quiesce(0)
    assert pinned.value == []
    quiesce(PATIENCE)
    assert pinned.value == [1]


def endless(p):
    """Go on until the value is negative."""
    if p.value >= 0:
        p.value += 1
        when(p)(endless)


def test_a_deadline_ends_the_pumping():
    pinned = PinnedCown(0)
    when(pinned)(endless)
    with pytest.raises(TimeoutError):
        quiesce(0.2)
    assert pinned.value > 0
    pinned.value = -1
    quiesce(PATIENCE)


def test_what_a_stop_drops_says_so(caplog):
    start(worker_count=1)
    pinned = PinnedCown([])

    @when(pinned)
    def dropped(p):
        p.value.append(1)

    @when(pinned, Cown(1))
    def follower(p, c):
        p.value.append(2)

    @when(dropped)
    def reader(d):
        return d.value

    wait(0)
    assert behaviors.BEHAVIORS is None
    for result in (dropped, follower):
        with pytest.raises(RuntimeError, match=r"dropped.*stop\(\)"):
            result.unwrap()
    with pytest.raises(RuntimeError, match="dropped"):
        reader.unwrap()
    assert (pinned.value, _core.main_pump_queue_depth()) == ([], 0)
    start(worker_count=1)

    @when(pinned)
    def again(p):
        return len(p.value)

    quiesce(PATIENCE)
    assert again.unwrap() == 0


def test_a_pinned_body_that_still_runs_keeps_the_runtime_up():
    start(worker_count=1)
    entered, leave = threading.Event(), threading.Event()

    @when(PinnedCown(entered), PinnedCown(leave))
    def stuck(entered, leave):
        entered.value.set()
        leave.value.wait(PATIENCE)

    pumping = threading.Thread(target=pump)
    pumping.start()
    assert entered.wait(PATIENCE)
    try:
        with pytest.raises(RuntimeError, match=r"1 behavior\(s\) still run: stuck"):
            wait(0.1)
        assert behaviors.BEHAVIORS is not None
    finally:
        leave.set()
        pumping.join(PATIENCE)
    wait(PATIENCE)
    assert behaviors.BEHAVIORS is None


def test_reports_tell_what_waits_for_the_pump_and_what_it_runs():
    start(worker_count=1)
    for number in range(5):

        @when(PinnedCown(number))
        def waiting(p):
            return told()

    text = told()
    place = re.escape(__file__) + r":\d+"
    line = (
        rf"^waits for pump\(\): waiting \({place}\), scheduled at {place} in test_rep"
    )
    assert len(re.findall(line, text, re.MULTILINE)) == 3
    assert "and 2 others wait for pump()\n" in text
    pump(max_behaviors=4)
    quiesce(PATIENCE)
    assert "waits for pump" not in told()


def test_a_report_in_a_pinned_body_tells_of_it():
    @when(PinnedCown(1))
    def telling(p):
        file = io.StringIO()
        dump(file)
        return file.getvalue()

    quiesce(PATIENCE)
    assert re.search(
        r"^pump\(\) runs telling \(.*\) for \d", telling.unwrap(), re.MULTILINE
    )


def test_a_time_out_tells_what_waits_for_the_pump():
    start(worker_count=1)

    @when(PinnedCown(1))
    def waiting(p):
        pass

    with pytest.raises(TimeoutError, match=r"waits for pump\(\): waiting"):
        quiesce(0)


def test_ctrl_c_ends_a_wait_in_a_pinned_body(tmp_path):
    source = """
import signal
@when(PinnedCown(1))
def stuck(p):
    signal.raise_signal(signal.SIGINT)
    time.sleep(60)
@when(PinnedCown(2))
def next(p):
    print("next", flush=True)
try:
    wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
wait(60)
print(stuck.exception, type(stuck.value).__name__)
"""
    lines = ["interrupted", "next", "True KeyboardInterrupt"]
    assert output_of(HEAD + source, tmp_path) == lines


def test_ctrl_c_ends_a_wait_beside_pinned_cowns(tmp_path):
    source = """
import signal
kept = PinnedCown(1)
@when()
def _():
    receive("gate", 60)
threading.Timer(0.2, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
begun = time.monotonic()
try:
    wait()
except KeyboardInterrupt:
    print(time.monotonic() - begun < 30)
send("gate", 1)
wait(60)
"""
    assert output_of(HEAD + source, tmp_path) == ["True"]


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "1 / 0"])
def test_a_program_that_forgets_to_wait_pumps_when_it_ends(end, tmp_path):
    source = """
pinned = PinnedCown(threading.Lock())
@when(Cown(1))
def _(c, pinned=pinned):
    @when(pinned)
    def _(p):
        print(type(p.value).__name__, flush=True)
"""
    ended = run_program(HEAD + source + end, tmp_path)
    assert ended.lines == ["lock"]
    code = {"": 0, "raise SystemExit(3)": 3, "1 / 0": 1}[end]
    assert ended.code == code, ended.err


def test_leaving_in_a_pinned_body_at_the_end_ends_the_program(tmp_path):
    source = """
@when(PinnedCown(1))
def _(p):
    sys.exit(3)
@when(PinnedCown(1))
def _(p):
    print("after", flush=True)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert ended.lines in ([], ["after"])
    assert ended.code != 0, ended.err


@forks
def test_the_child_of_a_fork_pumps_for_itself(tmp_path):
    source = """
pinned = PinnedCown(threading.Lock())
@when(pinned)
def _(p):
    pass
quiesce(60)
if os.environ["BOCPY_BACKEND"] == "interpreters":
    wait(60)  # CPython cannot fork beside its interpreters
child = os.fork()
if child:
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
kept = pinned.value
@when(pinned)
def same(p):
    return id(p.value)
print(pump().executed, flush=True)
quiesce(60)
print(same.unwrap() == id(kept), flush=True)
wait(60)
"""
    lines = output_of(HEAD + source, tmp_path, ASAN_OPTIONS="detect_leaks=0")
    assert lines == ["1", "True", "0", "1", "True"]


@forks
@pytest.mark.parametrize("backend", ["threads"], indirect=True)
def test_a_fork_while_pinned_behaviors_wait_leaves_them_to_the_parent(tmp_path):
    source = """
@when(PinnedCown(os.getpid()))
def _(parent):
    print("parent" if os.getpid() == parent.value else "child", flush=True)
child = os.fork()
if child == 0:
    try:
        start()
    except RuntimeError as error:
        print("forked while behaviors were pending" in str(error), flush=True)
    os._exit(0)
os.waitpid(child, 0)
wait(60)
"""
    lines = output_of(HEAD + source, tmp_path, ASAN_OPTIONS="detect_leaks=0")
    assert lines == ["True", "parent"]


def test_a_start_that_fails_refuses_pinned_behaviors(monkeypatch):
    monkeypatch.setattr(
        behaviors.Behaviors, "start_noticeboard", lambda _: 1 / 0, raising=True
    )
    with pytest.raises(ZeroDivisionError):
        start(worker_count=1)
    monkeypatch.undo()
    pinned = PinnedCown([])
    with pytest.raises(RuntimeError, match=r"bocpy\.start"):
        pump()

    @when(pinned)
    def _(p):
        p.value.append(1)

    quiesce(PATIENCE)
    assert pinned.value == [1]


def test_two_who_wait_share_the_work():
    pinned = PinnedCown([])
    chain(pinned, 30)
    waiting = [threading.Thread(target=quiesce, args=(PATIENCE,)) for _ in range(2)]
    for thread in waiting:
        thread.start()
    quiesce(PATIENCE)
    for thread in waiting:
        thread.join(PATIENCE)
    assert pinned.value == [True] * 31


def test_a_waiting_thread_is_woken_by_a_worker():
    pinned = PinnedCown([])
    behaviors.set_wait_pump_poll(10**6)
    try:

        @when()
        def _(pinned=pinned):
            send("entered", None)
            receive("go", PATIENCE)

            @when(pinned)
            def _(p):
                p.value.append(1)

        expect("entered")
        threading.Timer(0.05, send, ("go", None)).start()
        begun = time.monotonic()
        quiesce(PATIENCE)
        assert time.monotonic() - begun < PATIENCE
        assert pinned.value == [1]
    finally:
        behaviors.set_wait_pump_poll()
