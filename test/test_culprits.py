"""A value that does not cross names the path to the culprit."""

from __future__ import annotations

import functools
import pickle
import threading
from collections import OrderedDict, defaultdict, deque
from typing import Any, NamedTuple

import pytest

from bocpy import Cown, notice_write, send, whencall
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
    assert "value['mine'].lock: _thread.lock" in told(failure_of(cown))
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
