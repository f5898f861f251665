"""Values whose methods call back, raise, block or change what is being crossed.

An exception at most: never a crash, a hang or a behavior that is lost.
"""

from __future__ import annotations

import gc
import pickle
import threading

import pytest

from bocpy import (
    Cown,
    _core,
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
from observing import PATIENCE, expect, outcomes, value_of
from programs import output_of, run_program


def schedule():
    @when(Cown(1))
    def _(c):
        return 1


def loud(kind):
    raise kind("loud")


DOES = {
    "schedules": schedule,
    "blocks": lambda: receive("nothing", 0.001),
    "sends": lambda: send("made", {1: 2}),
    "notices": lambda: (notice_write("made", [1]), notice_read("made")),
    "syncs": lambda: (notice_write("made", [1]), notice_sync(PATIENCE)),
    "looks": lambda: dict(noticeboard()),
    "makes cowns": lambda: (Cown([1]), _core.CownCapsule([Cown(2)])),
    "pickles": lambda: pickle.dumps(Cown(1)),
    "collects": gc.collect,
    "raises": lambda: loud(ValueError),
    "interrupts": lambda: loud(KeyboardInterrupt),
    "exits": lambda: loud(SystemExit),
    "stops": lambda: loud(StopIteration),
    "leaves": lambda: loud(GeneratorExit),
}
QUIET = list(DOES)[: list(DOES).index("raises")]


class Packs:
    """Does something when it is pickled."""

    def __init__(self, what):
        self.what = what

    def __reduce__(self):
        DOES[self.what]()
        return list, ()


class Unpacks:
    """Does something when it is loaded."""

    def __init__(self, what):
        self.what = what

    def __setstate__(self, state):
        self.__dict__.update(state)
        DOES[self.what]()


class Dies:
    """Does something when it dies."""

    def __init__(self, what):
        self.what = what

    def __del__(self):
        DOES[self.what]()


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except BaseException as error:
        return error


def settle(*cowns):
    """Wait for behaviors, and read failures."""
    for cown in cowns:

        @when(cown)
        def _(c):
            c.exception = False
            c.value = None

    attempt(wait, PATIENCE)  # tells what the notices raise
    wait(PATIENCE)
    assert _core.terminator_count() == 0


each_deed = pytest.mark.parametrize("what", DOES)


@pytest.mark.usefixtures("backend")
@each_deed
def test_values_may_do_anything_while_they_are_packed(what):
    start(worker_count=2)
    value = Packs(what)
    for give in (Cown, lambda v: send("v", v), lambda v: notice_write("v", v)):
        attempt(give, value)

    def body(c, value=value):
        return value

    attempt(when(Cown(1)), body)

    @when(Cown(1))
    def returned(c, what=what):
        c.value = Packs(what)
        return Packs(what)

    @when(Cown(1))
    def raised(c, what=what):
        raise ValueError(Packs(what))

    capsule = _core.CownCapsule(Packs(what))
    attempt(capsule.release)
    assert capsule.acquired() is (what not in QUIET)
    settle(returned, raised)


@pytest.mark.usefixtures("backend")
@each_deed
def test_values_may_do_anything_while_they_are_loaded(what):
    start(worker_count=2)
    cown = Cown(Unpacks(what))

    @when(cown)
    def read(c):
        return type(c.value).__name__

    [(failed, seen)] = outcomes(read)
    assert failed is (what not in QUIET)
    assert isinstance(seen, BaseException) is failed
    send("v", Unpacks(what))
    attempt(receive, "v", PATIENCE)
    notice_write("v", Unpacks(what))
    notice_update("w", len, Unpacks(what))
    notice_sync(PATIENCE)
    attempt(notice_read, "v")
    attempt(noticeboard)

    @when()
    def body():
        return len(noticeboard())

    settle(read, body)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("backend")
@each_deed
def test_values_may_do_anything_while_they_die(what):
    start(worker_count=2)
    cown = Cown(Dies(what))

    @when(cown)
    def first(c, what=what):
        c.value = Dies(what)
        c.value = [Dies(what)]
        return Dies(what)

    @when(cown)
    def second(c, what=what):
        raise ValueError(Dies(what))

    send("v", Dies(what))
    attempt(receive, "v", PATIENCE)
    for step in ("release", "disown"):
        capsule = _core.CownCapsule(Dies(what))
        capsule.value = Dies(what)
        attempt(getattr(capsule, step))
    settle(first, second)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@each_deed
def test_a_thread_that_ends_lets_go_of_notices_that_look_at_the_board(what):
    start(worker_count=1)
    notice_write("v", Dies(what))
    notice_sync(PATIENCE)
    thread = threading.Thread(target=lambda: notice_read("v") and None)
    thread.start()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert isinstance(notice_read("v"), Dies)
    notice_write("v", None)
    notice_sync(PATIENCE)
    assert notice_read("v") is None


class Owner:
    """Knows the cown that holds it."""

    def __init__(self, cown):
        self.cown = cown

    def __reduce__(self):
        for step in (self.cown.release, self.cown.acquire, self.cown.get):
            attempt(step)
        attempt(self.cown.set, 5)
        return list, ()


def test_a_value_cannot_touch_its_cown_while_it_leaves():
    capsule = _core.CownCapsule(None)
    capsule.value = Owner(capsule)
    capsule.release()
    capsule.acquire()
    assert capsule.value == []


class Clears:
    """Empties containers while they are pickled."""

    def __init__(self, *containers):
        self.containers = containers

    def __reduce__(self):
        for container in self.containers:
            container.clear()
        return int, ()


def test_containers_may_change_while_they_are_packed():
    numbers, items = {n: [n] for n in range(50)}, [[n] for n in range(50)]
    numbers[25] = items[25] = Clears(numbers, items)
    for value in (numbers, (1, items, "a"), [items, numbers]):
        attempt(Cown, value)
        attempt(send, "v", value)
        start(worker_count=1)
        attempt(notice_write, "v", value)
        wait(PATIENCE)


def nested(kind, depth):
    value = None
    for _ in range(depth):
        value = {1: value} if kind is dict else kind([value])
    return value


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_values_too_deep_to_cross_are_refused(kind):
    value = nested(kind, 100_000)
    for give in (Cown, lambda v: send("v", v)):
        with pytest.raises(RecursionError) as refused:
            give(value)
        told = [*refused.value.args, *getattr(refused.value, "__notes__", ())]
        assert told[-1].endswith("is nested too deeply to cross")
        assert len(told) < 50  # pickle says something for each level
    capsule = _core.CownCapsule(value)
    with pytest.raises(RecursionError):
        capsule.release()
    capsule.value = None


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_results_too_deep_to_cross_are_failures(kind):
    cown = Cown(1)

    @when(cown)
    def deep(c, kind=kind):
        c.value = nested(kind, 100_000)
        return c.value

    for failed, value in outcomes(deep, cown):
        assert failed
        assert isinstance(value, RecursionError)
        assert len(getattr(value, "__notes__", ())) < 50
    settle(deep, cown)


def test_numbers_of_a_million_digits_cross():
    number = 10**1_000_000
    assert value_of(Cown(number)) == number
    assert value_of(Cown([number])) == [number]


@pytest.mark.parametrize("kind", ["ValueError", "KeyboardInterrupt", "SystemExit"])
def test_an_unread_failure_that_cannot_be_shown_is_told_all_the_same(kind, tmp_path):
    program = f"""
        from bocpy import Cown, wait, when

        class Mute(Exception):
            def __repr__(self):
                raise {kind}("mute")
            __str__ = __repr__

        @when()
        def _():
            raise Mute(1)

        @when()
        def read():
            raise Mute(2)

        wait()
        del _, read
        print("ended")
    """
    ended = run_program(program, tmp_path)
    assert (ended.code, ended.lines) == (0, ["ended"]), ended.err
    assert ended.err.count("contains an unhandled exception") == 2, ended.err
    assert ended.err.count("raise Mute(") == 2, ended.err


def test_cowns_die_in_any_order_however_long_the_chain(tmp_path):
    program = """
        from bocpy import Cown, _core

        plain = packed = Cown(0)
        owned = listed = _core.CownCapsule(0)
        for _ in range(1_000_000):
            plain = Cown(plain)
            owned = _core.CownCapsule(owned)
        for _ in range(100_000):
            packed = Cown([packed])
            listed = _core.CownCapsule([listed])
        del plain, packed, owned, listed
        print("freed")
    """
    assert output_of(program, tmp_path) == ["freed"]


def test_results_of_a_long_chain_that_never_ran_die(tmp_path):
    program = """
        import random
        from bocpy import Cown, receive, send, start, wait, when

        start(worker_count=1)
        gate = Cown(None)

        @when(gate)
        def result(g):
            send("begun", None)
            receive("gate", 60)

        results = [result]
        for n in range(20_000):
            @when(results[-1] if n % 2 else random.choice(results))
            def result(r):
                return [r]
            results.append(result)
        receive("begun", 60)
        try:
            wait(0)
        except RuntimeError:
            send("gate", None)
            wait()
        random.shuffle(results)
        del result
        while results:
            results.pop()
        print("freed")
    """
    assert output_of(program, tmp_path)[-1] == "freed"


def test_cowns_that_hold_themselves_do_no_harm():
    capsule = _core.CownCapsule(None)
    capsule.value = {"self": capsule, "list": [capsule]}
    assert "..." in repr(capsule)
    capsule.release()
    capsule.acquire()
    assert capsule.value["self"] == capsule
    capsule.value["list"].append(capsule)
    capsule.disown()
    capsule.acquire()
    capsule.value = None


@pytest.mark.usefixtures("backend")
def test_capsules_that_outlive_their_body_are_refused():
    start(worker_count=2)

    @when(Cown([1]))
    def _(c):
        def later():
            while True:
                try:
                    yield c.value
                except RuntimeError as error:
                    yield str(error)

        def use():
            for _ in range(1000):
                for step in (c.acquire, c.release, c.get, lambda: c.set([1])):
                    attempt(step)

        threads = [threading.Thread(target=use) for _ in range(2)]
        for thread in threads:
            thread.start()
        kept = later()
        next(kept)
        for thread in threads:
            thread.join()
        attempt(c.release)
        send("kept", next(kept))

    assert "does not own" in expect("kept")
    wait(PATIENCE)
