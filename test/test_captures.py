"""What a body may use beside its parameters, and which value it finds there."""

# ruff: noqa: B023, PLW0603 -- bodies see the loop variable of their turn

from __future__ import annotations

import collections
import pathlib
import re
import sys
import threading
from pickle import PicklingError

import pytest

from bocpy import Cown, _core, quiesce, when, whencall
from observing import PATIENCE, failure_of, outcomes, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401

LIMIT = 40
table = {"rows": [1, 2]}


class Base:
    """Knows a secret by a mangled name."""

    def __init__(self, secret):
        self.__secret = secret

    def told(self):
        """Schedule a body that uses the mangled name."""

        @when()
        def result():
            return self.__secret

        return result

    def greet(self):
        """Answer in its own way."""
        return "base"


class Derived(Base):
    """Calls its base from a body."""

    def greet(self):
        """Schedule a body that needs the class it stands in."""

        @when()
        def result():
            return super(Derived, self).greet(), type(self).__name__

        return result


def helper(value):
    """Double the value."""
    return value * 2


def by_decorator(function, *cowns):
    """Schedule with `@when`."""
    return when(*cowns)(function)


def by_call(function, *cowns):
    """Schedule with `whencall`."""
    return whencall(function, list(cowns), [])


@pytest.fixture(params=[by_decorator, by_call])
def schedule(request):
    """Give each way to schedule a function."""
    return request.param


def test_enclosing_variables_are_captured(schedule):
    number, text = 3, "three"

    def body(c):
        return c.value, number, text

    assert value_of(schedule(body, Cown(1))) == (1, 3, "three")


def test_variables_of_every_enclosing_function_are_captured(schedule):
    outermost = 1

    def middle():
        between = 2

        def inner():
            return schedule(lambda: (outermost, between))

        return inner()

    assert value_of(middle()) == (1, 2)


def test_value_is_the_one_at_the_time_of_scheduling(schedule):
    results = []
    value = "before"

    def body():
        return value

    results.append(schedule(body))
    value = "after"
    results.append(schedule(body))
    assert values_of(*results) == ["before", "after"]


def test_loop_variable_is_that_of_the_iteration(schedule):
    results = [schedule(lambda: number) for number in range(5)]
    for letter in "ab":

        def body():
            return letter

        results.append(schedule(body))
    assert values_of(*results) == [0, 1, 2, 3, 4, "a", "b"]


def test_captures_are_copies(schedule):
    value = [1, [2]]

    def body():
        value[1].append(3)
        value.append(4)
        return value

    first = schedule(body)
    value.append("later")
    second = schedule(body)
    assert values_of(first, second) == [[1, [2, 3], 4], [1, [2, 3], "later", 4]]
    assert value == [1, [2], "later"]


def test_globals_of_the_module_are_found(schedule):
    def body():
        return LIMIT, table["rows"], helper(4), type(collections.deque()).__name__

    assert value_of(schedule(body)) == (40, [1, 2], 8, "deque")


def test_captured_cown_arrives_as_an_unacquired_cown(schedule):
    other = Cown(5)

    def body():
        found = type(other).__name__, other.acquired
        inner = when(other)(lambda o: o.value + 1)
        return (*found, inner)

    name, acquired, inner = value_of(schedule(body))
    assert (name, acquired) == ("Cown", False)
    assert value_of(inner) == 6


def test_cowns_inside_captured_containers_stay_cowns(schedule):
    cowns = {"list": [Cown(1)], "tuple": (Cown(2),)}

    def body():
        @when(*cowns["list"], *cowns["tuple"])
        def total(a, b):
            return a.value + b.value

        return total

    assert value_of(Cown(value_of(schedule(body)))) == 3


def test_captured_parameter_stays_a_cown_that_must_be_asked_for(schedule):
    cown = Cown([0])

    def body(c):
        c.value.append(1)

        @when()
        def inner():
            kind = type(c).__name__
            try:
                return kind, c.value
            except RuntimeError as error:
                return kind, "does not own" in str(error)

        return inner

    kind, refused = value_of(Cown(value_of(schedule(body, cown))))
    assert kind in {"Cown", "CownCapsule"}
    assert refused is True
    assert value_of(cown) == [0, 1]


def test_captured_parameter_may_be_scheduled_over(schedule):
    cown = Cown([])

    def body(c):
        @when()
        def _():
            @when(c)
            def _(again):
                again.value.append("grandchild")

        @when(c)
        def done(again):
            again.value.append("child")
            return c

        return done

    done = Cown(value_of(schedule(body, cown)))
    assert Cown(value_of(done)) == cown
    quiesce(PATIENCE)
    assert sorted(value_of(cown)) == ["child", "grandchild"]


def test_self_is_captured_like_any_name():
    assert value_of(Base("secret").told()) == "secret"
    assert value_of(Derived("x").greet()) == ("base", "Derived")


def told_missing(schedule, body):
    """Schedule a body with an unknown name; give the error, early or late."""
    try:
        result = schedule(body)
    except NameError as error:
        return error
    return failure_of(result)


def test_name_that_is_found_nowhere_is_told(schedule):
    def body():
        return nowhere_to_be_found  # noqa: F821

    failure = told_missing(schedule, body)
    assert isinstance(failure, NameError)
    assert "nowhere_to_be_found" in str(failure)


def test_names_of_callers_are_not_in_scope(schedule):
    def body():
        return only_in_the_caller  # noqa: F821

    def caller():
        only_in_the_caller = 1
        return told_missing(schedule, body), only_in_the_caller

    failure, _ = caller()
    assert isinstance(failure, NameError)
    assert "only_in_the_caller" in str(failure)


def test_variable_without_a_value_is_told_at_scheduling(schedule):
    def body():
        return later

    with pytest.raises(RuntimeError, match="Cannot resolve capture: later") as raised:
        schedule(body)
    assert isinstance(raised.value, NameError)
    later = 1
    assert value_of(schedule(body)) == later


def test_rebinding_an_enclosing_variable_is_refused(schedule):
    count = 0

    def body():
        nonlocal count
        count += 1

    with pytest.raises(SyntaxError, match="count"):
        schedule(body)
    assert count == 0


@pytest.mark.parametrize(
    "make",
    [
        threading.Lock,
        lambda: sys,
        lambda: (n for n in range(3)),
        lambda: type("Local", (), {}),
        lambda: pathlib.Path(__file__).open(encoding="utf-8"),  # noqa: SIM115
    ],
    ids=["lock", "module", "generator", "class", "file"],
)
def test_captures_that_cannot_cross_are_refused_at_scheduling(make, schedule):
    pending = _core.terminator_count()
    captured = {"inside": make()}

    def body():
        return captured

    with pytest.raises((TypeError, AttributeError, PicklingError)):
        schedule(body)
    close = getattr(captured["inside"], "close", None)
    if close is not None:
        close()
    assert _core.terminator_count() == pending


def test_defaults_are_captures_by_another_name():
    number, cown = 4, Cown(1)

    @when(cown)
    def result(c, n=number, other=cown, *, extra=(number, [5])):
        n += 1
        return c.value, n, type(other).__name__, other.acquired, extra

    number = 5
    assert value_of(result) == (1, 5, "Cown", True, (4, [5]))


def test_defaults_and_free_names_mix():
    free, given = "free", "given"

    @when(Cown(1))
    def result(c, g=given, *rest, k=free + "!"):
        return c.value, g, rest, k, free, given

    assert value_of(result) == (1, "given", (), "free!", "free", "given")


def test_whencall_passes_captures_by_position():
    def body(c, first, second, *rest):
        return c.value, first, second, rest

    result = whencall(body, [Cown(1)], ["a", [2], None])
    assert value_of(result) == (1, "a", [2], (None,))


def test_captured_functions_of_a_module_arrive(schedule):
    chosen, kind = helper, Base

    def body():
        return chosen(3), kind("x").greet()

    assert value_of(schedule(body)) == (6, "base")


def test_globals_written_in_a_body_are_read_back_there(schedule):
    def body():
        global written_in_a_body
        written_in_a_body = 3
        return written_in_a_body

    assert value_of(schedule(body)) == 3


def test_module_attributes_of_dotted_imports_are_found(schedule):
    def body():
        return collections.abc.Mapping.__name__, re.escape(".")

    assert value_of(schedule(body)) == ("Mapping", r"\.")


def test_dunders_are_those_of_the_module(schedule):
    def body():
        return __name__, __file__, __doc__

    assert value_of(schedule(body)) == (__name__, __file__, __doc__)


def test_builtins_are_not_captures(schedule):
    def body():
        return len([1]), isinstance(3, int), sorted({2, 1}), __debug__

    assert value_of(schedule(body)) == (1, True, [1, 2], True)


def test_shadowed_builtins_are_captures(schedule):
    len = 5  # noqa: A001

    def body():
        return len

    assert value_of(schedule(body)) == 5


def test_asserts_in_a_body_work(schedule):
    def body(c):
        assert c.value == 1, "told by the body"
        return "passed"

    assert value_of(schedule(body, Cown(1))) == "passed"
    failure = failure_of(schedule(body, Cown(2)))
    assert isinstance(failure, AssertionError)
    assert "told by the body" in str(failure)


def test_functions_made_by_exec_are_told_apart(schedule):
    results = []
    for number in range(3):
        space = {"__name__": "made_by_exec"}
        exec(f"def body():\n    return {number}", space)  # noqa: S102
        results.append(schedule(space["body"]))
    assert values_of(*results) == [0, 1, 2]


def test_one_body_scheduled_often_takes_each_value(schedule):
    def make(value):
        def body(c):
            return c.value, value

        return body

    cown = Cown("same")
    results = [schedule(make(n), cown) for n in range(50)]
    assert values_of(*results) == [("same", n) for n in range(50)]


def test_captured_exception_is_a_value(schedule):
    failure = ValueError("captured")

    def body():
        return failure

    [(failed, value)] = outcomes(schedule(body))
    assert failed is False
    assert value.args == ("captured",)
