"""Taking along an axis, choosing by a mask, closeness, repetition."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import arrays, floats, matrix, same


def indices_along(a, axis, data):
    return data.draw(
        st.lists(
            st.integers(-a.shape[axis], a.shape[axis] - 1),
            min_size=a.shape[1 - axis],
            max_size=a.shape[1 - axis],
        )
    )


@given(arrays(), st.integers(0, 1), st.data())
def test_along_axis_is_as_numpy(a, axis, data):
    indices = indices_along(a, axis, data)
    places = np.expand_dims(np.array(indices), axis)
    m = matrix(a)
    expected = np.take_along_axis(a, places, axis)
    same(m.take_along_axis(indices, axis), expected)
    out = Matrix(*expected.shape)
    assert m.take_along_axis(indices, axis=axis, out=out) is out
    same(out, expected)
    value = data.draw(arrays(shape=expected.shape))
    written = a.copy()
    np.put_along_axis(written, places, value, axis)
    assert m.put_along_axis(indices, matrix(value), axis) is m
    same(m, written)


def test_along_axis_errors():
    m = Matrix(2, 3, range(6))
    same(m.put_along_axis([0, 1], 5, axis=1, accumulate=True), [[5, 1, 2], [3, 9, 5]])
    with pytest.raises(ValueError, match="indices"):
        m.take_along_axis([0], 0)
    with pytest.raises(IndexError):
        m.take_along_axis([0, 0, 2], 0)
    with pytest.raises(KeyError):
        m.take_along_axis([0], 5)
    with pytest.raises(TypeError):
        m.take_along_axis(["a"] * 3)
    with pytest.raises(ValueError, match="value"):
        m.put_along_axis([0, 0, 0], Matrix(3, 1))
    with pytest.raises(TypeError):
        m.put_along_axis([0, 0, 0], [1, 2, 3])
    with pytest.raises(ValueError, match="itself"):
        take_into_self()


def take_into_self():
    m = Matrix(1, 1)
    return m.take_along_axis([0], out=m)


def test_take_errors():
    m = Matrix(2, 2)
    for axis in (2, -3):
        with pytest.raises(KeyError):
            m.take([], axis)
        with pytest.raises(KeyError):
            m.select([], axis)
    with pytest.raises(IndexError):
        m.take([])
    assert m.select([]) is None
    with pytest.raises(IndexError):
        m.select([2])
    for bad in (3, None, ["a"], [1.0]):
        with pytest.raises(TypeError):
            m.take(bad)
    with pytest.raises(ValueError, match="itself"):
        m.take([0, 1], out=m)
    with pytest.raises(ValueError, match="out shape"):
        m.take([0], out=Matrix(2, 2))
    out = Matrix(1, 2, 9)
    assert m.take([1], out=out) is out
    same(out, [[0, 0]])


def branches(a, data):
    kind = data.draw(st.sampled_from(["number", "matrix"]))
    if kind == "number":
        number = data.draw(floats)
        return number, np.full(a.shape, number)
    values = data.draw(arrays(shape=a.shape))
    return matrix(values), values


@given(arrays(elements=st.sampled_from([0.0, -0.0, 1.0, math.nan])), st.data())
def test_where_chooses(mask, data):
    a, yes = branches(mask, data)
    b, no = branches(mask, data)
    expected = np.where(mask != 0, yes, no)
    same(Matrix.where(matrix(mask), a, b), expected)
    out = Matrix(*mask.shape)
    assert Matrix.where(matrix(mask), a, b, out=out) is out
    same(out, expected)


def test_where_errors():
    mask = Matrix(1, 2, [0, 1])
    same(Matrix.where(mask, [1, 2], (3, 4)), [[3, 2]])
    for bad in (None, "ab", {1, 2}, mask.view[0], [None, 1]):
        with pytest.raises(TypeError):
            Matrix.where(mask, bad, 0)
    for bad in (Matrix(1, 1), Matrix(2, 1), [1], []):
        with pytest.raises(ValueError, match=r"shape|empty"):
            Matrix.where(mask, bad, 0)
    for bad in ([0, 1], mask.view[0], 1):
        with pytest.raises(TypeError):
            Matrix.where(bad, 1, 0)


def test_allclose():
    inf, nan = math.inf, math.nan

    def close(a, b, **options):
        return Matrix.allclose(Matrix(1, 1, a), Matrix(1, 1, b), **options)

    assert close(1, 1 + 1e-9)
    assert not close(1, 1.1)
    assert close(1, 1.1, rtol=0.1)
    assert close(1, 1.1, atol=0.2)
    assert close(nan, nan)
    assert close(inf, inf)
    assert not close(inf, -inf)
    assert not close(inf, 1)
    assert not close(1, inf)
    assert not close(nan, 1)
    assert not close(1, nan)
    assert not Matrix.allclose(Matrix(1, 2), Matrix(2, 1))
    assert type(close(1, 1)) is bool
    for bad in ([0], 0, Matrix(1, 1).view[0]):
        with pytest.raises(TypeError):
            Matrix.allclose(Matrix(1, 1), bad)


@given(arrays(), st.integers(1, 4), st.sampled_from([None, 0, 1, -1, -2]))
def test_repeat_interleave(a, repeats, axis):
    expected = np.repeat(a, repeats, axis)
    if axis is None:
        expected = expected[None]
    same(matrix(a).repeat_interleave(repeats, axis), expected)


def test_repeat_errors():
    m = Matrix(2, 2)
    for repeats, error in [(0, ValueError), (1.0, TypeError), (2**62, OverflowError)]:
        with pytest.raises(error):
            m.repeat_interleave(repeats)
    with pytest.raises(OverflowError):
        m.repeat_interleave(2**100)
