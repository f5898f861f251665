"""Quotients that are rounded down, and what they leave."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import arrays, bits, floats, matrix, operands, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

OPERATORS = {
    "floordiv": (operator.floordiv, operator.ifloordiv, np.floor_divide),
    "mod": (operator.mod, operator.imod, np.remainder),
}


@pytest.mark.parametrize("name", OPERATORS)
@given(pair=operands())
def test_operators_broadcast_as_numpy(name, pair):
    a, b = pair
    operate, operate_in_place, judge = OPERATORS[name]
    with np.errstate(all="ignore"):
        expected = judge(a, b)
    same(operate(matrix(a), matrix(b)), expected)
    same(divmod(matrix(a), matrix(b))[name == "mod"], expected)
    if expected.shape == a.shape:
        m = kept = matrix(a)
        assert operate_in_place(m, matrix(b)) is kept
        same(kept, expected)


@pytest.mark.parametrize("name", OPERATORS)
@given(a=arrays(), number=floats)
def test_numbers_and_rows_on_either_side(name, a, number):
    operate, _, judge = OPERATORS[name]
    m, row = matrix(a), a[0].tolist()
    with np.errstate(all="ignore"):
        same(operate(m, number), judge(a, number))
        same(operate(number, m), judge(number, a))
        same(operate(m, row), judge(a, row))
        same(operate(row, m), judge(row, a))
        same(operate(m.view[0], number), judge(a[:1], number))
        same(operate(number, m.view[:, 0]), judge(number, a[:, :1]))


@given(arrays(), floats)
def test_divmod_reads_each_side_once(a, number):
    m, row = matrix(a), a[0].tolist()
    with np.errstate(all="ignore"):
        for found, expected in [
            (divmod(m, number), np.divmod(a, number)),
            (divmod(number, m), np.divmod(number, a)),
            (divmod(m, iter(row)), np.divmod(a, row)),
            (divmod(iter(row), m), np.divmod(row, a)),
            (divmod(m.view[0], m), np.divmod(a[:1], a)),
        ]:
            assert type(found) is tuple
            same(found[0], expected[0])
            same(found[1], expected[1])


nonzero = floats.filter(lambda x: x != 0)


@given(floats, nonzero)
def test_signs_are_those_of_floats(x, y):
    for found, expected in [
        ((Matrix(1, 1, x) // y).x, x // y),
        ((Matrix(1, 1, x) % y).x, x % y),
    ]:
        np.testing.assert_array_equal(bits([found]), bits([expected]))


def test_division_by_zero_raises_nothing():
    m = Matrix(1, 4, [1, -1, 0, math.nan])
    same(m // 0, [[math.inf, -math.inf, math.nan, math.nan]])
    same(m // -0.0, [[-math.inf, math.inf, math.nan, math.nan]])
    same(m % 0, [[math.nan] * 4])
    m %= 0
    same(m, [[math.nan] * 4])


@pytest.mark.parametrize("op", [operator.floordiv, operator.mod, divmod])
def test_errors(op):
    m = Matrix(2, 3, 2)
    with pytest.raises(ValueError, match="do not match"):
        op(m, Matrix(3, 2))
    for bad in (None, object(), 1j, [[1]]):
        with pytest.raises(TypeError):
            op(m, bad)
        with pytest.raises(TypeError):
            op(bad, m)
    given_away = Matrix(2, 3)
    _cown = Cown(given_away)
    for call in (
        lambda: op(given_away, 2),
        lambda: op(2, given_away),
        lambda: op(m, given_away),
        lambda: op(given_away, None),
    ):
        with pytest.raises(RuntimeError, match="not the owner"):
            call()


def test_in_place_never_grows():
    m = Matrix(1, 3, 2)
    for op in (operator.ifloordiv, operator.imod):
        with pytest.raises(ValueError, match="in-place"):
            op(m, Matrix(2, 3, 1))
    same(m, [[2, 2, 2]])


@given(st.integers(1, 3))
def test_large_masks_divide_as_numbers(divisor):
    mask = Matrix(200, 200, 1).less(2)
    same(mask // divisor, np.full((200, 200), 1 // divisor))
    same(mask % divisor, np.full((200, 200), 1 % divisor))
