"""What is done over and over holds no more objects of CPython afterwards.

The counters of cowns, behaviors and parcels see what is ours alone, and what CPython's
own allocator hands out is hidden from leak detection: this counts its blocks.
"""

from __future__ import annotations

import gc
import io
import logging
import sys
import threading
from itertools import pairwise

import pytest

import bocpy
from bocpy import Cown, Matrix, _core, receive, send, when
from observing import PATIENCE, ensure_workers, expect, values_of

TIMES = 300
"""How often each is done: a leak of one block shows as this many."""

ROUNDS = 6


class Plain:
    """An instance that may stay with its worker."""

    def __init__(self):
        self.rows = [{"name": "row"}]


class Reduced:
    """One that crosses by what its class says."""

    def __init__(self, of):
        self.of = of

    def __reduce__(self):
        return Reduced, (self.of,)


def behaviors_over_values():
    cowns = [Cown({"rows": [[1.5], ("a", b"b")]}), Cown(Plain()), Cown(Reduced([]))]
    for cown in cowns:

        @when(cown)
        def seen(c):
            return [c.value]

        @when(cown, seen)
        def _(c, s):
            c.value, s.value = s.value, c.value

    values_of(*cowns)


def captures_of_many_kinds():
    cown = Cown(0)
    text, rows, other = "text", [{}, (1, 2)], Cown([])

    def add(n):
        return n + len(text)

    @when(cown, [other, Cown(1)])
    def _(c, group, rows=rows, again=cown):
        c.value = add(len(rows)) + len(group)
        again.value += 1

    values_of(cown)


def bodies_that_fail():
    @when(Cown([]))
    def failed(c):
        raise KeyError(c.value, "no such thing")

    @when(failed)
    def read(f):
        return str(f.value)

    values_of(read)


def values_that_do_not_cross():
    @when(Cown(0))
    def failed(c):
        c.value = {"rows": [threading.Lock()]}
        return threading.Lock()

    @when(failed)
    def read(f):
        return str(f.value)

    values_of(read)


def wrong_schedules():
    for wrong in (3, [Cown(1), 2], None):
        with pytest.raises(TypeError):
            when(wrong)(lambda c: c)


def messages():
    send("there", ({"key": [1]}, "text"))
    assert expect("there") == ({"key": [1]}, "text")
    assert receive("nothing", 0)[0] == bocpy.TIMEOUT

    @when(Cown(0))
    def _(c):
        send("from there", [c.value, {}])

    assert expect("from there") == (0, {})


def notices():
    bocpy.notice_write("key", {"a": [1]})
    bocpy.notice_sync(PATIENCE)

    @when(Cown(0))
    def seen(_):
        return dict(bocpy.noticeboard()), bocpy.notice_read("key")

    values_of(seen)
    bocpy.notice_delete("key")
    bocpy.notice_sync(PATIENCE)


def matrices():
    cown = Cown(Matrix(3, 3, [float(i) for i in range(9)]))

    @when(cown)
    def sums(c):
        c.value += c.value @ c.value.transpose()
        return c.value.sum(), c.value[1:, :2], list(c.value), repr(c.value)

    values_of(sums, cown)


def reports():
    bocpy.dump(io.StringIO())
    _core.scheduler_stats()


OPERATIONS = [
    behaviors_over_values,
    captures_of_many_kinds,
    bodies_that_fail,
    values_that_do_not_cross,
    wrong_schedules,
    messages,
    notices,
    matrices,
    reports,
]


def blocks():
    """Count the blocks of all interpreters once the garbage of each is gone."""

    @when()
    def collected():
        import gc  # noqa: PLC0415

        gc.collect()

    values_of(collected)
    gc.collect()
    return sys.getallocatedblocks()


@pytest.fixture
def unlogged():
    """Keep nothing from pytest, which remembers what is logged in a test."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("unlogged")
@pytest.mark.skipif(
    hasattr(sys, "_is_gil_enabled") and not sys._is_gil_enabled(),
    reason="blocks are freed later where there is no GIL",
)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_blocks_of_cpython_do_not_become_more(backend, operation):
    ensure_workers(1)
    counts = []
    for _ in range(ROUNDS):
        for _ in range(TIMES):
            operation()
        counts.append(blocks())
    growth = [after - before for before, after in pairwise(counts)]
    assert min(growth) < TIMES / 2, counts
