"""Whatever fails, the error arrives, nothing hangs, and nothing leaks.

One allocation after the other, pickle, crossing, thread and interpreter is made to
fail, until the operation passes without a failure. The suite looks for leaks after
each test.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from bocpy import (
    TIMEOUT,
    Cown,
    Matrix,
    RemoteError,
    _core,
    behaviors,
    notice_read,
    notice_sync,
    notice_update,
    notice_write,
    noticeboard,
    receive,
    send,
    start,
    wait,
    when,
)
from failing import BUILT, FAILURES, Fault, failures
from observing import PATIENCE, outcomes, value_of
from programs import output_of

pytestmark = [
    pytest.mark.skipif(not BUILT, reason="is built with BOCPY_BUILD_INTERNAL_TESTS=1"),
    pytest.mark.skipif(
        sys.version_info < (3, 14),
        reason="CPython loses such errors in pickle, or crashes in def",
    ),
]

CROSSING = ["core.pickle", "core.unpickle", "core.record", "core.arrival"]
ALLOCATING = ["core.memory", "core.object", "math.memory"]

HERE = str(Path(__file__).parent)

GREETING = ["hello"]  # what a body finds among the globals


class Point:
    """A value of the program's own that has to be pickled."""

    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return type(other) is Point and self.x == other.x

    def __hash__(self):
        return hash(self.x)


VALUES = {
    "int": lambda: 2**40,
    "str": lambda: "a text of some length",
    "tuple": lambda: (1, "two", (3.0, b"four")),
    "list": lambda: [1, [2, 3]],
    "instance": lambda: Point(5),
    "cowns": lambda: [Cown(1), Cown("two")],
    "matrix": lambda: Matrix(2, 2, [1, 2, 3, 4]),
    "matrices": lambda: (Matrix(1, 1, [1]), 2, Matrix(1, 1, [3])),
}


@pytest.fixture(params=ALLOCATING + CROSSING)
def fault(request, monkeypatch):
    """Give each kind of failure in turn."""
    yield from prepared(request.param, monkeypatch)


@pytest.fixture(params=["core.memory", "core.object"])
def allocation(request, monkeypatch):
    """Give the failures of allocations."""
    yield from prepared(request.param, monkeypatch)


def prepared(name, monkeypatch):
    if name != "core.object":
        yield Fault(name)
        return
    report = sys.unraisablehook

    def report_others(told):
        if told.exc_type is not MemoryError:  # CPython has no memory to clean up
            report(told)

    monkeypatch.setattr(sys, "unraisablehook", report_others)
    _core._hook_allocators(True)
    yield Fault(name)
    wait(PATIENCE)
    _core._hook_allocators(False)


def one_worker(backend):
    start(worker_count=1, backend=backend)


def is_whole(value):
    """Tell whether matrices, alone or in a tuple, are still the caller's."""
    items = value if isinstance(value, tuple) else (value,)
    return all(item.acquired for item in items if isinstance(item, Matrix))


def value_at_rest(cown):
    cown.acquire()
    value = cown.value
    cown.release()
    return value


def same(left, right):
    if isinstance(left, Matrix):
        return Matrix.allclose(left, right)
    if isinstance(left, tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, list) and left and isinstance(left[0], Cown):
        return [value_at_rest(cown) for cown in right] == [1, "two"]
    return left == right


# Outside a runtime


@pytest.mark.parametrize("kind", VALUES)
def test_a_cown_is_made_or_the_value_stays_with_its_maker(fault, kind):
    make = VALUES[kind]
    for value, cown, error in failures(fault, make, Cown):
        if error is None:
            assert same(make(), cown.unwrap())
        else:
            assert is_whole(value)
            assert same(make(), Cown(value).unwrap())


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_that_does_not_load_stays_in_its_cown(fault, kind):
    make = VALUES[kind]
    for cown, _, error in failures(fault, lambda: Cown(make()), Cown.acquire):
        assert cown.acquired == (error is None)
        if error is None:
            cown.release()
        assert same(make(), cown.unwrap())


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_that_cannot_be_packed_stays_with_the_owner(fault, kind):
    make = VALUES[kind]

    def owned():
        cown = Cown(make())
        cown.acquire()
        return cown

    for cown, _, error in failures(fault, owned, Cown.release):
        assert cown.acquired == (error is not None)
        if error is not None:
            assert same(make(), cown.value)
            cown.release()
        assert same(make(), cown.unwrap())


@pytest.mark.parametrize("kind", VALUES)
def test_a_message_is_sent_or_the_contents_stay_with_the_sender(fault, kind):
    make = VALUES[kind]
    sent = lambda value: send("tag", value)  # noqa: E731
    for value, _, error in failures(fault, make, sent):
        tag, got = receive("tag", 0)
        if error is None:
            assert tag == "tag"
            assert same(make(), list(got) if isinstance(value, list) else got)
        else:
            assert tag == TIMEOUT
            assert is_whole(value)


@pytest.mark.parametrize("kind", ["int", "str", "instance", "matrix"])
def test_a_receiver_gets_the_message_or_the_error(fault, kind):
    make = VALUES[kind]

    def queued():
        send("tag", make())

    for _, answer, error in failures(fault, queued, lambda _: receive("tag", 0)):
        if error is None:
            assert answer[0] == "tag"
            assert same(make(), answer[1])
        send("tag", "next")
        while (got := receive("tag", 0)) != ("tag", "next"):
            assert error is not None
            assert same(make(), got[1])


# With a runtime


@pytest.mark.parametrize("kind", ["int", "list", "instance", "matrix"])
def test_a_behavior_is_scheduled_or_nothing_has_happened(backend, fault, kind):
    one_worker(backend)
    make = VALUES[kind]

    def prepare():
        captured = make()

        def body(c, captured=captured):
            c.value += 1
            return captured, GREETING

        return Cown(1), captured, body

    def schedule(given):
        return when(given[0])(given[2])

    for (cown, captured, _), result, error in failures(fault, prepare, schedule):
        if error is None:
            [(_, after), (failed, value)] = outcomes(cown, result)
            assert not failed, value
            assert after == 2
            assert same(make(), value[0])
            assert value[1] == GREETING
        else:
            assert is_whole(captured)
            assert value_of(cown) == 1


BODIES = {
    "plain": lambda: ("result", 1),
    "list": lambda: ["result"],
    "instance": lambda: Point(5),
    "matrix": lambda: Matrix(1, 2, [1, 2]),
    "cown": lambda: Cown("inner"),
}


def end_with(fault, nth, kind, first, second):
    """Have a failure strike after a body, or before the next one on that worker."""

    @when(first)
    def result(c, fault=fault, nth=nth, kind=kind):
        import failing  # noqa: PLC0415
        from test_faults import BODIES  # noqa: PLC0415

        c.value.append(1)
        answer = BODIES[kind]()
        failing.Fault(fault).arm(nth)
        return answer

    @when(second)
    def struck(c, fault=fault):
        import failing  # noqa: PLC0415

        c.value += 1
        return failing.Fault(fault).disarm()

    return result, struck


@pytest.mark.parametrize("kind", BODIES)
def test_what_fails_after_a_body_is_told_by_the_result(backend, fault, kind):
    one_worker(backend)
    for nth in range(1, 3000):
        first, second = Cown([0]), Cown(0)
        result, struck = end_with(fault.name, nth, kind, first, second)
        [held, ended, after, told] = outcomes(first, result, second, struck)
        check_outcome(held, lambda value: value == [0, 1])
        check_outcome(ended, lambda value, kind=kind: is_answer(kind, value))
        check_outcome(after, lambda value: value in {0, 1})
        assert told[0] or told[1] in {0, 1}
        if told == (False, 0):
            assert not held[0]
            assert not ended[0]
            assert after == (False, 1)
            return


def is_answer(kind, value):
    if kind == "cown":
        return value.impl is not None
    return same(BODIES[kind](), value)


def check_outcome(outcome, is_right):
    failed, value = outcome
    if failed:
        assert isinstance(value, FAILURES), value
    else:
        assert is_right(value), value


def test_a_failure_while_a_failure_is_told_is_told(backend, allocation):
    if sys.version_info[:2] == (3, 15) and allocation.name == "core.object":
        pytest.skip("formatting a traceback breaks the tuples that CPython 3.15 keeps")
    one_worker(backend)
    told = 0
    for nth in range(1, 3000):

        @when()
        def failing_body(name=allocation.name, nth=nth):
            import failing  # noqa: PLC0415

            failing.Fault(name).arm(nth)
            raise ValueError(["from the body"])

        @when()
        def struck(name=allocation.name):
            import failing  # noqa: PLC0415

            return failing.Fault(name).disarm()

        [(failed, value), (other, count)] = outcomes(failing_body, struck)
        assert failed
        assert isinstance(value, (*FAILURES, RemoteError)), value
        told += "from the body" in str(value)
        if (other, count) == (False, 0):
            assert isinstance(value, ValueError)
            break
    assert told


@pytest.mark.parametrize("kind", ["int", "list", "instance"])
def test_a_notice_is_written_or_the_error_arrives(backend, fault, kind):
    one_worker(backend)
    make = VALUES[kind]

    def write(value):
        notice_write("key", value)

    for _, _, error in failures(fault, make, write):
        notice_sync(PATIENCE)
        assert notice_read("key") == (make() if error is None else notice_read("key"))
        notice_write("key", "before")
        notice_sync(PATIENCE)
        assert notice_read("key") == "before"


def test_an_update_is_posted_or_the_error_arrives(backend, fault):
    one_worker(backend)
    notice_write("sum", 0)
    done = 0

    def update(_):
        notice_update("sum", add_one)

    for _, _, error in failures(fault, lambda: None, update):
        done += error is None
        notice_sync(PATIENCE)
        assert notice_read("sum") == done


def add_one(value):
    return value + 1


def test_the_board_is_read_or_the_error_arrives(backend, fault):
    one_worker(backend)
    expected = {"a": Point(1), "b": ["two"], "c": "three"}
    for key, value in expected.items():
        notice_write(key, value)

    def look():
        notice_write("c", "three")  # so that the next look is at a new version
        notice_sync(PATIENCE)

    for _, seen, _ in failures(fault, look, lambda _: dict(noticeboard())):
        if seen is not None and seen != expected:
            assert seen.items() <= expected.items()  # what did not load is logged
        _core.noticeboard_cache_clear()
        assert notice_read("c") == "three"


def test_a_sync_is_made_or_the_error_arrives(backend, allocation):
    one_worker(backend)

    def changed():
        notice_update("sum", add_one, 0)

    for _, version, error in failures(
        allocation, changed, lambda _: notice_sync(PATIENCE)
    ):
        assert (version is None) == (error is not None)
        notice_sync(PATIENCE)


# Starting and waiting


def runs_a_program():
    cown = Cown(1)

    @when(cown)
    def result(c):
        return c.value + 1

    wait(PATIENCE)
    return result.value == 2


STARTING = ["core.memory", "core.interpreter", "core.pickle"]


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTING)
def test_a_start_that_fails_leaves_nothing_and_can_be_repeated(backend, name):
    def begin(_):
        start(worker_count=2, backend=backend)

    for _, _, error in failures(Fault(name), lambda: None, begin, everywhere=True):
        assert (behaviors.BEHAVIORS is None) == (error is not None)
        wait(PATIENCE)
        start(worker_count=1, backend=backend)
        assert runs_a_program()


def test_a_sub_interpreter_that_cannot_be_made_is_told(backend):
    if backend == "threads":
        return
    fault = Fault("core.interpreter")
    fault.arm(1, everywhere=True)
    with pytest.raises(RuntimeError, match="creating a sub-interpreter"):
        start(worker_count=1, backend=backend)
    assert fault.disarm() == 1


@pytest.mark.parametrize("started", range(3))
def test_a_thread_that_cannot_be_made_is_told(backend, started, monkeypatch):
    begin = threading.Thread.start
    left = [started]

    def refuse(self):
        left[0] -= 1
        if left[0] == -1:
            raise RuntimeError("can't start new thread")
        begin(self)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        start(worker_count=2, backend=backend)
    assert behaviors.BEHAVIORS is None
    assert runs_a_program()


FIRST_SEND = """
import sys
sys.path.append(sys.argv[1])
from bocpy import TIMEOUT, receive, send
from failing import Fault, failures

def first_of_all(_):
    send("tag", [1])

sent = errors = 0
for _, _, error in failures(Fault("core.memory"), lambda: None, first_of_all):
    sent, errors = sent + (error is None), errors + (error is not None)
received = sum(receive("tag", 0) == ("tag", (1,)) for _ in range(sent))
print(errors > 1, received == sent, receive("tag", 0)[0] == TIMEOUT)
"""

DUMP_SIGNAL = """
import os, signal, sys
sys.path.append(sys.argv[1])
import bocpy
from failing import Fault

fault = Fault("core.thread")
fault.arm(1)
try:
    bocpy.dump_on_signal(signal.SIGUSR1)
except OSError as error:
    print(type(error).__name__, fault.disarm())
read_end, write_end = os.pipe()
bocpy.dump_on_signal(signal.SIGUSR1, write_end)
os.kill(os.getpid(), signal.SIGUSR1)
print(os.read(read_end, 1) != b"")
"""


def test_queues_that_cannot_be_made_are_made_by_the_next_send(tmp_path):
    lines = output_of(FIRST_SEND, tmp_path, HERE)
    assert lines == ["True True True"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
def test_a_signal_for_reports_that_cannot_be_had_is_told_and_can_be_repeated(tmp_path):
    lines = output_of(DUMP_SIGNAL, tmp_path, HERE)
    assert lines == ["BlockingIOError 1", "True"]


def test_a_wait_that_fails_can_be_repeated(backend):
    def busy():
        start(worker_count=1, backend=backend)
        cown = Cown([1])
        for _ in range(3):

            @when(cown)
            def result(c):
                c.value.append(1)
                return len(c.value)

        return result

    fault = Fault("core.memory")
    for result, _, error in failures(fault, busy, lambda _: wait(PATIENCE)):
        if error is not None:
            wait(PATIENCE)
        assert behaviors.BEHAVIORS is None
        assert result.value == 4
