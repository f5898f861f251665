"""A value that does not cross names the path to the culprit."""

from __future__ import annotations

import functools
import pickle
import sys
import threading
from collections import OrderedDict, defaultdict, deque
from typing import Any, NamedTuple

import pytest

from bocpy import Cown, notice_write, receive, send, whencall
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
