"""Functions that change under the hands of @when, and what only looks like a function.

An exception at most: never a crash, a hang or a behavior that is lost.
"""

from __future__ import annotations

import builtins
import functools
import gc
import operator

import pytest

import bocpy
from bocpy import Cown, _core, receive, send, when
from observing import PATIENCE, ensure_workers, expect, outcomes, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Calls:
    """Calls a function while it is pickled, then crosses as an empty list."""

    def __init__(self, function):
        self.function = function

    def __reduce__(self):
        self.function()
        gc.collect()
        [bytearray(64) for _ in range(500)]  # takes the place of what was freed
        return list, ()


def forget_defaults(function):
    function.__defaults__ = None
    function.__kwdefaults__ = None


def test_defaults_may_go_away_while_they_are_captured():
    def body(c, first=None, last=("kept",)):
        return first, last

    body.__defaults__ = Calls(lambda: forget_defaults(body)), ("kept",)
    assert value_of(when(Cown(1))(body)) == ([], ("kept",))
    with pytest.raises(TypeError, match="parameters"):
        when(Cown(1))(body)


def test_keyword_defaults_may_go_away_while_they_are_captured():
    def body(c, *, first=None, last=("kept",)):
        return first, last

    body.__kwdefaults__["first"] = Calls(lambda: forget_defaults(body))
    assert value_of(when(Cown(1))(body)) == ([], ("kept",))


def test_a_keyword_default_that_was_taken_away_is_missed():
    def body(c, *, first=None, last=1):
        return first, last

    body.__kwdefaults__["first"] = Calls(body.__kwdefaults__.clear)
    with pytest.raises(NameError, match="last"):
        when(Cown(1))(body)


def test_each_schedule_takes_the_code_that_the_function_has_then():
    ensure_workers(1)
    gate = Cown(None)

    @when(gate)
    def _(g):
        receive("gate", PATIENCE)

    def body(c, x="first"):
        return "first body", x

    def other(c, x=None):
        return "other body", x

    before = when(gate)(body)
    body.__code__, body.__defaults__ = other.__code__, ("second",)
    after = when(gate)(body)
    body.__code__, body.__defaults__ = (lambda: None).__code__, None
    send("gate", None)
    assert values_of(before, after) == [
        ("first body", "first"),
        ("other body", "second"),
    ]


def test_cells_are_read_when_the_behavior_is_scheduled():
    def make():
        kept = "first"

        def body(c):
            return kept

        def change(value):
            nonlocal kept
            kept = value

        def unset():
            nonlocal kept
            del kept

        return body, change, unset

    body, change, unset = make()
    before = when(Cown(1))(body)
    change("second")
    after = when(Cown(1))(body)
    unset()
    with pytest.raises(NameError, match="Cannot resolve capture: kept"):
        when(Cown(1))(body)
    assert values_of(before, after) == ["first", "second"]


@pytest.mark.parametrize(
    "change",
    [
        {"co_name": "\ud800"},
        {"co_filename": "\ud800"},
        {"co_firstlineno": 2**31 - 1},
        {"co_varnames": ("\ud800", "x")},
        {"co_linetable": b""},
    ],
    ids=lambda change: next(iter(change)),
)
def test_odd_code_objects_run_or_are_refused(change):
    def body(c, x=1):
        return c.value + x

    try:
        body.__code__ = body.__code__.replace(**change)
        result = when(Cown(1))(body)
    except (UnicodeError, ValueError):
        return
    assert value_of(result) == 2


@pytest.mark.parametrize(
    "name", ["__module__", "__name__", "__qualname__", "__doc__", "__wrapped__"]
)
@pytest.mark.parametrize("value", [5, None, "\ud800", "no.such.module"])
def test_odd_attributes_of_functions_do_no_harm(name, value):
    def body(c):
        return c.value

    try:
        setattr(body, name, value)
        result = when(Cown(1))(body)
    except (UnicodeError, TypeError, ValueError):
        return
    [(failed, got)] = outcomes(result)
    assert failed or got == 1

    @when(result)
    def _(r):
        r.exception = False


class Callable:
    """An instance that can be called."""

    def __call__(self, c):
        return c


class Liar:
    """Says that it is a function."""

    __class__ = type(lambda: 0)

    def __call__(self, c):
        return c


class Endless:
    """Wraps itself."""

    @property
    def __wrapped__(self):
        return self


class Refuses:
    """Raises what is no Exception when it is asked for what it wraps."""

    @property
    def __wrapped__(self):
        raise KeyboardInterrupt


def generator(c):
    yield c


async def coroutine(c):
    return c


async def stream(c):
    yield c


@pytest.mark.parametrize(
    "given",
    [
        None,
        5,
        "text",
        ...,
        Callable,
        Callable(),
        Callable().__call__,
        Liar(),
        Endless(),
        Refuses(),
        generator,
        generator(1),
        coroutine,
        stream,
        len,
        int,
        type,
        object,
        "".join,
        [].append,
        functools.partial(len),
        operator.itemgetter(1),
        functools.lru_cache(len),
        classmethod(len),
        when,
        receive,
        Cown,
        _core.CownCapsule,
    ],
    ids=lambda given: getattr(given, "__name__", type(given).__name__),
)
def test_what_is_no_function_is_refused(given):
    with pytest.raises((TypeError, SyntaxError, KeyboardInterrupt)):
        when(Cown(1))(given)


@pytest.mark.parametrize(
    "given",
    [
        lambda *cowns: cowns[0].value,
        lambda c, /: c.value,
        lambda c, **more: more or c.value,
        functools.lru_cache(lambda c: c.value),
        staticmethod(lambda c: c.value),
    ],
    ids=["star", "positional", "keywords", "cached", "static"],
)
def test_every_kind_of_function_runs(given):
    assert value_of(when(Cown("ran"))(given)) == "ran"


class Spelled:
    """Builtins that are no dict."""

    def __getitem__(self, name):
        try:
            return getattr(builtins, name)
        except AttributeError:
            raise KeyError(name) from None


PROGRAM = """
@when(Cown([1]))
def result(c):
    return len(c.value)
"""


@pytest.mark.parametrize("given", [Spelled(), vars(builtins)], ids=type)
def test_builtins_may_be_any_mapping(given):
    space = {"__builtins__": given, "__name__": "odd", "when": when, "Cown": Cown}
    exec(PROGRAM, space)  # noqa: S102
    assert value_of(space["result"]) == 1
    space.clear()  # CPython 3.13t keeps functions for ever, and so what they can see


@pytest.mark.parametrize("given", [Spelled(), {}], ids=type)
def test_names_that_no_builtins_have_are_missed(given):
    space = {"__builtins__": given, "__name__": "odd", "when": when, "Cown": Cown}
    with pytest.raises(NameError, match="nowhere"):
        exec(PROGRAM.replace("len(", "nowhere("), space)  # noqa: S102
    space.clear()


def test_functions_that_refuse_leave_the_runtime_as_it_was():
    pending = _core.terminator_count()
    for _ in range(100):
        with pytest.raises(TypeError):
            when(Cown(1))(Callable())
        with pytest.raises(TypeError):
            when(Cown(1))(lambda: None)
    assert _core.terminator_count() == pending

    @when()
    def _():
        send("after", bocpy.WORKER_COUNT > 0)

    assert expect("after")
