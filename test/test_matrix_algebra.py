"""Products of vectors, traces, determinants, inverses and linear equations."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import array, arrays, close, floats, matrix, prints_the_same, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

small = st.integers(-9, 9).map(float)
orders = st.integers(1, 8)


@st.composite
def squares(draw, elements=small):
    n = draw(orders)
    values = draw(st.lists(elements, min_size=n * n, max_size=n * n))
    return np.array(values).reshape(n, n)


def determinant(rows):
    """The exact determinant of a list of lists, by elimination in fractions."""
    rows = [[Fraction(x) for x in row] for row in rows]
    product = Fraction(1)
    for k in range(len(rows)):
        pivot = next((i for i in range(k, len(rows)) if rows[i][k] != 0), None)
        if pivot is None:
            return 0.0
        if pivot != k:
            rows[k], rows[pivot] = rows[pivot], rows[k]
            product = -product
        product *= rows[k][k]
        for row in rows[k + 1 :]:
            factor = row[k] / rows[k][k]
            row[k:] = [x - factor * y for x, y in zip(row[k:], rows[k][k:])]
    return float(product)


@given(arrays(elements=small))
def test_dot_is_the_product(a):
    m = matrix(a)
    same(m.dot(m.T), a @ a.T)
    same(m.dot(m.view[0].T), a @ a[:1].T)
    with pytest.raises(TypeError, match="not a number"):
        m.dot(2)
    with pytest.raises(ValueError, match="cannot multiply"):
        m.dot(Matrix(a.shape[1] + 1, 1))


@given(arrays(), arrays())
def test_outer_products_are_as_numpy(a, b):
    assume(a.size * b.size < 10**6)
    m, n = matrix(a), matrix(b)
    with np.errstate(all="ignore"):
        expected = np.outer(a, b)
        same(m.outer(b.ravel().tolist()), expected)
        same(m.outer(n.view[0]), np.outer(a, b[0]))
        same(m.outer(3), np.outer(a, 3))
    same(m.outer(n), expected)
    out = Matrix(a.size, b.size)
    assert m.outer(n, out=out) is out
    same(out, expected)


def test_outer_errors():
    m = Matrix(1, 2, [3, 4])
    column = m.T
    assert column.outer(2, out=column) is column
    same(column, [[6], [8]])
    with pytest.raises(ValueError, match="out shape 1x2 does not match result 2x2"):
        m.outer(m, out=m)
    with pytest.raises(TypeError, match="out must be a Matrix"):
        m.outer(m, out=[1])
    for bad in (None, "ab", [[1]], 1j):
        with pytest.raises(TypeError):
            m.outer(bad)
    with pytest.raises(ValueError, match="empty"):
        m.outer([])


@given(arrays())
def test_traces_add_the_diagonal(a):
    with np.errstate(all="ignore"):
        expected = np.cumsum(np.diagonal(a))[-1] + 0.0
    found = matrix(a).trace()
    assert type(found) is float
    np.testing.assert_equal(found, expected)


@given(squares())
def test_determinants_are_nearly_exact(a):
    found = matrix(a).det()
    assert type(found) is float
    lengths = np.prod(np.sqrt((a * a).sum(axis=1)))
    np.testing.assert_allclose(found, determinant(a.tolist()), 1e-12, 1e-13 * lengths)


@given(squares())
def test_equations_are_solved(a):
    exact = determinant(a.tolist())
    m = matrix(a)
    if exact == 0:
        return
    right = np.arange(1.0, a.size + 1).reshape(a.shape)
    slack = 1e-13 * np.linalg.cond(a)
    for b in (right, right[:, :1], right[:, :2]):
        found = array(m.solve(matrix(b)))
        expected = np.linalg.solve(a, b)
        assert found.shape == b.shape
        np.testing.assert_allclose(found, expected, 0, slack * np.abs(expected).max())
    column = array(m.solve(matrix(right[:, :1])))
    same(m.solve(right[:, 0].tolist()), column)
    same(m.solve(iter(right[:, 0].tolist())), column)
    same(m.solve(right[:, 0]), column)
    same(m.solve(matrix(right).view[:, 0]), column)
    inverse = array(m.inv())
    expected = np.linalg.inv(a)
    np.testing.assert_allclose(inverse, expected, 0, slack * np.abs(expected).max())
    same(m, a)


@pytest.mark.parametrize("n", [1, 7, 64, 150])
def test_larger_systems(n):
    random = np.random.default_rng(n)
    a, b = random.normal(size=(n, n)), random.normal(size=(n, 5))
    m = matrix(a)
    close(m.solve(matrix(b)), np.linalg.solve(a, b), rtol=1e-8)
    np.testing.assert_allclose(array(m.inv() @ m), np.eye(n), atol=1e-9)
    np.testing.assert_allclose(m.det(), np.linalg.det(a), rtol=1e-9)


@pytest.mark.parametrize("n", [1, 5, 400])
def test_determinants_that_fit_although_their_parts_do_not(n):
    parts = [1e300, 1e300, 1e-300, 1e-300, 7] * n
    np.testing.assert_allclose(
        Matrix.diag(parts[:20]).det(), 7.0 ** (len(parts[:20]) // 5), rtol=1e-12
    )
    assert Matrix.identity(n).det() == 1.0
    assert (Matrix.identity(400) * 10).det() == math.inf
    assert (Matrix.identity(400) * 0.1).det() == 0.0


def test_pivots():
    swapped = Matrix(2, 2, [0, 1, 1, 0])
    assert swapped.det() == -1
    same(swapped.inv(), [[0, 1], [1, 0]])
    same(swapped.solve([5, 6]), [[6], [5]])
    tiny = Matrix(2, 2, [1e-20, 1, 1, 1])
    close(tiny.solve([1, 2]), [[1], [1]])
    assert Matrix(1, 1, -3).det() == -3
    same(Matrix(1, 1, 4).inv(), [[0.25]])


@given(squares(elements=floats))
def test_special_numbers_are_no_errors(a):
    m = matrix(a)
    if np.isnan(a).any() and m.det() != 0:
        assert math.isnan(m.det())
    for call in (m.inv, lambda: m.solve(m)):
        if m.det() == 0 and not np.isnan(a).any():
            with contextlib.suppress(ValueError):  # or the product underflows
                call()
        else:
            assert call().shape == m.shape


def test_a_nan_shows():
    m = Matrix(2, 2, [0, 1, math.nan, 1])
    assert math.isnan(m.det())
    assert math.isnan(m.inv().x)


SINGULAR = {
    "zeros": Matrix(3, 3),
    "equal rows": Matrix(2, 2, [1, 2, 1, 2]),
    "zero column": Matrix(2, 2, [0, 2, 0, 5]),
    "zero": Matrix(1, 1),
}


@pytest.mark.parametrize("name", SINGULAR)
def test_singular_matrices_are_errors_that_say_what_to_do(name):
    m = SINGULAR[name]
    assert m.det() == 0.0
    for call in (m.inv, lambda: m.solve(m)):
        with pytest.raises(ValueError, match="add a small multiple of"):
            call()


def test_other_shapes_are_errors_that_say_what_to_do():
    m = Matrix(2, 3, 1)
    for call, cure in [
        (m.det, "leave rows or columns out"),
        (m.inv, "least squares"),
        (lambda: m.solve([1, 2]), r"\(m.T @ m\).solve\(m.T @ b\)"),
    ]:
        with pytest.raises(ValueError, match=f"square matrix, not 2x3: .*{cure}"):
            call()
    square = Matrix.identity(3)
    for b in (Matrix(1, 3), Matrix(2, 3), [1, 2], square.view[0]):
        with pytest.raises(ValueError, match=r"does not fit self 3x3"):
            square.solve(b)
    for bad in (3, None, "abc", [[1]], 1j):
        with pytest.raises(TypeError):
            square.solve(bad)
    with pytest.raises(TypeError):
        square.solve()


TOUCHES = {
    "dot": lambda m: m.dot(3),
    "dot other": lambda m: Matrix(2, 2).dot(m),
    "outer": lambda m: m.outer(None),
    "outer other": lambda m: Matrix(2, 2).outer(m),
    "outer out": lambda m: Matrix(1, 2).outer([1, 2], out=m),
    "trace": lambda m: m.trace(),
    "det": lambda m: m.det(),
    "inv": lambda m: m.inv(),
    "solve": lambda m: m.solve(None),
    "solve other": lambda m: Matrix.identity(2).solve(m),
}


@pytest.mark.parametrize("name", TOUCHES)
def test_only_the_owner_may(name):
    m = Matrix(2, 2, [1, 2, 3, 4])
    _cown = Cown(m)
    with pytest.raises(RuntimeError, match="not the owner"):
        TOUCHES[name](m)


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(level):
    program = """
import hashlib, pickle
from bocpy import Matrix
Matrix.seed(5)
a, b = Matrix.normal(size=(67, 67)), Matrix.normal(size=(67, 5))
results = [a.inv(), a.solve(b), a.cumsum(0), b.outer(b), Matrix(1, 1, a.det())]
print(hashlib.sha256(b"".join(pickle.dumps(r) for r in results)).hexdigest())
"""
    prints_the_same(program, level)
