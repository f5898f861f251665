"""Conversions that change the matrix: no call uses what it found before them."""

from __future__ import annotations

import numpy as np
import pytest

from bocpy import Cown, Matrix
from matrices import same

NUMBERS = list(range(20))


class Hostile:
    """Acts when it is asked for a number, an index or its truth."""

    def __init__(self, act, number=1):
        self.act = act
        self.number = number

    def __float__(self):
        self.act()
        return float(self.number)

    def __index__(self):
        self.act()
        return self.number

    def __bool__(self):
        self.act()
        return True

    def __iter__(self):
        self.act()
        return iter([1, 1])

    def __repr__(self):
        return "hostile"


class Flag:
    """Acts when it is asked for its truth, and is nothing else."""

    def __init__(self, act):
        self.act = act

    def __bool__(self):
        self.act()
        return True


class Number:
    """Acts when it is asked for a float, and is no index and no iterable."""

    def __init__(self, act):
        self.act = act

    def __float__(self):
        self.act()
        return 1.0


def in_list(act, count):
    return [Hostile(act)] + [1] * (count - 1)


ACTS = {
    "transposed": lambda m: m.transpose_in_place(),
    "made anew, smaller": lambda m: m.__init__(1, 1, 7),
    "made anew, larger": lambda m: m.__init__(30, 30, 7),
    "given away": lambda m: Cown(m) if m.acquired else None,
}

# What is done to a 10x2 matrix, `act` being what the conversions in it do to it.
CALLS = {
    "put_along_axis": lambda m, act: m.put_along_axis([1] * 10, Number(act), 1),
    "put_along_axis, indices": lambda m, act: m.put_along_axis(in_list(act, 10), 5, 1),
    "put_along_axis, axis": lambda m, act: m.put_along_axis([1] * 10, 5, Hostile(act)),
    "put_along_axis, accumulate": lambda m, act: m.put_along_axis(
        [1] * 10, 5, 1, Flag(act)
    ),
    "take_along_axis": lambda m, act: m.take_along_axis(in_list(act, 10), 1),
    "put": lambda m, act: m.put([9, -1], Number(act)),
    "put, columns": lambda m, act: m.put([-1, 0], Number(act), 1),
    "put, indices": lambda m, act: m.put([9, Hostile(act)], 5),
    "put, accumulate": lambda m, act: m.put([9], 5, accumulate=Flag(act)),
    "take": lambda m, act: m.take([9, Hostile(act)]),
    "take, out": lambda m, act: m.take([9, Hostile(act)], out=Matrix(2, 2)),
    "select": lambda m, act: m.select([9, Hostile(act)], Hostile(act, 0)),
    "rows written": lambda m, act: m.__setitem__([9, 0], Number(act)),
    "columns written": lambda m, act: m.__setitem__((slice(None), [1, 0]), Number(act)),
    "written by list": lambda m, act: m.__setitem__([9, Hostile(act)], 5),
    "row written": lambda m, act: m.__setitem__(9, Number(act)),
    "cell written": lambda m, act: m.__setitem__((9, 1), Number(act)),
    "cell written by index": lambda m, act: m.__setitem__((9, Hostile(act)), 5.0),
    "part written": lambda m, act: m.__setitem__(slice(5, None), [Number(act), 2]),
    "written from iterator": lambda m, act: m.__setitem__(
        slice(None), (act() or x for x in (1, 2))
    ),
    "written by slice": lambda m, act: m.__setitem__(slice(Hostile(act), 10), 5),
    "written from itself": lambda m, act: m.__setitem__(slice(Hostile(act, 0), 10), m),
    "read by slice": lambda m, act: m[Hostile(act) : 10, 1],
    "read by index": lambda m, act: m[Hostile(act, 9)],
    "read by pair": lambda m, act: m[9, Hostile(act)],
    "read by list": lambda m, act: m[[9, Hostile(act)]],
    "fma": lambda m, act: m.fma(Matrix(10, 1), Number(act), in_place=True),
    "fma, in_place": lambda m, act: m.fma(2, m, in_place=Flag(act)),
    "scaled_add": lambda m, act: m.scaled_add(Number(act), m, in_place=True),
    "scaled_add, x": lambda m, act: m.scaled_add(Matrix(10, 1), in_list(act, 2)),
    "clip": lambda m, act: m.clip(Number(act), in_place=True),
    "clip, in_place": lambda m, act: m.clip(1, in_place=Flag(act)),
    "clip, out": lambda m, act: m.clip(Number(act), out=m),
    "bin": lambda m, act: m.bin(Hostile(act), bounds=in_list(act, 2), out=m),
    "bin, in_place": lambda m, act: m.bin(3, in_place=Flag(act)),
    "digitize": lambda m, act: m.digitize([0, Number(act)], in_place=True),
    "digitize, right": lambda m, act: m.digitize([0, 1], right=Flag(act), out=m),
    "where": lambda m, act: Matrix.where(m, m, Number(act)),
    "where, out": lambda m, act: Matrix.where(m, 1, Number(act), out=m),
    "where, list": lambda m, act: Matrix.where(m, in_list(act, 2), m),
    "allclose": lambda m, act: Matrix.allclose(m, m.copy(), Number(act)),
    "add": lambda m, act: m + in_list(act, 2),
    "add, out": lambda m, act: m.add(Number(act), out=m),
    "add in place": lambda m, act: m.__iadd__(in_list(act, 2)),
    "reflected": lambda m, act: in_list(act, 2) - m,
    "product": lambda m, act: m @ in_list(act, 10),
    "less": lambda m, act: m.less(in_list(act, 2)),
    "compared": lambda m, act: m < Number(act),
    "sqrt": lambda m, act: m.sqrt(in_place=Flag(act)),
    "sum": lambda m, act: m.sum(Hostile(act, 0), m),
    "argmin": lambda m, act: m.argmin(Hostile(act), m, Flag(act)),
    "topk": lambda m, act: m.topk(Hostile(act, 5), 0),
    "topk, axis": lambda m, act: m.topk(2, Hostile(act), Flag(act), m),
    "vecdot": lambda m, act: m.vecdot(Matrix(10, 2), Hostile(act)),
    "vecdot, list": lambda m, act: m.vecdot(in_list(act, 2), 1),
    "cross": lambda m, act: m.cross(in_list(act, 2), Hostile(act)),
    "normalize": lambda m, act: m.normalize(Hostile(act), Flag(act)),
    "perpendicular": lambda m, act: m.perpendicular(Hostile(act), Flag(act)),
    "angle": lambda m, act: m.angle(Hostile(act)),
    "repeat_interleave": lambda m, act: m.repeat_interleave(Hostile(act), Hostile(act)),
    "transpose": lambda m, act: m.transpose(in_place=Flag(act)),
    "reshape": lambda m, act: m.reshape(Hostile(act, 5), 4),
    "row_view": lambda m, act: m.row_view(9, slice(Hostile(act, 0), 2)),
    "column_view": lambda m, act: m.column_view(Hostile(act), read_only=Flag(act)),
    "view": lambda m, act: m.view[9, Hostile(act, 0) :].copy(),
    "view written": lambda m, act: m.view[:, 1].__setitem__(
        slice(None), [Number(act)] + [2] * 9
    ),
    "view set": lambda m, act: m.view[9].__setitem__(Hostile(act), Number(act)),
    "view read": lambda m, act: m.view[:, 1][Hostile(act) :].copy(),
    "coordinate": lambda m, act: setattr(m, "w", Number(act)),
    "made anew": lambda m, act: m.__init__(2, 1, [Hostile(act), 2]),
    "made anew of itself": lambda m, act: m.__init__(Hostile(act, 20), 1, m.T),
    "concat": lambda m, act: Matrix.concat([m, in_list(act, 2), m]),
    "vector": lambda m, act: Matrix.vector(m.view[9], Flag(act)),
}
ERRORS = (
    AssertionError,
    IndexError,
    KeyError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_conversion_may_do_anything_to_the_matrix(call, act):
    m = Matrix(10, 2, NUMBERS)
    kept = m.view[0]
    try:
        CALLS[call](m, lambda: ACTS[act](m))
    except ERRORS:
        if m.acquired and m.size == len(NUMBERS):
            assert sorted(m.values()) == NUMBERS, "nothing is written on an error"
    if m.acquired:
        assert len(m.tolist()) == m.rows
        assert len(list(m.values())) == m.size
    assert len(kept) == 2


def test_indices_are_fitted_to_what_the_value_left():
    m = Matrix(10, 2, NUMBERS)
    with pytest.raises(ValueError, match="10 indices for 2 rows"):
        m.put_along_axis([1] * 10, Number(m.transpose_in_place), axis=1)
    same(m, np.arange(20).reshape(10, 2).T)
    with pytest.raises(IndexError, match="column index 10 is out of range"):
        m.put_along_axis([1, 10], "indices come first", axis=1)


def test_indices_from_the_end_count_from_the_end_that_the_value_left():
    m = Matrix(10, 2, 0)
    m.put([-1], Number(m.transpose_in_place))
    same(m, [[0] * 10, [1] * 10])
    n = m.T
    with pytest.raises(IndexError, match="row index -10 is out of range for 2 rows"):
        n.put([-10], Number(n.transpose_in_place))
    assert n.shape == (2, 10)


def test_topk_counts_what_k_left():
    m = Matrix(10, 2, NUMBERS)
    with pytest.raises(ValueError, match="from 1 to 2, not 5"):
        m.topk(Hostile(m.transpose_in_place, 5), 0)


@pytest.mark.parametrize("act", ["made anew, smaller", "made anew, larger"])
def test_a_buffer_outlives_the_numbers_of_the_matrix(act):
    m = Matrix(10, 2, NUMBERS)
    memory, view = memoryview(m), m.view[9]
    with pytest.raises(BufferError):
        m.transpose_in_place()
    ACTS[act](m)
    m.transpose_in_place()
    assert memory.tolist()[9] == [18, 19]
    assert list(view) == [18, 19]
