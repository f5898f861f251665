"""Messages: what arrives is what was sent, in which form, and how long it lives."""

from __future__ import annotations

import collections
import math
import pickle
import threading
from typing import NamedTuple

import pytest

from bocpy import TIMEOUT, Cown, _core, receive, send


class Point(NamedTuple):
    x: int
    y: int


class Counted:
    """Tells how many of it arrived; the next `refusals` do not load."""

    refusals = 0

    def __reduce__(self):
        return load_counted, ()


def load_counted():
    if Counted.refusals > 0:
        Counted.refusals -= 1
        raise LookupError("refused to load")
    return Counted()


PLAIN = [
    None, True, False, 0, -1, 2**31, -(2**63), 2**64, 10**100, 0.0, -0.0, math.inf, 1.5,
    "", "text", "nul\0nul", "\u00e9\u20ac\U0001f600", b"", b"bytes\0", (), (1,),
    (1, (2, (3, ()))), ("a", b"b", None, 1.5), {"a": [1, 2]}, {1, 2}, frozenset({3}),
    (1, [2, [3]]), 1 + 2j, Point(1, 2), range(3), bytearray(b"ab"),
    collections.deque([1, 2]), collections.OrderedDict(a=1),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=repr)
def test_values_arrive_as_they_were(value):
    send("value", value)
    arrived = receive("value", 0)[1]
    assert arrived == value
    assert type(arrived) is type(value)


def test_a_list_arrives_as_a_tuple_and_inner_lists_stay():
    send("list", [1, [2, 3], (4,)])
    assert receive("list", 0)[1] == (1, [2, 3], (4,))


def test_a_sequence_that_cannot_cross_arrives_as_a_tuple():
    class Local:
        def __len__(self):
            return 3

        def __getitem__(self, index):
            if index >= len(self):
                raise IndexError(index)
            return index * 2

    send("sequence", Local())
    assert receive("sequence", 0)[1] == (0, 2, 4)


def test_a_message_is_a_copy():
    value = {"inner": [1]}
    send("copy", value)
    value["inner"].append(2)
    assert receive("copy", 0)[1] == {"inner": [1]}


def test_a_cown_in_flight_stays_alive():
    send("cowns", Cown([1, 2]))
    send("cowns", {"nested": [Cown("inside")]})
    _core.recycle()
    with receive("cowns", 0)[1] as value:
        assert value == [1, 2]
    with receive("cowns", 0)[1]["nested"][0] as value:
        assert value == "inside"


def test_what_cannot_be_sent_is_not_queued():
    for unsendable in (
        lambda: 0,
        threading.Lock(),
        [threading.Lock()],
        (x for x in ()),
    ):
        with pytest.raises((TypeError, AttributeError, pickle.PicklingError)):
            send("unsendable", unsendable)
    assert receive("unsendable", 0) == (TIMEOUT, None)


def test_a_message_that_does_not_load_is_consumed(monkeypatch):
    send("counted", Counted())
    send("counted", Counted())
    monkeypatch.setattr(Counted, "refusals", 1)
    with pytest.raises(LookupError, match="refused to load"):
        receive("counted", 0)
    assert isinstance(receive("counted", 0)[1], Counted)
    assert receive("counted", 0) == (TIMEOUT, None)
