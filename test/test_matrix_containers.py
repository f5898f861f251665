"""Matrices in tuples, lists and dicts: which move, which are copied, which stay."""

from __future__ import annotations

import threading

import pytest

from bocpy import Cown, Matrix, receive, send, wait, when
from observing import PATIENCE


def given_away():
    """A matrix that a cown holds."""
    m = Matrix(2, 2)
    Cown(m)
    return m


def test_tuples_move_matrices_all_or_nothing():
    m, n = Matrix(1, 1, 1), Matrix(1, 1, 2)
    send("matrix", (m, (n, 3)))
    assert not m.acquired
    assert not n.acquired
    _tag, (a, (b, number)) = receive("matrix", timeout=PATIENCE)
    assert (a.x, b.x, number) == (1, 2, 3)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever refuses the lambda
        Cown((a, lambda: None))
    assert a.acquired


# What is made around a matrix; whether it moves into a cown, and into a message.
CONTAINERS = {
    "tuple": (lambda m: (m, 1, "a"), True, True),
    "nested tuple": (lambda m: (None, (2.0, (m,))), True, True),
    "beside a cown": (lambda m: (m, Cown([1])), True, True),
    "list": (lambda m: [m, 1], False, True),
    "dict": (lambda m: {"m": m}, False, False),
    "tuple with a list": (lambda m: (m, [1]), False, False),
    "list of lists": (lambda m: [[m]], False, False),
    "list with a tuple": (lambda m: [(m, 1)], False, True),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_matrices_move_in_tuples_and_are_copied_in_other_containers(name, backend):
    wrap, moves_into_cown, moves_into_message = CONTAINERS[name]
    m = Matrix(1, 2, [1, 2])
    cown = Cown(wrap(m))
    assert m.acquired is not moves_into_cown

    @when(cown)
    def text(cown):
        return str(cown.value)

    wait(PATIENCE)
    assert "Matrix(1, 2, [1, 2])" in text.unwrap()
    m = Matrix(1, 2, [1, 2])
    send("wrapped", wrap(m))
    assert m.acquired is not moves_into_message
    assert "Matrix(1, 2, [1, 2])" in str(receive("wrapped", PATIENCE)[1])


FAILURES = {
    "neighbour": (lambda m, n: (m, n, threading.Lock()), "lock"),
    "inner neighbour": (lambda m, n: (m, (n, (threading.Lock(),))), "lock"),
    "list": (lambda m, n: [m, n, threading.Lock()], "lock"),
    "dict": (lambda m, n: {"m": m, "n": n, "lock": threading.Lock()}, "lock"),
    "twice": (lambda m, n: (m, n, m), "leaves twice"),
    "inner twice": (lambda m, n: (m, (n, (m,))), "leaves twice"),
    "gone": (lambda m, n: (m, n, given_away()), "leaves twice"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_value_that_does_not_cross_leaves_its_matrices_here(name):
    m, n = Matrix(1, 1, 1), Matrix(1, 1, 2)
    value = FAILURES[name][0](m, n)

    def capture():
        @when()
        def _(value=value):
            pass

    for leave in (lambda: Cown(value), lambda: send("never", value), capture):
        with pytest.raises((TypeError, RuntimeError), match=FAILURES[name][1]):
            leave()
        assert (m.acquired, n.acquired) == (True, True)
        assert (m.x, n.x) == (1, 2)
