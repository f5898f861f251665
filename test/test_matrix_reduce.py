"""Reductions along an axis, masks that leave numbers out, and rankings."""

from __future__ import annotations

import copy
import math
import pickle
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from bocpy._math import MatrixIndices
from matrices import array, arrays, close, finite, floats, matrix, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

axes = st.sampled_from([None, 0, 1, -1, -2])
FOLDS = {
    "sum": np.sum,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
    "magnitude": lambda a, axis: np.sqrt(np.sum(a * a, axis=axis)),
    "magnitude_squared": lambda a, axis: np.sum(a * a, axis=axis),
}
small = st.integers(-100, 100).map(float)


def kept(folded, axis):
    """The matrix shape of what numpy folded."""
    if axis is None:
        return folded
    return np.expand_dims(folded, axis)


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=small), axis=axes)
def test_reductions_are_as_numpy(name, a, axis):
    expected = kept(FOLDS[name](a, axis=axis), axis)
    found = getattr(matrix(a), name)(axis)
    assert type(found) is (float if axis is None else Matrix)
    close(found, expected)


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=floats), axis=axes)
def test_special_numbers_come_through(name, a, axis):
    a = np.where(np.abs(a) > 1e150, np.inf * np.sign(a), a)
    with np.errstate(all="ignore"):
        expected = kept(FOLDS[name](a, axis=axis), axis)
    found = getattr(matrix(a), name)(axis=axis)
    found = array(found) if isinstance(found, Matrix) else found
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=finite), axis=axes, data=st.data())
def test_where_leaves_numbers_out(name, a, axis, data):
    mask = data.draw(
        arrays(shape=a.shape, elements=st.sampled_from([0.0, -0.0, 1.0, math.nan]))
    )
    a = np.where(np.abs(a) > 1e150, 7.0, a)
    poisoned = np.where(mask != 0, a, math.nan)
    groups = [a.ravel()[mask.ravel() != 0]] if axis is None else None
    if axis in (0, -2):
        groups = [a[mask[:, j] != 0, j] for j in range(a.shape[1])]
    elif axis in (1, -1):
        groups = [a[i, mask[i] != 0] for i in range(a.shape[0])]
    empty = 0.0 if name in ("sum", "magnitude", "magnitude_squared") else math.nan
    expected = [FOLDS[name](g, axis=None) if g.size else empty for g in groups]
    found = getattr(matrix(poisoned), name)(axis, matrix(mask))
    values = [found] if axis is None else list(found.values())
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)


def test_mean_does_not_overflow():
    assert Matrix(1, 4, [1e308] * 4).mean() == 1e308
    same(Matrix(4, 1, [1.5e308] * 4).mean(0), [[1.5e308]])
    assert Matrix(1, 2, [math.inf, 1]).mean() == math.inf


def test_extremes_of_infinities_and_nan():
    assert Matrix(2, 2, math.inf).min() == math.inf
    assert Matrix(2, 2, -math.inf).max() == -math.inf
    for place in range(70):
        m = Matrix(1, 70, 1)
        m[0, place] = math.nan
        assert math.isnan(m.min())
        assert math.isnan(m.max())
        assert math.isnan(m.T.min(0).x)
    assert Matrix(1, 70, [math.inf, -math.inf] * 35).min() == -math.inf


HUGE = [1.7e308, -1.7e308, sys.float_info.max, -sys.float_info.max, 1.0]


@given(arrays(elements=st.sampled_from(HUGE)), axes, st.booleans())
def test_means_of_huge_numbers_do_not_overflow(a, axis, masked):
    groups = [a.ravel()] if axis is None else (a.T if axis in (0, -2) else a)
    expected = [float(sum(map(Fraction, group)) / len(group)) for group in groups]
    mask = Matrix.ones(a.shape) if masked else None
    found = matrix(a).mean(axis, mask)
    found = [found] if axis is None else list(found.values())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e297)


def test_means_of_infinities_after_an_overflow():
    m = Matrix(1, 3, [1.7e308, 1.7e308, -math.inf])
    for found in (m.mean(), m.mean(1).x, m.T.mean(0).x, m.mean(where=m.not_equal(0))):
        assert found == -math.inf
    assert math.isnan(Matrix(1, 2, [math.inf, -math.inf]).mean())
    assert math.isnan(Matrix(1, 3, [1.7e308, 1.7e308, math.nan]).mean())


def test_sum_of_negative_zeros_is_zero():
    assert math.copysign(1, Matrix(1, 3, -0.0).sum()) == 1
    same(Matrix(1, 3, -0.0).sum(0), [[0.0, 0.0, 0.0]])


@pytest.mark.parametrize(
    "call",
    [
        lambda m, axis: m.sum(axis),
        lambda m, axis: m.argmin(axis),
        lambda m, axis: m.topk(1, axis),
        lambda m, axis: m.normalize(axis),
        lambda m, axis: m.angle(axis),
        lambda m, axis: m.cross(m, axis),
        lambda m, axis: m.vecdot(m, axis),
        lambda m, axis: m.repeat_interleave(1, axis),
    ],
)
def test_axis_checks(call):
    m = Matrix(2, 2, 1)
    with pytest.raises(TypeError, match="bool"):
        call(m, True)
    for axis in ("0", 1.0):
        with pytest.raises(TypeError, match="axis must be an int or None"):
            call(m, axis)
    for axis in (2, -3, 1000):
        with pytest.raises(ValueError, match="axis must be -2, -1, 0, or 1"):
            call(m, axis)
    for axis in (2**32, 2**100):
        with pytest.raises(OverflowError):
            call(m, axis)
    call(m, np.int64(1))


def test_where_is_checked():
    m = Matrix(2, 2)
    with pytest.raises(ValueError, match="where shape 1x2"):
        m.sum(where=Matrix(1, 2))
    for bad in ([1, 1], m.view[0], True):
        with pytest.raises(TypeError):
            m.sum(where=bad)
    assert m.sum(None, None) == 0


def first(values, better):
    """The place of the best number, by the rule for NaN."""
    place = -1
    for i, value in enumerate(values):
        if place < 0 or better(value, values[place]):
            place = i
    return place


@given(arrays(), axes, st.booleans())
def test_argmin_and_argmax_find_the_first(a, axis, least):
    better = (lambda x, y: x < y) if least else (lambda x, y: x > y)
    m = matrix(a)
    found = (m.argmin if least else m.argmax)(axis)
    if axis is None:
        assert found == first(a.ravel().tolist(), better)
        return
    lines = a.T if axis in (0, -2) else a
    expected = [first(line, better) for line in lines.tolist()]
    assert found == expected
    assert isinstance(found, list)
    shape = (1, a.shape[1]) if axis in (0, -2) else (a.shape[0], 1)
    as_matrix = (m.argmin if least else m.argmax)(axis, as_matrix=True)
    same(as_matrix, np.array(expected).reshape(shape))
    assert (found.rows, found.columns) == found.shape == shape
    assert found[0, 0] == expected[0]
    assert Matrix.allclose(found, as_matrix)


@pytest.mark.parametrize("axis", [0, 1])
def test_indices_keep_their_shape_wherever_they_go(axis):
    m = Matrix(2, 2, [1, 2, 3, 0])
    found = m.argmax(axis)
    cown = Cown(found)
    for made in (
        pickle.loads(pickle.dumps(found)),
        copy.copy(found),
        copy.deepcopy(found),
        cown.unwrap(),
    ):
        assert type(made) is MatrixIndices
        assert (made, made.shape) == (found, found.shape)
    assert m.take_along_axis(found, axis) == m.max(axis)


def test_indices_made_by_hand_are_a_row_or_a_column():
    assert MatrixIndices().shape == (1, 0)
    assert MatrixIndices([1, 2]).shape == (1, 2)
    column = MatrixIndices(values=range(3), as_column=True)
    assert (column, column.shape, column[2, 0]) == ([0, 1, 2], (3, 1), 2.0)
    column.append(7)
    assert (column.rows, column[3, 0]) == (4, 7.0)
    with pytest.raises(IndexError):
        column[0, 1]
    with pytest.raises(TypeError):
        MatrixIndices(1)
    with pytest.raises(TypeError):
        MatrixIndices([1], shape=(1, 1))


def test_masked_argmin():
    m = Matrix(2, 2, [1, 2, 3, 4])
    mask = Matrix(2, 2, [0, 0, 1, 1])
    assert m.argmin(where=mask) == 2
    assert m.argmin(1, mask) == [-1, 0]


@given(arrays(), axes, st.booleans(), st.data())
def test_topk_sorts_stably_with_nan_last(a, axis, largest, data):
    lines = [a.ravel()] if axis is None else (a.T if axis in (0, -2) else a)
    k = data.draw(st.integers(1, len(lines[0])))
    sign = -1 if largest else 1
    places = [
        sorted(
            range(len(line)),
            key=lambda i, line=line: (
                math.isnan(line[i]),
                0 if math.isnan(line[i]) else sign * line[i],
            ),
        )[:k]
        for line in lines
    ]
    values = np.array([[line[i] for i in order] for line, order in zip(lines, places)])
    across = axis in (0, -2)
    found, indices = matrix(a).topk(k, axis, largest)
    same(found, values.T if across else values)
    assert indices == (places[0] if axis is None else places)
    found, indices = matrix(a).topk(k, axis, largest, as_matrix=True)
    same(indices, np.array(places).T if across else places)


def test_topk_pads_short_groups_and_checks_k():
    m = Matrix(2, 2, [1, 2, 3, 4])
    values, indices = m.topk(2, 1, where=Matrix(2, 2, [0, 1, 0, 0]))
    same(values, [[2, math.nan], [math.nan, math.nan]])
    assert indices == [[1, -1], [-1, -1]]
    for k in (0, -1, 5):
        with pytest.raises(ValueError, match="k must be"):
            m.topk(k)
    with pytest.raises(ValueError, match="k must be"):
        m.topk(3, 0)
    with pytest.raises(TypeError):
        m.topk(1.0)
    with pytest.raises(OverflowError):
        m.topk(2**100)
