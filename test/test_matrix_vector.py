"""Vectors and batches of vectors; fused arithmetic."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import array, arrays, close, dimensions, finite, floats, matrix, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
small = st.integers(-50, 50).map(float)


@given(arrays(elements=small), st.sampled_from([None, 0, 1]), st.data())
def test_vecdot_is_a_sum_of_products(a, axis, data):
    rows, columns = a.shape
    shape = data.draw(st.sampled_from([a.shape, (1, columns), (rows, 1)]))
    b = data.draw(arrays(shape=shape, elements=small))
    products = a * b
    expected = products.sum(axis=axis, keepdims=axis is not None)
    for left, right in ((a, b), (b, a)):
        found = matrix(left).vecdot(matrix(right), axis)
        if axis is None:
            assert found == expected
        else:
            same(found, expected)


def test_vecdot_pairs_vectors_of_either_orientation():
    row, column = Matrix(1, 3, [1, 2, 3]), Matrix(3, 1, [4, 5, 6])
    assert row.vecdot(column) == column.vecdot(row) == row.vecdot([4, 5, 6]) == 32
    same(row.vecdot(column, 0), [[4, 10, 18]])
    same(column.vecdot(row, 1), [[4], [10], [18]])
    assert row.vecdot(Matrix(1, 1, 2)) == 12
    with pytest.raises(ValueError, match="vecdot: lhs 2x3 incompatible with rhs 1x1"):
        Matrix(2, 3).vecdot(Matrix(1, 1))
    with pytest.raises(ValueError, match="incompatible"):
        row.vecdot(Matrix(1, 2), axis=9)
    with pytest.raises(TypeError):
        row.vecdot(other=row)


@given(dimensions, st.sampled_from([2, 3]), st.booleans(), st.booleans(), st.data())
def test_cross_is_as_defined(count, size, across, single, data):
    a = data.draw(arrays(shape=(count, size), elements=small))
    other = (1, size) if single else (count, size)
    b = data.draw(arrays(shape=other, elements=small))
    full = np.broadcast_to(b, a.shape)
    if size == 2:
        expected = (a[:, 0] * full[:, 1] - a[:, 1] * full[:, 0])[:, None]
    else:
        expected = np.cross(a, full)
    axis = 1
    if not across:
        a, b, expected, axis = a.T, b.T, expected.T, 0
    assume(a.shape not in ((2, 3), (3, 2)))  # always read as 2xN and Nx2
    found = matrix(a).cross(matrix(b), axis if a.shape[0] == a.shape[1] else None)
    if (count, size) == (1, 2):
        assert found == expected.item()
    else:
        np.testing.assert_array_equal(array(found), expected)


def test_cross_shapes():
    x, y = Matrix(1, 3, [1, 0, 0]), Matrix(3, 1, [0, 1, 0])
    same(x.cross(y), [[0, 0, 1]])
    same(y.cross(x), [[0], [0], [-1]])
    same(Matrix(2, 3, range(6)).cross([1, 1]), [[-3, -3, -3]])
    same(Matrix(3, 2, range(6)).cross([1, 1]), [[-1], [-1], [-1]])
    assert Matrix(2, 3).cross(Matrix(2, 3), 1).shape == (1, 3)
    assert Matrix(2, 2).cross(Matrix(2, 2)).shape == (2, 1)
    assert Matrix(2, 2).cross(Matrix(2, 2), 0).shape == (1, 2)
    for left, kind in [
        ((1, 2), "2D vector"),
        ((1, 3), "3D vector"),
        ((4, 2), "Nx2 batch"),
        ((2, 4), "2xN batch"),
        ((4, 3), "Nx3 batch"),
        ((3, 4), "3xN batch"),
    ]:
        message = f"cross: {kind} lhs {left[0]}x{left[1]} incompatible with rhs 5x5"
        with pytest.raises(ValueError, match=message):
            Matrix(*left).cross(Matrix(5, 5))
    with pytest.raises(ValueError, match="cross requires a 2D or 3D vector or Nx2"):
        Matrix(4, 4).cross(Matrix(4, 4))
    for shape, axis in [((4, 2), 0), ((2, 4), 1), ((1, 3), 0), ((3, 1), 1)]:
        with pytest.raises(ValueError, match="axis"):
            Matrix(*shape).cross(Matrix(*shape), axis)


@given(arrays(elements=small), st.sampled_from([None, 0, 1]))
def test_normalize(a, axis):
    length = np.sqrt((a * a).sum(axis=axis, keepdims=True))
    expected = np.where(length == 0, a, a / np.where(length == 0, 1, length))
    m = matrix(a)
    close(m.normalize(axis), expected)
    assert m.normalize(axis, in_place=True) is m
    close(m, expected)


@given(dimensions, st.booleans(), st.data())
def test_perpendicular_and_angle(count, across, data):
    a = data.draw(arrays(shape=(count, 2), elements=small))
    turned = np.stack([-a[:, 1], a[:, 0]], axis=1)
    angles = np.arctan2(a[:, 1], a[:, 0])[:, None]
    axis = 1 if across else 0
    if not across:
        a, turned, angles = a.T, turned.T, angles.T
    m = matrix(a)
    same(m.perpendicular(axis), turned)
    if count == 1:
        assert m.angle() == pytest.approx(angles.item())
    else:
        close(m.angle(axis), angles)
    assert m.perpendicular(axis, True) is m
    same(m, turned)


@pytest.mark.parametrize("name", ["perpendicular", "angle"])
def test_plane_shapes(name):
    with pytest.raises(ValueError, match=f"{name} requires a 2D vector or Nx2 or 2xN"):
        getattr(Matrix(3, 3), name)()
    for shape, axis in [((3, 2), 0), ((2, 3), 1), ((1, 2), 0), ((2, 1), 1)]:
        m = Matrix(*shape, 1)
        with pytest.raises(ValueError, match="axis"):
            getattr(m, name)(axis)
        same(m, np.ones(shape))


def fused(a, b, c):
    if all(map(math.isfinite, (a, b, c))):
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        try:
            rounded = float(exact)
        except OverflowError:
            return math.inf if exact > 0 else -math.inf
        return rounded if exact else a * b + c
    if math.isfinite(a) and math.isfinite(b):
        return c
    return a * b + c


@given(arrays(elements=floats), st.data())
def test_fma_rounds_once(a, data):
    rows, columns = a.shape
    shape = st.sampled_from([(rows, columns), (1, columns), (rows, 1), (1, 1)])
    b, c = (data.draw(arrays(shape=shape, elements=floats)) for _ in "bc")
    spread = (np.broadcast_to(x, a.shape).ravel().tolist() for x in (a, b, c))
    with np.errstate(all="ignore"):
        expected = [fused(*numbers) for numbers in zip(*spread)]
    m = matrix(a)
    same(m.fma(matrix(b), matrix(c)), np.reshape(expected, a.shape))
    assert m.fma(matrix(b), matrix(c), True) is m
    same(m, np.reshape(expected, a.shape))


def test_fma_with_numbers_and_itself():
    tiny = 2.0**-60
    assert Matrix(1, 1, 1 + 2.0**-30).fma(1 - 2.0**-30, -1).x == -tiny
    m = Matrix(1, 40, 3)
    same(m.fma(m, m, in_place=True), np.full((1, 40), 12.0))


@given(arrays(elements=finite), st.data())
def test_scaled_add_rounds_twice(a, data):
    rows, columns = a.shape
    shape = st.sampled_from([(rows, columns), (1, columns), (rows, 1), (1, 1)])
    s = data.draw(arrays(shape=shape, elements=finite))
    x = data.draw(arrays(shape=a.shape, elements=finite))
    with np.errstate(all="ignore"):
        expected = a + s * x
        m = matrix(a)
        same(m.scaled_add(matrix(s), matrix(x)), expected)
        same(m.scaled_add(2.5, matrix(x)), a + 2.5 * x)
    assert m.scaled_add(matrix(s), matrix(x), in_place=True) is m
    same(m, expected)


def test_fused_errors_write_nothing():
    m = Matrix(2, 2, 1)

    class Broken:
        def __float__(self):
            raise LookupError

    for call, error, message in [
        (
            lambda: m.fma(Matrix(1, 3), 1),
            ValueError,
            "fma: b shape 1x3 incompatible",
        ),
        (
            lambda: m.fma(1, Matrix(3, 3)),
            ValueError,
            "fma: c shape 3x3 incompatible",
        ),
        (
            lambda: m.fma([1, 2], 1),
            TypeError,
            "fma: b must be a Matrix or a real",
        ),
        (lambda: m.fma(1, m.view[0]), TypeError, "fma: c must be a Matrix or a real"),
        (lambda: m.fma(None, "a"), TypeError, "fma: b must be"),
        (lambda: m.scaled_add([1], m), TypeError, "scaled_add: s must be"),
        (lambda: m.scaled_add(Matrix(3, 3), m), ValueError, "scaled_add: s shape 3x3"),
        (
            lambda: m.scaled_add(1, Matrix(1, 2)),
            ValueError,
            "x shape 1x2 does not",
        ),
        (lambda: m.fma(Broken(), 1), LookupError, "^$"),
    ]:
        with pytest.raises(error, match=message):
            call()
    same(m, np.ones((2, 2)))
    assert array(Matrix(1, 2, 1).scaled_add(2, [3, 4])).tolist() == [[7, 9]]
