"""Matrices made after a pattern: identities, diagonals and rows of steps."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import EDGES, SPECIALS, arrays, dimensions, floats, matrix, same

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@given(dimensions, dimensions)
def test_identities(n, columns):
    same(Matrix.eye(n), np.eye(n))
    same(Matrix.eye(n, columns), np.eye(n, columns))
    same(Matrix.eye(n=n, columns=None), np.eye(n))
    same(Matrix.identity(np.int64(n)), np.eye(n))


@pytest.mark.parametrize("name", ["eye", "identity"])
def test_identity_errors(name):
    make = getattr(Matrix, name)
    for bad in (0, -1):
        with pytest.raises(AssertionError):
            make(bad)
    for bad in (2.0, "2", None, [2]):
        with pytest.raises(TypeError):
            make(bad)
    for huge in (2**100, 2**62, 2**31 + 7):
        with pytest.raises((OverflowError, MemoryError)):
            make(huge)
    with pytest.raises(TypeError):
        make()
    with pytest.raises(AssertionError):
        Matrix.eye(2, 0)
    same(getattr(Matrix(1, 1), name)(2), np.eye(2))


@given(st.lists(floats, min_size=1, max_size=20))
def test_diagonal_matrices(values):
    expected = np.diag(np.array(values))
    for given_over in (values, tuple(values), iter(values), np.array(values)):
        same(Matrix.diag(given_over), expected)
    row = Matrix.vector(values)
    for given_over in (row, row.T, row.view[0], row.T.view[:, 0]):
        same(Matrix.diag(given_over), expected)


@given(arrays())
def test_diagonals_are_rows(a):
    m = matrix(a)
    same(m.diagonal(), np.diagonal(a)[np.newaxis])
    same(Matrix.diag(m.diagonal()).diagonal(), m.diagonal())


def test_diagonal_errors():
    for bad in (3, "ab", None, [[1]], ["a"]):
        with pytest.raises(TypeError):
            Matrix.diag(bad)
    with pytest.raises(ValueError, match="needs a vector, not 2x3"):
        Matrix.diag(Matrix(2, 3))
    with pytest.raises(ValueError, match="empty"):
        Matrix.diag([])


steps = st.one_of(
    st.sampled_from([*EDGES, *SPECIALS, 0.1, -0.1, 1 / 3, 3.0]),
    st.floats(-50, 50),
)


def numbers_of(*arguments):
    """What numpy counts, or None where it cannot or counts nothing or too much."""
    try:
        found = np.arange(*arguments)
    except (ValueError, ZeroDivisionError, OverflowError, MemoryError):
        return None
    return found if found.size else None


@given(st.floats(-20, 20), st.floats(-20, 20), steps)
def test_ranges_are_as_numpy(start, stop, step):
    if abs(stop - start) > 1e5 * abs(step):
        step = 0.0
    expected = numbers_of(start, stop, step)
    if expected is None:
        with pytest.raises(ValueError, match=r"arange\(\)"):
            Matrix.arange(start, stop, step)
        return
    same(Matrix.arange(start, stop, step), expected[np.newaxis])
    same(Matrix.arange(start=start, stop=stop, step=step), expected[np.newaxis])


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(-30, 30))
def test_ranges_of_integers(start, stop, step):
    for arguments in ((stop,), (start, stop), (start, stop, step)):
        expected = numbers_of(*arguments)
        if expected is None:
            with pytest.raises(ValueError, match=r"arange\(\)"):
                Matrix.arange(*arguments)
        else:
            same(Matrix.arange(*arguments), expected[np.newaxis])


def test_range_errors():
    same(Matrix.arange(3, None, None), [[0, 1, 2]])
    same(Matrix.arange(0, 1, math.inf), [[0]])
    same(Matrix.arange(0, 5e-324, 1e308), [[0]])
    for arguments in ((0, 1, 0), (0, 1, math.nan), (math.nan,), (0, 0), (1, 0), (-1,)):
        with pytest.raises(ValueError, match=r"arange\(\)"):
            Matrix.arange(*arguments)
    for arguments in ((1e300,), (0, 2**63, 1), (0, math.inf, 1), (0, 1, 5e-324)):
        with pytest.raises((OverflowError, MemoryError)):
            Matrix.arange(*arguments)
    for arguments in ((), ("1",), (0, "1"), (0, 1, [1]), (None,), (0, 1, 2, 3)):
        with pytest.raises(TypeError):
            Matrix.arange(*arguments)
    with pytest.raises(OverflowError):
        Matrix.arange(10**400)


@given(floats, floats, st.integers(1, 60))
def test_even_spaces_are_as_numpy(start, stop, count):
    with np.errstate(all="ignore"):
        expected = np.linspace(start, stop, count)
    same(Matrix.linspace(start, stop, count), expected[np.newaxis])
    same(Matrix.linspace(start, stop=stop, count=count), expected[np.newaxis])


def test_even_space_errors():
    same(Matrix.linspace(0, 5e-324, 3), np.linspace(0, 5e-324, 3)[np.newaxis])
    for count in (0, -3):
        with pytest.raises(AssertionError):
            Matrix.linspace(0, 1, count)
    for arguments in ((0, 1), (0, 1, 2.0), (0, 1, None), ("0", 1, 2), (0, [1], 2)):
        with pytest.raises(TypeError):
            Matrix.linspace(*arguments)
    for count in (2**62, 2**100):
        with pytest.raises((OverflowError, MemoryError)):
            Matrix.linspace(0, 1, count)


def test_only_the_owner_may():
    m = Matrix(1, 2)
    _cown = Cown(m)
    for call in (m.diagonal, lambda: Matrix.diag(m), lambda: Matrix.arange(m)):
        with pytest.raises(RuntimeError, match="not the owner"):
            call()
