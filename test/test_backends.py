"""Both backends and both isolations: how they are chosen and what they promise."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import sys
import threading
import time

import pytest

from bocpy import Cown, _core, receive, send, start, wait, when
from observing import (
    PATIENCE,
    bump,
    expect,
    failure_of,
    launch,
    outcomes,
    value_of,
    values_of,
)
from programs import output_of

INTERPRETERS = sys.version_info >= (3, 12)
BACKENDS = ["interpreters", "threads"] if INTERPRETERS else ["threads"]
PAIRS = [(backend, "copy") for backend in BACKENDS] + [("threads", "share")]

WHERE = """
import threading
from bocpy import Cown, start, wait, when
marker = []
same = object()
@when(Cown(1))
def where(c):
    import sys
    return id(sys.modules), threading.current_thread() is threading.main_thread()
value = [1]
cown = Cown(value)
@when(cown)
def _(c):
    c.value.append(2)
wait(30)
import sys
print(where.value[0] == id(sys.modules), cown.value is value, value)
"""


@pytest.fixture(params=PAIRS, ids="/".join)
def pair(request):
    """Run on a backend with an isolation."""
    backend, isolation = request.param
    start(worker_count=2, backend=backend, isolation=isolation)
    return request.param


@pytest.fixture(params=BACKENDS)
def copying(request):
    """Run on a backend that copies."""
    start(worker_count=2, backend=request.param, isolation="copy")
    return request.param


@pytest.fixture
def sharing_threads():
    """Run on threads that share."""
    start(worker_count=2, backend="threads", isolation="share")


@pytest.mark.parametrize(
    ("backend", "isolation"),
    [
        ("fibers", None),
        ("", None),
        (3, None),
        (None, "maybe"),
        ("threads", "deep"),
        ("interpreters", "share"),
    ],
)
def test_unknown_choices_are_refused(backend, isolation):
    with pytest.raises((ValueError, TypeError)):
        start(worker_count=1, backend=backend, isolation=isolation)
    assert _core.scheduler_stats() == []
    start(worker_count=1)
    assert value_of(Cown(1)) == 1


def test_another_backend_than_the_running_one_is_refused():
    start(worker_count=1, backend="threads", isolation="copy")
    start(worker_count=1, backend="threads", isolation="copy")
    with pytest.raises(RuntimeError, match="already started"):
        start(worker_count=1, backend="threads", isolation="share")


@pytest.mark.parametrize(("backend", "isolation"), PAIRS)
def test_environment_chooses(tmp_path, backend, isolation):
    [line] = output_of(
        WHERE, tmp_path, BOCPY_BACKEND=backend, BOCPY_ISOLATION=isolation
    )
    own, shared, value = line.split(" ", 2)
    assert own == str(backend == "threads")
    assert shared == str(isolation == "share")
    assert value == ("[1, 2]" if isolation == "share" else "[1]")


def test_default_is_interpreters_where_they_are_parallel(tmp_path):
    [line] = output_of(WHERE, tmp_path, BOCPY_BACKEND=None, BOCPY_ISOLATION=None)
    assert line.split(" ", 2) == [str(not INTERPRETERS), "False", "[1]"]


def test_nonsense_in_the_environment_is_refused(tmp_path):
    program = """
        from bocpy import Cown, start, wait
        try:
            start()
        except ValueError as error:
            print("refused", "fibers" in str(error))
        wait(30)
        """
    assert output_of(program, tmp_path, BOCPY_BACKEND="fibers") == ["refused True"]


def test_cowns_order_and_exclude_everywhere(pair):
    log, total = Cown([]), Cown(0)
    for number in range(100):

        @when(log, total)
        def _(log, total):
            log.value.append(number)
            total.value += 1

    assert values_of(log, total) == [list(range(100)), 100]


def test_results_failures_and_captures_work_everywhere(pair):
    captured = {"rows": [1]}

    @when(Cown(2), [Cown(3)])
    def result(c, group):
        return c.value + group[0].value, captured["rows"]

    @when()
    def failing():
        raise LookupError("in the body", [1])

    @when(failing)
    def reader(f):
        return f.exception, type(f.value).__name__

    assert values_of(result, reader) == [(5, [1]), (True, "LookupError")]
    failure = failure_of(failing)
    assert type(failure) is LookupError
    assert failure.args == ("in the body", [1])


def test_bodies_block_without_stopping_others_everywhere(pair):
    @when()
    def parent():
        for number in range(5):

            @when()
            def _():
                send("gate", number)

        return sorted(receive("gate", 30)[1] for _ in range(5))

    assert value_of(parent) == [0, 1, 2, 3, 4]


def test_workers_are_not_the_primary_everywhere(pair):
    @when()
    def result():
        try:
            start()
        except RuntimeError as error:
            return _core.is_primary(), _core.index() > 0, str(error)
        return "not refused"

    primary, indexed, told = value_of(result)
    assert (primary, indexed) == (False, True)
    assert "main interpreter" in told


def test_ownership_is_kept_everywhere(pair):
    taken, other = Cown([1]), Cown("other")
    taken.acquire()

    @when(taken)
    def result(_):
        return "ran"

    @when()
    def peeking():
        try:
            return other.value
        except RuntimeError as error:
            return str(error)

    assert "already acquired by" in str(failure_of(result))
    assert "does not own this cown" in value_of(peeking)
    taken.release()
    assert value_of(taken) == [1]


def test_cowns_live_from_one_backend_to_the_next():
    cown, kept = Cown({"turns": []}), []
    for backend, isolation in [*PAIRS, *PAIRS]:
        start(worker_count=1, backend=backend, isolation=isolation)

        @when(cown)
        def result(c):
            c.value["turns"].append((backend, isolation))
            return [len(c.value["turns"])]

        kept.append(result)
        del result
        wait(PATIENCE)
    assert cown.value["turns"] == [*PAIRS, *PAIRS]
    for number, result in enumerate(kept, 1):
        with result as value:
            assert value == [number]


def test_copied_values_have_no_alias(copying):
    value, captured = [1], [1]
    cown, kept = Cown(value), Cown(None)
    value.append("outside")

    @when(cown, kept)
    def _(c, k):
        captured.append("inside")
        k.value = c.value
        c.value.append(captured)

    @when(cown)
    def _(c):
        c.value.append("last")

    assert values_of(cown, kept) == [[1, [1, "inside"], "last"], [1, [1, "inside"]]]
    assert captured == [1]
    assert value == [1, "outside"]


def test_copied_results_and_messages_have_no_alias(copying):
    @when()
    def result():
        value = [1]
        send("signal", {"value": value})
        value.append(2)
        return value

    assert expect("signal") == {"value": [1]}
    first, second = value_of(result), value_of(result)
    assert first == second == [1, 2]
    assert first is not second


def test_copying_refuses_what_cannot_be_copied(copying):
    with pytest.raises(TypeError):
        Cown(threading.Lock())
    lock = threading.Lock()
    with pytest.raises(TypeError):

        @when()
        def _():
            return lock


def test_shared_values_stay_the_same_object(sharing_threads):
    value, captured = [1], {"captured": True}
    cown = Cown(value)

    @when(cown)
    def same(c):
        c.value.append(2)
        return c.value is value, captured

    @when(cown)
    def result(c):
        return c.value

    wait(PATIENCE)
    assert same.value[0] is True
    assert same.value[1] is captured
    assert cown.value is value is result.value
    assert value == [1, 2]


def test_shared_values_may_be_of_any_kind(sharing_threads):
    lock, event = threading.Lock(), threading.Event()
    numbers = (n for n in range(3))
    local = type("Local", (), {"x": 1})

    def closure(x):
        return x, lock.locked()

    cowns = [Cown(each) for each in (lock, numbers, local(), closure, lambda x: -x)]

    @when(*cowns)
    def result(lck, gen, instance, function, negate):
        with lck.value:
            seen = function.value(5)
        event.set()
        instance.value.x = 2
        return seen, list(gen.value), negate.value(1), type(instance.value) is local

    wait(PATIENCE)
    assert event.is_set()
    assert result.value == ((5, True), [0, 1, 2], -1, True)
    with cowns[2] as instance, cowns[3] as function:
        assert instance.x == 2
        assert function is closure


def test_shared_results_may_be_of_any_kind(sharing_threads):
    class Unique(Exception):  # noqa: N818
        def __init__(self, a, b):
            super().__init__(a)
            self.b = b

    @when()
    def function():
        return lambda x: x + 1

    @when()
    def failing():
        raise Unique("a", threading.Lock())

    @when(function)
    def used(f):
        f.value = [f.value, threading.Lock()]
        return f.value[0](1)

    wait(PATIENCE)
    assert used.value == 2
    assert function.value[0](2) == 3
    assert failing.exception is True
    assert type(failing.value) is Unique
    failing.exception = False


def test_shared_values_are_released_with_their_cown(sharing_threads):
    gone = threading.Event()

    class Tracked:
        def __del__(self):
            gone.set()

    cown = Cown(Tracked())

    @when(cown)
    def _(c):
        c.value = None

    wait(PATIENCE)
    assert gone.wait(PATIENCE)


def test_shared_numpy_arrays_stay_in_place(sharing_threads):
    numpy = pytest.importorskip("numpy")
    array = numpy.zeros(4)
    cown = Cown(array)
    for number in range(4):

        @when(cown)
        def _(c):
            c.value[number] = number

    wait(PATIENCE)
    assert cown.value is array
    assert array.tolist() == [0, 1, 2, 3]


def test_failures_of_an_unread_kind_are_told_under_share_too(sharing_threads):
    @when()
    def result():
        raise KeyboardInterrupt("in a worker thread")

    [(failed, value)] = outcomes(result)
    assert failed is True
    assert type(value) is KeyboardInterrupt


def test_workers_stop_although_threads_are_many():
    for turn in range(3):
        launch(worker_count=16, backend=BACKENDS[turn % len(BACKENDS)])
        cown = Cown(0)
        for _ in range(50):
            bump(cown)
        begun = time.monotonic()
        assert value_of(cown) == 50
        wait(PATIENCE)
        assert time.monotonic() - begun < PATIENCE


def test_free_threaded_build_stays_so():
    enabled = getattr(sys, "_is_gil_enabled", None)
    if enabled is None or "free-threading" not in sys.version:
        assert _core.is_primary()
        return
    assert enabled() is False
