"""Text forms, pickles, copies and random numbers."""

from __future__ import annotations

import copy
import math
import pickle
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from bocpy._math import _matrix_unpickle
from matrices import arrays, finite, matrix, same
from programs import run_command


@given(arrays(elements=finite))
def test_repr_evaluates_back(a):
    same(eval(repr(matrix(a)), {"Matrix": Matrix}), a)  # noqa: S307 - our own text


def test_repr_and_str_layout():
    m = Matrix(2, 3, [1, 2, 3, 4, 5, 6])
    assert repr(m) == "Matrix(2, 3, [1, 2, 3, 4, 5, 6])"
    assert str(m) == f"{m}" == format(m, "") == "[[1 2 3]\n [4 5 6]]"
    n = Matrix(2, 2, [1.5, -100, 1e20, math.nan])
    assert str(n) == "[[  1.5  -100]\n [1e+20   nan]]"
    assert repr(n) == "Matrix(2, 2, [1.5, -100, 1e+20, nan])"
    assert str(Matrix(1, 1, 1 / 3)) == "[[0.333333]]"
    assert repr(Matrix(1, 1, 1 / 3)) == "Matrix(1, 1, [0.3333333333333333])"
    assert format(m, ".2f") == "[[1.00 2.00 3.00]\n [4.00 5.00 6.00]]"
    with pytest.raises(TypeError):
        format(m, "d")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@given(a=arrays())
def test_pickles_keep_every_bit(protocol, a):
    m = matrix(a)
    made = pickle.loads(pickle.dumps(m, protocol))
    assert made.shape == m.shape
    assert bytes(made) == bytes(m) == a.tobytes()


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, Matrix.copy])
def test_copies_are_independent(duplicate):
    m = Matrix(2, 2, [1, math.nan, -0.0, 4])
    other = duplicate(m)
    assert other.acquired
    other[0, 0] = 9
    assert m[0, 0] == 1
    assert [copy.deepcopy([m, m])[i].shape for i in (0, 1)] == [(2, 2)] * 2


def test_unpickle_checks_its_arguments():
    assert Matrix(1, 1).__reduce__() == (_matrix_unpickle, (1, 1, bytes(8)))
    same(_matrix_unpickle(1, 2, bytearray(16)), [[0, 0]])
    spread = np.arange(6.0).view(np.uint8).reshape(6, 8)[::2]
    same(_matrix_unpickle(1, 3, memoryview(spread)), [[0, 2, 4]])
    for arguments, error in [
        ((1, 1, [1.0]), TypeError),
        ((1, 1, "12345678"), TypeError),
        ((0, 1, b""), ValueError),
        ((-1, -1, bytes(8)), ValueError),
        ((1, 1, bytes(7)), ValueError),
        ((1, 1, bytes(16)), ValueError),
        ((2**62, 4, bytes(8)), ValueError),
        ((2**70, 1, b""), ValueError),
        ((-(2**70), 1, b""), ValueError),
        ((1, 2**70, bytes(8)), ValueError),
        ((1.0, 1, bytes(8)), TypeError),
        ((1, 1), TypeError),
    ]:
        with pytest.raises(error):
            _matrix_unpickle(*arguments)


def split_mix(state):
    """The documented stream, one number on [0, 1) after another."""
    mask = 2**64 - 1
    state &= mask
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield ((z ^ (z >> 31)) >> 11) * 2.0**-53


@given(st.integers(-(2**65), 2**65))
def test_uniform_follows_the_documented_stream(seed):
    stream = split_mix(seed)
    assert Matrix.seed(seed) is None
    expected = [next(stream) * (5.0 - -2.0) + -2.0 for _ in range(6)]
    same(Matrix.uniform(-2, 5, (2, 3)), np.reshape(expected, (2, 3)))
    assert Matrix.uniform() == next(stream)


@given(st.integers(0, 2**64 - 1), st.integers(1, 9))
def test_normal_follows_the_polar_method(seed, count):
    stream = split_mix(seed)
    expected = []
    while len(expected) < count:
        u, v = (next(stream) * 2.0 - 1.0 for _ in "uv")
        s = u * u + v * v
        if 0 < s < 1:
            factor = math.sqrt(-2.0 * math.log(s) / s)
            expected += [u * factor * 2.0 + 1.0, v * factor * 2.0 + 1.0]
    Matrix.seed(seed)
    found = Matrix.normal(mean=1.0, stddev=2.0, size=(1, count))
    np.testing.assert_allclose(np.asarray(found)[0], expected[:count], rtol=1e-14)


def test_distributions_have_their_moments():
    Matrix.seed(1)
    u, n = Matrix.uniform(size=(300, 300)), Matrix.normal(3, 2, (300, 300))
    assert 0 <= u.min()
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 0.01
    assert abs(n.mean() - 3) < 0.05
    assert abs(np.asarray(n).std() - 2) < 0.05
    same(Matrix.normal(3, 0, (1, 3)), [[3, 3, 3]])
    assert 1 < Matrix.uniform(3, 1) <= 3
    assert type(Matrix.normal()) is type(Matrix.uniform()) is float


def test_random_errors():
    for bad in ("1", 1.0, None):
        with pytest.raises(TypeError):
            Matrix.seed(bad)
    with pytest.raises(TypeError):
        Matrix.seed()
    with pytest.raises(TypeError):
        Matrix.uniform("a")
    with pytest.raises(AssertionError):
        Matrix.normal(size=(0, 1))


def test_unseeded_processes_differ():
    program = "from bocpy import Matrix; print(repr(Matrix.uniform(size=(1, 4))))"
    ends = [run_command("-c", program) for _ in range(2)]
    assert [ended.code for ended in ends] == [0, 0], ends
    found = {ended.out for ended in ends}
    assert len(found) == 2


def test_instances_leave_nothing_behind():
    before = sys.getrefcount(Matrix)
    for _ in range(200):
        m = Matrix(3, 3, 1)
        m.__init__(2, 2, 5)
        list(m.row_views())
        list(m.values())
        m.argmin(0)
    del m
    assert sys.getrefcount(Matrix) - before < 20
