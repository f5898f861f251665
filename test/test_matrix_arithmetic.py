"""Operators, their named forms, broadcasting, and comparisons, against numpy."""

from __future__ import annotations

import math
import operator
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import (
    MASKS,
    array,
    arrays,
    bits,
    dimensions,
    finite,
    floats,
    matrix,
    operands,
    same,
)

OPERATORS = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
IN_PLACE = [operator.iadd, operator.isub, operator.imul, operator.itruediv]
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@pytest.mark.parametrize("name", OPERATORS)
@given(pair=operands())
def test_operators_broadcast_as_numpy(name, pair):
    a, b = pair
    with np.errstate(all="ignore"):
        expected = OPERATORS[name](a, b)
    same(OPERATORS[name](matrix(a), matrix(b)), expected)
    same(getattr(matrix(a), name)(matrix(b)), expected)
    out = Matrix(*expected.shape)
    assert getattr(matrix(a), name)(matrix(b), out=out) is out
    same(out, expected)


@pytest.mark.parametrize("name", OPERATORS)
@given(a=arrays(), number=floats)
def test_numbers_on_either_side(name, a, number):
    with np.errstate(all="ignore"):
        same(OPERATORS[name](matrix(a), number), OPERATORS[name](a, number))
        same(OPERATORS[name](number, matrix(a)), OPERATORS[name](number, a))


@pytest.mark.parametrize("op", OPERATORS.values())
@given(data=st.data())
def test_sequences_on_either_side_are_rows(op, data):
    a = data.draw(arrays(elements=finite))
    row = data.draw(arrays(shape=(1, a.shape[1]), elements=finite))[0].tolist()
    with np.errstate(all="ignore"):
        for kind in (list, tuple, iter):
            same(op(matrix(a), kind(row)), op(a, np.array(row)))
            same(op(kind(row), matrix(a)), op(np.array(row), a))
        same(op(row, Matrix(1, 1, 2)), op(np.array([row]), 2))
        same(op(row, Matrix(3, 1, 2)), op(np.array([row]), np.full((3, 1), 2.0)))


@pytest.mark.parametrize(
    "number", [2, True, Fraction(1, 2), Decimal("0.5"), np.float64(2), np.int8(3)]
)
def test_every_real_number_is_a_scalar(number):
    same(Matrix(1, 2, [1, 2]) + number, [[1 + float(number), 2 + float(number)]])
    same(number * Matrix(1, 2, [1, 2]), [[float(number), 2 * float(number)]])


@pytest.mark.parametrize("op", IN_PLACE)
@given(data=st.data())
def test_in_place_keeps_identity(op, data):
    a = data.draw(arrays())
    rows, columns = a.shape
    shape = data.draw(st.sampled_from([a.shape, (1, columns), (rows, 1), (1, 1)]))
    b = data.draw(arrays(shape=shape))
    m = kept = matrix(a)
    with np.errstate(all="ignore"):
        expected = op(a.copy(), b)
    assert op(m, matrix(b)) is kept
    same(kept, expected)


def test_in_place_with_itself():
    m = Matrix(2, 2, [1, 2, 3, 4])
    m += m
    m *= m
    same(m, [[4, 16], [36, 64]])


@pytest.mark.parametrize(
    ("left", "right", "message"),
    [
        ((1, 1), (2, 2), "in-place scalar broadcast"),
        ((3, 1), (1, 4), "in-place outer broadcast"),
        ((1, 4), (3, 4), "in-place"),
        ((3, 1), (3, 4), "in-place"),
    ],
)
def test_in_place_never_grows_nor_touches_the_right(left, right, message):
    a, b = Matrix(*left, 1), Matrix(*right, 2)
    with pytest.raises(ValueError, match=message):
        a += b
    same(a, np.ones(left))
    same(b, np.full(right, 2.0))


def test_mismatch_serves_both_generations():
    for call in (
        lambda: Matrix(2, 3) + Matrix(3, 2),
        lambda: Matrix(2, 3) @ Matrix(2, 3),
        lambda: Matrix(2, 3).sum(7),
        lambda: Matrix(2, 3) + [1, 2],
        lambda: Matrix(2, 3) + [],
    ):
        with pytest.raises(ValueError, match=r".") as caught:
            call()
        assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize("other", [None, "ab", object(), [[1]], [None], 1j, [1, "2"]])
def test_foreign_operands_are_type_errors(other):
    m = Matrix(1, 2)
    for call in (lambda: m + other, lambda: other * m, lambda: m @ other):
        with pytest.raises(TypeError):
            call()


def test_unsupported_operators_are_type_errors():
    m = Matrix(2, 2)
    for call in (
        lambda: ~m,
        lambda: float(m),
    ):
        with pytest.raises(TypeError):
            call()
    assert float(Matrix(1, 1, 2.5)) == 2.5


def test_out_is_checked_before_anything_is_written():
    m = Matrix(2, 2, 1)
    with pytest.raises(ValueError, match="out shape 1x2 does not match result 2x2"):
        m.add(1, out=Matrix(1, 2))
    for bad in ([1], m.view[0], 3):
        with pytest.raises(TypeError, match="out must be a Matrix"):
            m.add(1, out=bad)
    assert m.add(m, out=m) is m
    same(m, np.full((2, 2), 2.0))


def test_two_roundings():
    a = Matrix(1, 64, [1 + 2.0**-30] * 64)
    expected = (1 + 2.0**-30) * (1 + 2.0**-30) - 1
    same(a * a - 1, np.full((1, 64), expected))


@given(dimensions, dimensions, dimensions, st.data())
def test_product_adds_in_ascending_order(m, k, n, data):
    a = data.draw(arrays(shape=(m, k)))
    b = data.draw(arrays(shape=(k, n)))
    check_product(a, b)


@pytest.mark.parametrize(
    "shape", [(70, 300, 45), (6, 600, 32), (7, 257, 33), (64, 64, 64), (200, 3, 200)]
)
def test_product_in_blocks_has_the_same_bits(shape):
    m, k, n = shape
    random = np.random.default_rng(7)
    check_product(random.normal(size=(m, k)), random.normal(size=(k, n)))


def check_product(a, b):
    expected = np.zeros((a.shape[0], b.shape[1]))
    with np.errstate(all="ignore"):
        for k in range(a.shape[1]):
            expected = expected + a[:, k : k + 1] * b[k : k + 1, :]
    same(matrix(a) @ matrix(b), expected)


def test_product_operands():
    m = Matrix(2, 1, [3, 4])
    same([1, 2] @ m, [[11]])
    same(m @ [1, 2], [[3, 6], [4, 8]])
    same(Matrix(1, 1, 2) @ Matrix(1, 3, 1), [[2, 2, 2]])
    m @= Matrix(1, 1, 2)
    same(m, [[6], [8]])
    for call in (lambda: m @ 2, lambda: 2 @ m):
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize("name", MASKS)
@given(pair=operands())
def test_masks_broadcast_as_numpy(name, pair):
    a, b = pair
    expected = MASKS[name](a, b).astype(float)
    same(getattr(matrix(a), name)(matrix(b)), expected)
    out = Matrix(*expected.shape)
    assert getattr(matrix(a), name)(matrix(b), out=out) is out
    same(out, expected)


def lexicographic(a, b):
    for x, y in zip(a, b):
        if x < y:
            return -1
        if x > y:
            return 1
    return 0


COMPARISONS = [
    operator.lt,
    operator.le,
    operator.gt,
    operator.ge,
    operator.eq,
    operator.ne,
]


@pytest.mark.parametrize("op", COMPARISONS)
@given(data=st.data())
def test_comparison_is_lexicographic(op, data):
    a = data.draw(arrays())
    b = data.draw(st.one_of(st.just(a.copy()), arrays(shape=a.shape)))
    order = lexicographic(a.ravel().tolist(), b.ravel().tolist())
    assert op(matrix(a), matrix(b)) is op(order, 0)
    number = data.draw(floats)
    order = lexicographic(a.ravel().tolist(), [number] * a.size)
    assert op(matrix(a), number) is op(order, 0)
    assert op(number, matrix(a)) is op(-order, 0)


def test_equality_never_raises():
    m = Matrix(1, 2, [1, 2])

    class Broken:
        def __float__(self):
            raise LookupError

    for other in (Matrix(2, 2), None, "ab", [1], [], [None], 1j, Broken(), m.view[0]):
        assert (m == other) is False
        assert (m != other) is True
    assert m == [1, 2]
    assert (1, 2) == m
    assert Matrix(1, 2, math.nan) == 1
    with pytest.raises(ValueError, match="order"):
        m < Matrix(2, 2)  # noqa: B015
    with pytest.raises(ValueError, match="empty"):
        m < []  # noqa: B015
    for other in (None, [None], 1j, Broken()):
        with pytest.raises(TypeError):
            m < other  # noqa: B015


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, MemoryError])
def test_what_ends_a_program_passes_through_comparisons(error):
    class Ending:
        def __float__(self):
            raise error

    for op in (operator.eq, operator.ne, operator.lt):
        for other in (Ending(), [Ending()]):
            with pytest.raises(error):
                op(Matrix(1, 1), other)


@given(arrays())
def test_negation_and_absolute_value(a):
    same(-matrix(a), -a)
    same(abs(matrix(a)), np.abs(a))


@given(arrays(), arrays())
def test_operands_are_left_alone(a, b):
    m, n = matrix(a), matrix(b)
    before = bits(array(m)), bits(array(n))
    for op in OPERATORS.values():
        try:
            op(m, n)
        except ValueError:
            continue
    np.testing.assert_array_equal(bits(array(m)), before[0])
    np.testing.assert_array_equal(bits(array(n)), before[1])
