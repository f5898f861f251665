"""Running sums and numbers in order."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from bocpy._math import MatrixIndices
from matrices import arrays, floats, matrix, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

axes = st.sampled_from([None, 0, 1, -1, -2])


def row_of(found, axis):
    """What numpy answers, with everything as a row."""
    return found[np.newaxis] if axis is None else found


@given(arrays(), axes)
def test_running_sums_are_as_numpy(a, axis):
    m = matrix(a)
    with np.errstate(all="ignore"):
        expected = row_of(np.cumsum(a, axis), axis)
        same(m.cumsum(axis), expected)
        same(m.cumsum(axis=axis, dtype=None, out=None), expected)
        found = np.cumsum(m, axis)
    assert isinstance(found, Matrix)
    same(found, expected)
    same(m, a)


@given(arrays(), axes)
def test_sorted_numbers_are_as_numpy(a, axis):
    m = matrix(a)
    expected = row_of(np.sort(a, axis, kind="stable"), axis)
    same(m.sort(axis), expected)
    same(m.sort(axis=axis), expected)
    same(m, a)


def lines_of(a, axis):
    return a.T if axis in (0, -2) else a


@given(arrays(), axes)
def test_indices_in_order_are_as_numpy(a, axis):
    m = matrix(a)
    expected = np.argsort(a, axis, kind="stable")
    found = m.argsort(axis)
    same(m.argsort(axis, as_matrix=True), row_of(expected, axis))
    same(m.argsort(axis, True), row_of(expected, axis))
    if axis is None:
        assert type(found) is MatrixIndices
        assert (found, found.shape) == (expected.tolist(), (1, a.size))
        same(m.flatten().take(found, axis=1), np.sort(a, None, kind="stable")[None])
        return
    assert found == lines_of(expected, axis).tolist()
    assert {type(places) for places in found} == {MatrixIndices}
    shape = (a.shape[0], 1) if axis in (0, -2) else (1, a.shape[1])
    assert {places.shape for places in found} == {shape}
    ordered = m.sort(axis)
    for i, places in enumerate(found):
        if axis in (0, -2):
            same(m[:, [i]].take(places), np.asarray(ordered)[:, [i]])
        else:
            same(m[[i]].take(places, axis=1), np.asarray(ordered)[[i]])


def test_equal_numbers_keep_their_order_and_nan_comes_last():
    m = Matrix(1, 6, [math.nan, 0.0, -0.0, math.inf, -0.0, -math.inf])
    same(m.sort(), [[-math.inf, 0.0, -0.0, -0.0, math.inf, math.nan]])
    assert m.argsort() == [5, 1, 2, 4, 3, 0]
    assert m.argsort(1) == [[5, 1, 2, 4, 3, 0]]
    same(Matrix(1, 3, -0.0).cumsum(), [[-0.0, -0.0, -0.0]])


def test_indices_keep_their_shape_wherever_they_go():
    (column,) = Matrix(3, 1, [3, 1, 2]).argsort(0)
    for made in (pickle.loads(pickle.dumps(column)), copy.copy(column)):
        assert (made, made.shape, made[0, 0]) == ([1, 2, 0], (3, 1), 1.0)


@given(st.lists(floats, min_size=1, max_size=9))
def test_masks_are_put_in_order_too(values):
    mask = Matrix(200, 200, 1).less(values[0])
    assert mask.sort(0).sum() == mask.sum() == mask.cumsum()[0, -1]


@pytest.mark.parametrize("name", ["cumsum", "sort", "argsort"])
def test_errors(name):
    order = getattr(Matrix(2, 2, 1), name)
    with pytest.raises(TypeError, match="bool"):
        order(True)
    with pytest.raises(TypeError, match="axis must be an int or None"):
        order("0")
    with pytest.raises(ValueError, match="axis must be -2, -1, 0, or 1"):
        order(2)
    with pytest.raises(OverflowError):
        order(2**32)
    with pytest.raises(TypeError):
        order(0, 0, 0)
    given_away = Matrix(2, 2)
    _cown = Cown(given_away)
    with pytest.raises(RuntimeError, match="not the owner"):
        getattr(given_away, name)("no axis")
    if name == "cumsum":
        with pytest.raises(TypeError, match="dtype must be None"):
            order(dtype=float)
        with pytest.raises(TypeError, match="out must be None"):
            order(out=Matrix(2, 2))
