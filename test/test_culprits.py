"""A value that does not cross names the path to the culprit."""

from __future__ import annotations

import dataclasses
import functools
import pickle
import re
import sys
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any, NamedTuple

import pytest

from bocpy import Cown, _culprit, notice_write, receive, send, whencall
from bocpy import when as schedule
from observing import failure_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Pair(NamedTuple):
    """Has names for its items."""

    left: Any
    right: Any


class Row:
    """Holds what no pickle holds."""

    def __init__(self):
        """Make the lock."""
        self.lock = threading.Lock()


class Slotted:
    """Holds it in a slot."""

    __slots__ = ("lock",)

    def __init__(self):
        """Make the lock."""
        self.lock = threading.Lock()


class Refusing:
    """Says itself that it does not cross."""

    def __reduce__(self):
        """Refuse."""
        raise ValueError("refused")


class FailureError(Exception):
    """Is an exception."""


class Elements(set):
    """Is a set by another name."""


class Items(tuple):
    """Is a tuple by another name."""

    __slots__ = ()


class Stated:
    """Has a state of its own."""

    def __init__(self):
        """Make the lock."""
        self.held = threading.Lock()

    def __getstate__(self):
        """Give no dict."""
        return [1, self.held, [threading.Lock()]]

    def __setstate__(self, state):
        """Take nothing."""


class Made:
    """Is made of arguments."""

    def __init__(self, first, second):
        """Keep one of them."""
        self.first = first
        self.second = [second]

    def __reduce__(self):
        """Make it of them again."""
        return Made, (self.first, self.second[0])


class Counted:
    """Counts how often it is pickled."""

    calls = 0

    def __init__(self, inner):
        """Hold another."""
        self.inner = inner

    def __reduce__(self):
        """Count."""
        Counted.calls += 1
        return Counted, (self.inner,)


class Node:
    """Holds the next."""

    def __init__(self, following):
        """Take it."""
        self.next = following


@dataclasses.dataclass(frozen=True, slots=True)
class Frozen:
    """Has slots, and a state that is a list."""

    a: Any
    b: Any


def told(error):
    """Give what an error says on any version of Python."""
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def lock():
    return threading.Lock()


VALUES = {
    "value['rows'][3].lock: _thread.lock": lambda: {"rows": [1, 2, (3,), Row()]},
    "value: _thread.lock": lock,
    "value.lock: _thread.lock": Slotted,
    "value.right[0]: _thread.lock": lambda: Pair(1, [lock()]),
    "value[1]: _thread.lock": lambda: deque([1, lock()]),
    "value['k'].lock: _thread.lock": lambda: OrderedDict(k=Row()),
    "value.default_factory: function ": lambda: defaultdict(lambda: 1),
    "value.func: function ": lambda: functools.partial(lambda: 1),
    "value.args[1]: _thread.lock": lambda: FailureError(1, lock()),
    "value has test_culprits.Row.lock: _thread.lock": lambda: {Row()},
    "value has the key test_culprits.Row.lock: _thread.lock": lambda: {Row(): 1},
    "value[0]: test_culprits.Refusing": lambda: [Refusing()],
    "value[0]: generator": lambda: [(number for number in ())],
    "value.b[0]: _thread.lock": lambda: Frozen(1, [lock()]),
    "value['a']: _thread.lock": lambda: Counter({"a": lock()}),
    "value has test_culprits.Row.lock: ": lambda: Elements([Row()]),
    "value[1].lock: _thread.lock": lambda: Items([1, Row()]),
    "value.args[0]: _thread.lock": lambda: functools.partial(print, lock()),
    "value.keywords['k']: _thread.lock": lambda: functools.partial(print, k=lock()),
    "value.held: _thread.lock": Stated,
    "value.first.lock: _thread.lock": lambda: Made(Row(), 1),
    "value<argument 1>.lock: _thread.lock": lambda: Made(1, Row()),
    "value[1].__self__[0]: _thread.lock": lambda: [print, [lock()].append],
}


@pytest.mark.parametrize("path", VALUES)
def test_the_path_names_the_culprit(path):
    with pytest.raises(
        (TypeError, AttributeError, ValueError, pickle.PicklingError)
    ) as raised:
        Cown(VALUES[path]())
    assert path in told(raised.value)
    assert told(raised.value).endswith("does not cross")
    assert told(raised.value).count("does not cross") == 1


def test_a_value_that_holds_itself_is_searched_once():
    ring = [1]
    ring += [ring, lock()]
    with pytest.raises(TypeError) as raised:
        Cown(ring)
    assert "value[" in told(raised.value)


def test_each_member_is_searched_once():
    shared = value = Counted(1)
    for _ in range(30):
        shared = Counted([shared, shared])
    for _ in range(30):
        value = Counted([value, shared])
    Counted.calls = 0
    with pytest.raises(TypeError) as raised:
        Cown([Counted([value, lock()]), value])
    assert "value[0].inner[1]: _thread.lock" in told(raised.value)
    assert Counted.calls == 2 * 62


@pytest.mark.parametrize("deep", [True, False])
def test_large_values_are_searched_in_one_pass(deep, monkeypatch):
    reduced = []
    monkeypatch.setattr(_culprit, "_PATIENCE", 60)
    kept = _culprit.crosses
    monkeypatch.setattr(_culprit, "crosses", lambda v: reduced.append(v) or kept(v))
    value = lock()
    for _ in range(200 if deep else 0):
        value = [list(range(1000)), Node(value)]
    path = _culprit._find([*range(1_000_000), *map(Node, range(9)), value], "value")
    assert path.endswith(": _thread.lock")
    assert path.startswith("value[1000009]")
    assert len(reduced) == 1


def test_long_paths_lose_their_middle():
    value = lock()
    for _ in range(150):
        value = Node([value])
    with pytest.raises(TypeError) as raised:
        Cown({"first": value})
    last = told(raised.value).splitlines()[-1].partition("; ")
    path = last[2] or last[0]
    assert re.fullmatch(
        r"value\['first'\](\.next|\[0\]){9}<281 more>(\.next|\[0\]){10}: "
        "_thread.lock does not cross",
        path,
    )
    assert len(told(raised.value).splitlines()) < 30


def test_a_search_that_takes_too_long_ends(monkeypatch):
    monkeypatch.setattr(_culprit, "_PATIENCE", -1)
    with pytest.raises(TypeError) as raised:
        Cown([lock()])
    assert "somewhere in value[...]: a member does not cross" in told(raised.value)


def test_messages_and_notices_name_it():
    for contents in ([1, Row()], (1, Row()), deque([1, Row()])):
        with pytest.raises(TypeError) as raised:
            send("nowhere", contents)
        assert "contents[1].lock: _thread.lock" in told(raised.value)
    with pytest.raises(TypeError) as raised:
        notice_write("key", {"a": Row()})
    assert "value['a'].lock: _thread.lock" in told(raised.value)


def test_an_assignment_names_it_when_the_cown_is_released():
    cown = Cown(1)
    with pytest.raises(TypeError) as raised, cown:
        cown.value = [Row()]
    assert "value[0].lock: _thread.lock" in told(raised.value)
    cown.value = None
    cown.release()


def test_results_and_cowns_of_a_body_name_it():
    cown = Cown(1)

    @schedule()
    def answers():
        return {"answer": Row()}

    @schedule(cown)
    def leaves(c):
        c.value = {"mine": Row()}

    assert "result['answer'].lock: _thread.lock" in told(failure_of(answers))
    assert "c.value['mine'].lock: _thread.lock" in told(failure_of(cown))
    assert "value['mine'].lock: _thread.lock" in told(failure_of(leaves))
    assert "test_culprits.py" in failure_of(cown).__cause__.text


def test_captures_are_called_by_their_names():
    row = [Row()]

    def by_cell():
        return row

    def by_default(first=1, second=row):
        return first, second

    def by_keyword(*, only=row):
        return only

    for body, path in (
        (by_cell, "row[0].lock: "),
        (by_default, "second[0].lock: "),
        (by_keyword, "only[0].lock: "),
    ):
        with pytest.raises(TypeError) as raised:
            schedule()(body)
        assert path in told(raised.value)
    with pytest.raises(TypeError) as raised:
        whencall(lambda first: first, [], row)
    assert "capture.lock: " in told(raised.value)


def test_what_a_body_leaves_names_its_parameter_and_the_body():
    cowns = [Cown(1), Cown(2), Cown(3)]

    @schedule(cowns[:2], cowns[2])
    def leaves(group, last):
        group[1].value = [Row()]
        last.value = Row()

    text = told(failure_of(leaves))
    assert "group[1].value[0].lock: _thread.lock" in text
    assert "left in group[1].value by leaves (" in text
    assert "last.value.lock: _thread.lock" in told(failure_of(cowns[2]))
    assert failure_of(cowns[1]).args


class Trap:
    """Pickles, and does not load."""

    def __reduce__(self):
        return int, ("no number",)


def never(*_):
    raise AssertionError("it ran")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes")
def test_what_does_not_load_names_the_parameter_and_the_body():
    trap = [Trap()]

    @schedule(Cown(1), Cown(trap))
    def loads(_one, other):
        never(other)

    @schedule(Cown(1))
    def captures(_one):
        never(trap)

    @schedule(Cown(1))
    def defaults(_one, given=trap):
        never(given)

    for result, name in ((loads, "acquiring 'other'"), (captures, "captured 'trap'")):
        text = told(failure_of(result))
        assert name in text
        assert "which did not run" in text
    assert "captured 'given'" in told(failure_of(defaults))
    send("traps", trap)
    with pytest.raises(ValueError, match="no number") as raised:
        receive("traps", 30)
    assert "while loading a message tagged traps" in told(raised.value)
