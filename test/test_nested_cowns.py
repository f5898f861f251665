"""Cowns inside values: alive as long as the value, wherever it is."""

from __future__ import annotations

import collections
import gc

import pytest

from bocpy import Cown, send, when
from observing import expect, value_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Point:
    """Keeps cowns in its dictionary."""

    def __init__(self, x, tags):
        self.x = x
        self.tags = tags


class Slotted:
    """Keeps cowns in its slots."""

    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


def keep_only_in(place):
    """Put two fresh cowns, known to nobody else, into a value of some kind."""
    first, second = Cown("first"), Cown(["second"])
    return {
        "list": [first, [second]],
        "tuple": (first, (second,)),
        "dict": {"a": first, "b": {"c": second}},
        "key": {first: 1, second: 2},
        "set": {first, second},
        "instance": Point(1, [first, Point(2, [second])]),
        "slots": Slotted(first, Slotted(second, None)),
        "capsules": [first.impl, second.impl],
        "cown": [Cown([first, Cown({"x": second})])],
        "deque": collections.deque([first, second]),
    }[place]


def cowns_of(value):
    """Find every cown in a value that `keep_only_in` made."""
    if type(value).__name__ in {"Cown", "CownCapsule"}:
        return [value if isinstance(value, Cown) else Cown(value)]
    if isinstance(value, dict):
        return cowns_of([*value, *value.values()])
    if isinstance(value, list | tuple | set | collections.deque):
        return [c for part in value for c in cowns_of(part)]
    if isinstance(value, Point):
        return cowns_of(value.tags)
    return cowns_of([value.left, value.right]) if isinstance(value, Slotted) else []


def contents(value):
    """Read all cowns in `value`, and the cowns in those."""
    found = []
    for cown in cowns_of(value):
        inside = value_of(cown)
        found += contents(inside) if cowns_of(inside) else [repr(inside)]
    return sorted(found)


PLACES = [
    "list",
    "tuple",
    "dict",
    "key",
    "set",
    "instance",
    "slots",
    "capsules",
    "cown",
    "deque",
]
KEPT = sorted(["'first'", "['second']"])


@pytest.mark.parametrize("place", PLACES)
def test_cowns_inside_a_cown_live_as_long_as_it(place):
    holder = Cown(keep_only_in(place))
    gc.collect()

    @when(holder)
    def _(h):
        h.value = [h.value]

    gc.collect()
    assert contents(value_of(holder)) == KEPT


@pytest.mark.parametrize("place", PLACES)
def test_cowns_inside_a_result_live(place):
    @when()
    def result():
        return keep_only_in(place)

    gc.collect()
    assert contents(value_of(result)) == KEPT


@pytest.mark.parametrize("place", ["list", "dict", "slots", "capsules", "cown"])
def test_cowns_inside_a_message_live(place):
    send("signal", (keep_only_in(place),))
    gc.collect()
    assert contents(expect("signal")) == KEPT

    @when()
    def _():
        send("signal", (keep_only_in(place),))

    assert contents(expect("signal")) == KEPT


@pytest.mark.parametrize("place", ["list", "set", "instance"])
def test_cowns_inside_a_capture_live(place):
    def schedule():
        captured = keep_only_in(place)

        @when()
        def result():
            return [captured]

        return result

    result = schedule()
    gc.collect()
    assert contents(value_of(result)) == KEPT


def test_value_dropped_with_its_cown_drops_the_cowns_inside():
    inner = Cown("inner")
    outer = Cown([inner, {"again": inner}])
    del outer
    gc.collect()
    assert value_of(inner) == "inner"


def test_cown_inside_itself_does_no_harm():
    cown = Cown(None)
    cown.acquire()
    cown.value = [cown, (cown,)]
    cown.release()

    @when(cown)
    def result(c):
        same = c.value[0] == Cown(c) == c.value[1][0]
        c.value = "broken up"
        return same

    assert value_of(result) is True
