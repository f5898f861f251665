"""Products, truths and deviations along an axis, and numpy's functions of matrices."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import array, arrays, floats, matrix, prints_the_same, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

axes = st.sampled_from([None, 0, 1, -1, -2])
small = st.integers(-100, 100).map(float)
FOLDS = {
    "prod": np.prod,
    "any": np.any,
    "all": np.all,
    "var": np.var,
    "std": np.std,
}
EMPTY = {"prod": 1.0, "any": 0.0, "all": 1.0}
TRUTHS = {"any", "all"}


def kept(folded, axis):
    """The matrix shape of what numpy folded."""
    return folded if axis is None else np.expand_dims(folded, axis)


def kind_of(name, axis):
    if axis is not None:
        return Matrix
    return bool if name in TRUTHS else float


def values_of(found):
    return array(found) if isinstance(found, Matrix) else found


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=small), axis=axes)
def test_folds_are_as_numpy(name, a, axis):
    expected = kept(FOLDS[name](a, axis=axis), axis)
    found = getattr(matrix(a), name)(axis)
    assert type(found) is kind_of(name, axis)
    np.testing.assert_allclose(values_of(found), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=floats), axis=axes)
def test_special_numbers_come_through(name, a, axis):
    a = np.where(np.abs(a) > 1e150, np.inf * np.sign(a), a)
    a = np.where(np.abs(a) < 1e-150, 0.0 * a, a)
    with np.errstate(all="ignore"):
        expected = kept(FOLDS[name](a, axis=axis), axis)
    found = values_of(getattr(matrix(a), name)(axis=axis))
    scale = np.max(np.abs(a), where=np.isfinite(a), initial=0.0)
    slack = 1e-14 * (scale * scale if name == "var" else scale)
    if name == "std":
        slack = 1e-7 * scale
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=slack)


@given(arrays(elements=floats))
def test_products_multiply_in_order(a):
    found = matrix(a).prod()
    np.testing.assert_equal(found, math.prod(a.ravel().tolist()))
    columns = [math.prod(column) for column in a.T.tolist()]
    same(matrix(a).prod(0), [columns])


@pytest.mark.parametrize("name", FOLDS)
@given(a=arrays(elements=small), axis=axes, data=st.data())
def test_where_leaves_numbers_out(name, a, axis, data):
    mask = data.draw(
        arrays(shape=a.shape, elements=st.sampled_from([0.0, -0.0, 1.0, math.nan]))
    )
    poisoned = np.where(mask != 0, a, math.nan)
    groups = [a.ravel()[mask.ravel() != 0]] if axis is None else None
    if axis in (0, -2):
        groups = [a[mask[:, j] != 0, j] for j in range(a.shape[1])]
    elif axis in (1, -1):
        groups = [a[i, mask[i] != 0] for i in range(a.shape[0])]
    empty = EMPTY.get(name, math.nan)
    expected = [FOLDS[name](g) if g.size else empty for g in groups]
    found = getattr(matrix(poisoned), name)(axis, matrix(mask))
    values = [found] if axis is None else list(found.values())
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (70, 70)])
def test_truths_look_everywhere(size):
    for place in {0, size[0] * size[1] - 1}:
        one, hole = Matrix.zeros(size), Matrix.full(size, math.nan)
        assert not one.any()
        assert hole.all()
        row, column = divmod(place, size[1])
        one[row, column] = 5e-324
        hole[row, column] = -0.0
        assert (one.any(), one.all()) == (True, size == (1, 1))
        assert (hole.all(), hole.any()) == (False, size != (1, 1))
        same(one.any(0), array(one).any(axis=0)[np.newaxis])
        same(hole.all(1), array(hole).all(axis=1)[:, np.newaxis])


def test_masks_fold_without_becoming_numbers():
    m = Matrix(200, 200, 1)
    mask = m.equal(1)
    assert (mask.all(), mask.any(), mask.prod()) == (True, True, 1.0)
    none = m.equal(2)
    assert (none.all(), none.any(), none.prod()) == (False, False, 0.0)
    assert (mask.var(), mask.all(where=none)) == (0.0, True)


def exact_variance(group, ddof):
    numbers = [Fraction(x) for x in group]
    mean = sum(numbers) / len(numbers)
    return float(sum((x - mean) ** 2 for x in numbers) / (len(numbers) - ddof))


@given(
    arrays(elements=st.floats(-1, 1)),
    st.sampled_from([0.0, 1.0, 1e3, 1e9, -1e12]),
    axes,
    st.sampled_from([0, 1, -1, 0.5, np.float64(2)]),
)
def test_variances_far_from_zero_are_exact(a, offset, axis, ddof):
    a = a + offset
    groups = [a.ravel()] if axis is None else (a.T if axis in (0, -2) else a)
    if len(groups[0]) <= ddof:
        return
    expected = [exact_variance(group.tolist(), Fraction(ddof)) for group in groups]
    for where in (None, Matrix.ones(a.shape)):
        found = matrix(a).var(axis, where, ddof=ddof)
        found = [found] if axis is None else list(found.values())
        atol = (abs(offset) * 2e-16) ** 2
        np.testing.assert_allclose(found, expected, rtol=1e-11, atol=atol)
        deviation = matrix(a).std(axis, where, ddof=ddof)
        deviation = [deviation] if axis is None else list(deviation.values())
        np.testing.assert_allclose(np.square(deviation), found, rtol=1e-14, atol=0)


def test_variances_of_equal_numbers_are_zero():
    for number in (0.1, -1e9 / 3, 1e-300):
        m = Matrix(37, 41, number)
        assert 0 <= m.std() <= abs(number) * 1e-15
        same(m.var(0), np.zeros((1, 41)))


def test_what_ddof_leaves():
    m = Matrix(1, 2, [1, 3])
    assert (m.var(), m.var(ddof=1), m.var(ddof=2)) == (1.0, 2.0, math.inf)
    assert math.isnan(Matrix(1, 1, 5).var(ddof=1))
    assert math.isnan(m.std(where=Matrix(1, 2), ddof=-1))
    for bad in ("1", None, [1]):
        with pytest.raises(TypeError, match="ddof"):
            m.var(ddof=bad)
    with pytest.raises(TypeError, match="positional"):
        m.var(None, None, 1)


NUMPY = {
    **FOLDS,
    "sum": np.sum,
    "mean": np.mean,
    "min": np.min,
    "max": np.max,
}


@pytest.mark.parametrize("name", NUMPY)
@given(a=arrays(elements=small), axis=axes)
def test_functions_of_numpy_answer_as_the_methods(name, a, axis):
    m = matrix(a)
    found, expected = NUMPY[name](m, axis=axis), getattr(m, name)(axis)
    assert type(found) is type(expected) is kind_of(name, axis)
    assert found == expected
    mask = Matrix.ones(a.shape)
    if name not in {"var", "std"}:
        assert NUMPY[name](m, axis, where=mask) == getattr(m, name)(axis, mask)
    else:
        assert NUMPY[name](m, axis=axis, ddof=-1) == getattr(m, name)(axis, ddof=-1)


@pytest.mark.parametrize("name", [*NUMPY, "magnitude", "magnitude_squared"])
def test_dtype_and_out_must_be_none(name):
    m = Matrix(1, 2, 1)
    fold = getattr(m, name)
    assert fold(out=None) == fold()
    with pytest.raises(TypeError, match="out must be None"):
        fold(0, out=Matrix(1, 2))
    with pytest.raises(TypeError):
        fold(None, None, None)
    with pytest.raises(TypeError, match="keepdims"):
        fold(keepdims=True)
    assert fold(dtype=None) == fold()
    with pytest.raises(TypeError, match="dtype must be None"):
        fold(dtype=float)


@pytest.mark.parametrize("name", FOLDS)
def test_axis_and_where_are_checked(name):
    fold = getattr(Matrix(2, 2, 1), name)
    with pytest.raises(TypeError, match="bool"):
        fold(True)
    with pytest.raises(ValueError, match="axis must be -2, -1, 0, or 1"):
        fold(2)
    with pytest.raises(OverflowError):
        fold(2**32)
    with pytest.raises(ValueError, match="where shape 1x2"):
        fold(where=Matrix(1, 2))
    with pytest.raises(TypeError, match="where must be a Matrix"):
        fold(where=[1])
    given_away = Matrix(2, 2)
    held = Matrix(2, 2)
    _cown = Cown(given_away)
    for call in (
        lambda: getattr(given_away, name)("no axis"),
        lambda: getattr(held, name)(where=given_away),
    ):
        with pytest.raises(RuntimeError, match="not the owner"):
            call()


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(level):
    program = """
import hashlib, pickle
from bocpy import Matrix
Matrix.seed(5)
a = Matrix.normal(size=(67, 129))
results = [a.var(0), a.var(1), a.std(0, a.less(1)), a.prod(0), a.prod(1)]
results += [a.floor().any(0), a.floor().all(1), Matrix.vector([a.var(), a.prod()])]
print(hashlib.sha256(b"".join(pickle.dumps(r) for r in results)).hexdigest())
"""
    prints_the_same(program, level)
