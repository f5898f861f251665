"""What a behavior leaves in its result: values, exceptions, what cannot cross."""

# ruff: noqa: B023, N818 -- bodies see the loop variable of their turn

from __future__ import annotations

import threading

import pytest

from bocpy import Cown, _core, receive, send, wait, when
from observing import PATIENCE, expect, failure_of, outcomes, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Plain(Exception):
    """Keeps what it was given."""


class Demanding(Exception):
    """Cannot be rebuilt from its arguments alone."""

    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code


class Unwilling(Exception):
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("this exception stays")


class Stubborn:
    """Can be pickled but not loaded."""

    def __reduce__(self):
        return refuse, ()


class Account(Cown):
    """A cown of the program's own kind."""


class Lookalike:
    """Bears the name and the attributes of a cown."""

    def __init__(self):
        self.impl = "not a cown"


Lookalike.__name__ = "Cown"


def refuse():
    """Refuse to be loaded."""
    message = "cannot be loaded"
    raise LookupError(message)


def test_body_without_return_leaves_none():
    @when(Cown(1))
    def result(c):
        c.value = 2

    assert outcomes(result) == [(False, None)]


def test_returned_cown_arrives_as_its_capsule():
    inner = Cown(7)

    @when(Cown(0))
    def known(_):
        return inner

    @when()
    def fresh():
        return Cown(8)

    @when(inner)
    def own(c):
        return c

    @when(known, fresh, own)
    def kinds(*cowns):
        return [type(c.value).__name__ for c in cowns]

    assert value_of(kinds) == ["CownCapsule"] * 3
    capsule = value_of(known)
    assert Cown(capsule) == inner

    @when(capsule)
    def through(c):
        return c.value

    assert value_of(through) == 7
    assert value_of(Cown(value_of(fresh))) == 8


def test_returned_subclass_of_cown_is_a_cown_and_a_lookalike_is_not():
    @when()
    def account():
        return Account(5)

    @when()
    def lookalike():
        return Lookalike()

    assert value_of(Cown(value_of(account))) == 5
    assert value_of(lookalike).impl == "not a cown"


def test_containers_keep_their_cowns():
    @when()
    def result():
        return [Cown(1), {"two": Cown(2)}, (Cown(3),)]

    @when(result)
    def kinds(c):
        first, second, third = c.value
        return [type(x).__name__ for x in (first, second["two"], *third)]

    assert value_of(kinds) == ["Cown"] * 3
    first, second, third = value_of(result)
    assert values_of(first, second["two"], *third) == [1, 2, 3]


@pytest.mark.parametrize(
    "kind",
    [
        ValueError,
        KeyError,
        Plain,
        KeyboardInterrupt,
        SystemExit,
        StopIteration,
        StopAsyncIteration,
        GeneratorExit,
        MemoryError,
        AssertionError,
    ],
)
def test_raised_exception_is_the_result(kind):
    cown = Cown(1)

    @when(cown)
    def result(c):
        c.value = 2
        raise kind("reason", 3)

    failure = failure_of(result)
    assert type(failure) is kind
    assert failure.args == ("reason", 3)
    assert value_of(cown) == 2


def test_attributes_of_an_exception_arrive():
    @when()
    def result():
        failure = Plain("reason")
        failure.detail = [1, 2]
        raise failure

    assert failure_of(result).detail == [1, 2]


def test_returned_exception_is_a_value():
    @when()
    def result():
        return ValueError("a value")

    [(failed, value)] = outcomes(result)
    assert failed is False
    assert isinstance(value, ValueError)


def test_failure_reaches_the_next_behavior_as_a_value():
    @when()
    def failing():
        raise Plain("first")

    @when(failing)
    def reader(c):
        return c.exception, repr(c.value), c.exception

    assert value_of(reader) == (True, "Plain('first')", True)
    assert isinstance(failure_of(failing), Plain)


def test_a_write_clears_the_failure():
    @when()
    def failing():
        raise Plain("first")

    @when(failing)
    def _(c):
        c.value = "mended"

    assert outcomes(failing) == [(False, "mended")]


def test_the_flag_may_be_set_by_hand_in_a_body():
    cown = Cown(1)

    @when(cown)
    def _(c):
        c.value = 5
        c.exception = True

    assert outcomes(cown) == [(True, 5)]

    @when(cown)
    def _(c):
        c.exception = False

    assert outcomes(cown) == [(False, 5)]


def test_behaviors_after_a_failure_run():
    cown = Cown([])
    for number in range(6):

        @when(cown)
        def _(c):
            c.value.append(number)
            if number % 2:
                raise Plain(number)

    assert value_of(cown) == list(range(6))


def test_value_that_does_not_load_fails_the_behavior_and_stays():
    bad, good, ran = Cown(Stubborn()), Cown(1), Cown(0)

    @when(good, bad, ran)
    def result(_good, _bad, ran):
        ran.value += 1

    failure = failure_of(result)
    assert "cannot be loaded" in str(failure)
    assert not bad.acquired

    @when(good)
    def after(c):
        return c.value

    assert values_of(after, ran) == [1, 0]


def test_value_that_does_not_load_fails_only_its_readers():
    bad, good = Cown(Stubborn()), Cown(0)
    failing = []
    for _ in range(3):

        @when(bad, good)
        def result(_bad, good):
            good.value += 1

        failing.append(result)

    for result in failing:
        assert isinstance(failure_of(result), (LookupError, RuntimeError))
    assert value_of(good) == 0


def test_result_that_cannot_cross_is_a_failure():
    cown = Cown(1)

    @when(cown)
    def result(c):
        c.value = 2
        return lambda: 0

    failure = failure_of(result)
    assert isinstance(failure, Exception)
    assert value_of(cown) == 2


def test_value_that_cannot_cross_is_a_failure_of_its_cown():
    bad, good = Cown(1), Cown(1)

    @when(bad, good)
    def result(a, b):
        a.value = threading.Lock()
        b.value = 2
        return "done"

    (bad_failed, error), (good_failed, value) = outcomes(bad, good)
    assert bad_failed is True
    assert isinstance(error, TypeError)
    assert "lock" in str(error)
    assert (good_failed, value) == (False, 2)

    @when(bad)
    def _(c):
        c.value = "usable"

    assert outcomes(bad) == [(False, "usable")]


def test_exception_with_its_own_signature_arrives():
    @when()
    def result():
        raise Demanding(404, "missing")

    failure = failure_of(result)
    assert "Demanding" in repr(failure) or "Demanding" in str(failure)
    assert "404: missing" in str(failure)


def test_exception_that_cannot_cross_has_a_stand_in():
    cown = Cown(1)

    @when(cown)
    def result(c):
        c.value = 2
        raise Unwilling("the reason")

    failure = failure_of(result)
    assert "Unwilling" in repr(failure) + str(failure)
    assert "the reason" in str(failure)
    assert value_of(cown) == 2


def test_exception_of_a_local_class_has_a_stand_in():
    @when()
    def result():
        class Local(Exception):
            pass

        raise Local("from here")

    failure = failure_of(result)
    assert "Local" in repr(failure) + str(failure)
    assert "from here" in str(failure)


def test_cown_held_elsewhere_fails_the_behavior():
    taken, free = Cown([1]), Cown(1)
    taken.acquire()

    @when(free, taken)
    def result(_free, _taken):
        return "ran"

    held = r"\d+ cannot acquire cown \(already acquired by \d+\)"
    with pytest.raises(RuntimeError, match=held):
        raise failure_of(result)
    assert taken.value == [1]
    taken.release()

    @when(free, taken)
    def after(free, taken):
        return free.value, taken.value

    assert value_of(after) == (1, [1])


def test_results_are_readable_after_wait():
    @when(Cown(1))
    def result(c):
        return [c.value, "text"]

    @when()
    def failed():
        raise Plain("kept")

    wait(PATIENCE)
    assert result.acquired
    assert result.value == [1, "text"]
    assert failed.exception is True
    assert failed.value.args == ("kept",)


def test_failures_do_not_keep_the_runtime_from_ending():
    for number in range(20):

        @when(Cown(number))
        def _(c):
            if c.value % 3 == 0:
                raise SystemExit(c.value)
            if c.value % 3 == 1:
                return lambda: 0
            c.value = threading.Lock()
            return None

    wait(PATIENCE)
    assert _core.terminator_count() == 0


def test_worker_lives_on_after_every_failure():
    @when()
    def _():
        raise SystemExit(1)

    @when()
    def _():
        raise KeyboardInterrupt

    @when()
    def _():
        send("signal", "one waits")
        receive("gate", PATIENCE)

    @when()
    def _():
        send("gate", None)
        send("signal", "the other runs")

    assert {expect("signal"), expect("signal")} == {"one waits", "the other runs"}
