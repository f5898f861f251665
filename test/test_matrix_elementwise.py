"""Functions of single numbers, bounds and bins."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import array, arrays, finite, floats, matrix, prints_the_same, same
from programs import run_command

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def sign(a):
    return (a > 0).astype(float) - (a < 0)


FUNCTIONS = {
    "negate": np.negative,
    "abs": np.abs,
    "ceil": np.ceil,
    "floor": np.floor,
    "round": np.rint,
    "sqrt": np.sqrt,
    "reciprocal": lambda a: 1 / a,
    "sign": sign,
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(a=arrays())
def test_functions_are_as_numpy(name, a):
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[name](a)
    m = matrix(a)
    same(getattr(m, name)(), expected)
    same(m, a)
    out = Matrix(*a.shape)
    assert getattr(m, name)(out=out) is out
    same(out, expected)
    assert getattr(m, name)(in_place=True) is m
    same(m, expected)


@pytest.mark.parametrize("name", ["cos", "sin"])
@given(a=arrays(elements=finite))
def test_trigonometry(name, a):
    function = getattr(math, name)
    expected = np.array([function(x) for x in a.ravel()]).reshape(a.shape)
    np.testing.assert_allclose(array(getattr(matrix(a), name)()), expected, atol=1e-15)
    assert math.isnan(getattr(Matrix(1, 1, math.inf), name)().x)


EXPONENTIALS = ("exp", "log", "log2", "log10", "tanh")


@pytest.mark.parametrize("name", [*FUNCTIONS, *EXPONENTIALS, "cos", "sin"])
def test_out_and_in_place_exclude_one_another(name):
    m = Matrix(2, 2, 0.5)
    with pytest.raises(ValueError, match="out and in_place are mutually exclusive"):
        getattr(m, name)(in_place=True, out=Matrix(2, 2))
    with pytest.raises(ValueError, match="out shape 1x2 does not match result 2x2"):
        getattr(m, name)(out=Matrix(1, 2))
    with pytest.raises(TypeError, match="out must be a Matrix"):
        getattr(m, name)(out=[1])
    assert getattr(m, name)(True) is m


bound = st.one_of(st.none(), floats)


@given(arrays(), bound, bound)
def test_clip(a, low, high):
    m = matrix(a)
    if low is None and high is None:
        with pytest.raises(ValueError, match="min, max"):
            m.clip(low, high)
        return
    least = -math.inf if low is None else low
    most = math.inf if high is None else high
    if most < least:
        with pytest.raises(AssertionError):
            m.clip(low, high)
        return
    expected = a.copy()
    expected[expected < least] = least
    expected[expected > most] = most
    same(m.clip(low, high), expected)
    same(m.clip(min=low, max=high, out=Matrix(*a.shape)), expected)
    assert m.clip(min=low, max=high, in_place=True) is m
    same(m, expected)


def test_clip_of_both_generations():
    m = Matrix(1, 3, [-5, 5, 15])
    same(m.clip(10), [[10, 10, 15]])
    same(m.clip(0, 10), [[0, 5, 10]])
    same(m.clip(maxval=10), [[0, 5, 10]])
    for arguments in ({"min": "a"}, {"max": [1]}, {"min": 0, "maxval": 1}):
        with pytest.raises(TypeError):
            m.clip(**arguments)


@pytest.mark.parametrize("level", ["0.5", "0.5.0"])
def test_clip_with_one_bound_as_in_the_oldest_release_on_request(level):
    program = "from bocpy import Matrix; print(Matrix(1, 2, [-5, 15]).clip(10))"
    ended = run_command("-c", program, BOCPY_COMPAT=level)
    assert (ended.code, ended.out) == (0, "[[ 0 10]]\n")


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(level):
    program = """
import hashlib, pickle
from bocpy import Matrix
Matrix.seed(5)
a, b = Matrix.normal(size=(67, 129)), Matrix.normal(size=(129, 45))
c = Matrix.normal(size=(67, 129))
results = [a @ b, a + c, a / c, a.sqrt(), a.round(), a.floor(), a.T, a.less(c)]
results += [a.sum(0), a.sum(1), a.min(0), a.max(1), a.fma(c, 2), a.scaled_add(3, c)]
results += [Matrix.vector([a.sum(), a.mean(), a.magnitude(), a.vecdot(c), a.min()])]
print(hashlib.sha256(b"".join(pickle.dumps(r) for r in results)).hexdigest())
"""
    prints_the_same(program, level)


def bin_of(x, bins, low, high, right):
    if math.isnan(x):
        return -1
    if high == low:
        return 0
    if math.isinf(x):
        return bins - 1 if x > 0 else 0
    t = (x - low) * bins / (high - low)
    index = math.ceil(t) - 1 if right else math.floor(t)
    return min(max(index, 0), bins - 1)


ordinary = st.one_of(st.floats(-1e6, 1e6), st.just(math.nan))


@given(arrays(elements=ordinary), st.integers(1, 50), st.booleans(), st.data())
def test_bin(a, bins, right, data):
    bounds = data.draw(
        st.one_of(st.none(), st.tuples(st.floats(-9, 9), st.floats(9, 99)))
    )
    numbers = a[~np.isnan(a)]
    low, high = bounds or (
        numbers.min(initial=math.inf),
        numbers.max(initial=-math.inf),
    )
    expected = [bin_of(x, bins, low, high, right) for x in a.ravel().tolist()]
    m = matrix(a)
    same(m.bin(bins, bounds=bounds, right=right), np.reshape(expected, a.shape))
    assert m.bin(bins, bounds=bounds, right=right, in_place=True) is m
    same(m, np.reshape(expected, a.shape))


def test_bin_of_infinities_and_of_huge_ranges():
    m = Matrix(1, 4, [-math.inf, 0, 1, math.inf])
    same(m.bin(2, bounds=(0, 1)), [[0, 0, 1, 1]])
    same(Matrix(1, 3, [-1.7e308, 1.0, 1.7e308]).bin(4), [[0, 2, 3]])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"bins": 0}, ValueError),
        ({"bins": 1.0}, TypeError),
        ({"bins": 2**100}, OverflowError),
        ({"bins": 2, "bounds": (1, 0)}, ValueError),
        ({"bins": 2, "bounds": (0, math.inf)}, ValueError),
        ({"bins": 2, "bounds": (0, 1, 2)}, ValueError),
        ({"bins": 2, "bounds": 3}, TypeError),
        ({"bins": 2, "bounds": ("a", "b")}, TypeError),
    ],
)
def test_bin_errors(arguments, error):
    with pytest.raises(error):
        Matrix(1, 2).bin(**arguments)


@given(arrays(), st.lists(floats.filter(lambda x: x == x), min_size=1, unique=True))
def test_digitize(a, edges):
    edges = sorted({float(e) + 0.0 for e in edges})
    for right in (False, True):
        expected = np.searchsorted(edges, a, side="left" if right else "right")
        expected = np.where(np.isnan(a), -1, expected)
        same(matrix(a).digitize(edges, right=right), expected)
    same(matrix(a).digitize(Matrix.vector(edges, True), right=True), expected)


@pytest.mark.parametrize(
    "edges", [[2, 1], [1, 1], [math.nan], [], Matrix(2, 2, range(4))]
)
def test_digitize_refuses_unsorted_edges(edges):
    with pytest.raises(ValueError, match=r"edges|empty"):
        Matrix(1, 1).digitize(edges)


def test_edges_may_be_the_matrix_itself():
    m = Matrix(1, 3, [1, 2, 3])
    assert m.digitize(m, in_place=True) is m
    same(m, [[1, 2, 3]])


@given(arrays())
def test_transpose(a):
    m = matrix(a)
    same(m.T, a.T)
    same(m.transpose(), a.T)
    assert m.transpose(in_place=True) is m
    same(m, a.T)
    assert m.transpose_in_place() is None
    same(m, a)
    assert m.T.rows == m.columns


@given(arrays())
def test_copies_and_layouts(a):
    m = matrix(a)
    other = m.copy()
    other += 1
    same(m, a)
    same(m.flatten(), a.reshape(1, -1))
    same(m.reshape(a.size, 1), a.reshape(-1, 1))
    np.testing.assert_equal(m.tolist(), a.tolist())
    with pytest.raises(ValueError, match="cannot become"):
        m.reshape(a.size + 1, 1)
    assert (m.rows, m.columns, m.shape, m.size) == (*a.shape, a.shape, a.size)
    assert m.ndim == np.ndim(m) == 2
