"""Matrices for the tests: strategies, and numpy as the judge."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from bocpy import Matrix
from programs import run_command

settings.register_profile("matrices", deadline=None, max_examples=50)
settings.load_profile("matrices")

EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -0.5, 5e-324, 1e308, -1e308]
SPECIALS = [math.nan, math.inf, -math.inf]
MASKS = {
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "equal": np.equal,
    "not_equal": np.not_equal,
}

finite = st.one_of(st.sampled_from(EDGES), st.floats(-1e6, 1e6))
floats = st.one_of(st.sampled_from(EDGES + SPECIALS), st.floats())
dimensions = st.one_of(st.integers(1, 5), st.integers(6, 40))
shapes = st.one_of(
    st.tuples(dimensions, dimensions),
    st.sampled_from([(1, 1), (1, 7), (7, 1), (33, 2), (2, 33), (65, 65)]),
)


@st.composite
def arrays(draw, shape=shapes, elements=floats):
    """A two-dimensional array; large ones repeat a handful of numbers."""
    rows, columns = draw(shape) if isinstance(shape, st.SearchStrategy) else shape
    pool = draw(st.lists(elements, min_size=1, max_size=12))
    seed = draw(st.integers(0, 2**32 - 1))
    picks = np.random.default_rng(seed).integers(0, len(pool), rows * columns)
    return np.array(pool, dtype=float)[picks].reshape(rows, columns)


@st.composite
def operands(draw, elements=floats):
    """Two arrays that broadcast, in every way that the operators know."""
    rows, columns = draw(shapes)
    kinds = st.sampled_from([(rows, columns), (1, columns), (rows, 1), (1, 1)])
    return (
        draw(arrays(shape=draw(kinds), elements=elements)),
        draw(arrays(shape=draw(kinds), elements=elements)),
    )


def matrix(array):
    """The Matrix of a two-dimensional array."""
    array = np.asarray(array, dtype=float)
    return Matrix(*array.shape, array.ravel().tolist())


def array(found):
    """The array of a Matrix, element by element."""
    flat = list(found.values())
    return np.array(flat, dtype=float).reshape(found.shape)


def bits(values):
    """The bit patterns of floats, with one pattern for all NaN."""
    values = np.array(values, dtype=float)
    values[np.isnan(values)] = math.nan
    return values.view(np.uint64)


def same(found, expected):
    """Assert equal shape and equal bits, signs of zeros included."""
    expected = np.asarray(expected, dtype=float)
    assert isinstance(found, Matrix), found
    assert found.shape == expected.shape
    np.testing.assert_array_equal(bits(array(found)), bits(expected))


def close(found, expected, rtol=1e-12):
    """Assert equal shape and nearly equal numbers."""
    expected = np.asarray(expected, dtype=float)
    values = array(found) if isinstance(found, Matrix) else np.asarray(found)
    assert values.shape == expected.shape
    np.testing.assert_allclose(values, expected, rtol=rtol, atol=1e-300)


def prints_the_same(program, level):
    """Check that a program prints the same with one instruction set and the best."""
    ended = [run_command("-c", program, BOCPY_SIMD=chosen) for chosen in ("", level)]
    assert [each.code for each in ended] == [0, 0]
    assert len({each.out for each in ended}) == 1
