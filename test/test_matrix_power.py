"""Powers, exponentials and logarithms."""

from __future__ import annotations

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import (
    EDGES,
    SPECIALS,
    array,
    arrays,
    bits,
    finite,
    floats,
    matrix,
    operands,
    prints_the_same,
    same,
)

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

FUNCTIONS = {
    "exp": np.exp,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "tanh": np.tanh,
}


def near(found, expected):
    """Assert equal shape, infinities, NaN and zeros, and digits as near as libm's."""
    assert isinstance(found, Matrix)
    assert found.shape == np.shape(expected)
    values = array(found)
    np.testing.assert_allclose(values, expected, rtol=1e-14, atol=1e-320)
    plain = (expected == 0) & (values == 0)
    np.testing.assert_array_equal(
        np.signbit(values[plain]), np.signbit(expected[plain])
    )


@pytest.mark.parametrize("name", FUNCTIONS)
@given(a=arrays())
def test_functions_are_as_numpy(name, a):
    with np.errstate(all="ignore"):
        expected = FUNCTIONS[name](a)
    m, out = matrix(a), Matrix(*a.shape)
    near(getattr(m, name)(), expected)
    same(m, a)
    assert getattr(m, name)(out=out) is out
    near(out, expected)
    assert getattr(m, name)(in_place=True) is m
    same(m, array(out))


def test_logarithms_at_the_edges():
    m = Matrix(1, 4, [0.0, -0.0, -1.0, math.inf])
    for name in ("log", "log2", "log10"):
        found = getattr(m, name)()
        assert (found.x, found.y, found.w) == (-math.inf, -math.inf, math.inf)
        assert math.isnan(found.z)
    same(Matrix(1, 2, [1024, 0.5]).log2(), [[10, -1]])
    same(Matrix(1, 2, [-math.inf, -0.0]).exp(), [[0, 1]])
    assert Matrix(1, 1, 710).exp().x == math.inf
    same(Matrix(1, 3, [-0.0, math.inf, -math.inf]).tanh(), [[-0.0, 1, -1]])


@given(operands(elements=st.one_of(st.sampled_from(EDGES + SPECIALS), finite)))
def test_powers_broadcast_as_numpy(pair):
    a, b = pair
    with np.errstate(all="ignore"):
        expected = np.float_power(a, b)
    found = matrix(a) ** matrix(b)
    near(found, expected)
    same(matrix(a).power(matrix(b)), array(found))
    out = Matrix(*expected.shape)
    assert matrix(a).power(matrix(b), out=out) is out
    same(out, array(found))
    if found.shape == a.shape:
        m = kept = matrix(a)
        assert operator.ipow(m, matrix(b)) is kept
        same(kept, array(found))


@given(arrays(), floats)
def test_numbers_and_rows_on_either_side(a, number):
    row = a[0].tolist()
    with np.errstate(all="ignore"):
        near(matrix(a) ** number, np.float_power(a, number))
        near(number ** matrix(a), np.float_power(number, a))
        near(matrix(a) ** row, np.float_power(a, row))
        near(row ** matrix(a), np.float_power(row, a))
        near(matrix(a).view[0] ** number, np.float_power(a[:1], number))
        near(number ** matrix(a).view[:, 0], np.float_power(number, a[:, :1]))


@given(arrays())
def test_squares_are_products(a):
    m = matrix(a)
    with np.errstate(all="ignore"):
        expected = a * a
    for found in (m**2, m**2.0, m.power(2), m.power(2, out=Matrix(*a.shape))):
        same(found, expected)
    m **= 2
    same(m, expected)


def test_what_c_says_of_powers():
    nan, inf = math.nan, math.inf
    base = Matrix(1, 8, [-8.0, -8.0, 0.0, -0.0, 1.0, nan, -inf, -0.0])
    exponent = Matrix(1, 8, [1 / 3, 3.0, -1.0, -1.0, nan, 0.0, 3.0, 0.5])
    found = base**exponent
    assert math.isnan(found[0, 0])
    same(found[:, 1:], [[-512.0, inf, -inf, 1.0, 1.0, -inf, 0.0]])


def test_power_errors():
    m = Matrix(2, 3, 2)
    with pytest.raises(TypeError, match="third argument"):
        pow(m, 2, 3)
    with pytest.raises(TypeError):
        pow(2, m, 3)
    with pytest.raises(TypeError):
        pow(2, 3, m)
    with pytest.raises(ValueError, match="do not match"):
        m ** Matrix(3, 2)
    for bad in (None, "ab", 1j, [[1]]):
        with pytest.raises(TypeError):
            m**bad
        with pytest.raises(TypeError):
            bad**m
        with pytest.raises(TypeError):
            m.power(bad)
    with pytest.raises(ValueError, match="out shape 1x1"):
        m.power(2, out=Matrix(1, 1))
    with pytest.raises(TypeError, match="out must be a Matrix"):
        m.power(2, out=[1])
    row = Matrix(1, 3, 2)
    with pytest.raises(ValueError, match="in-place"):
        row **= m
    same(row, [[2, 2, 2]])


def test_powers_of_large_masks():
    mask = Matrix(200, 200, 1).less(2)
    np.testing.assert_array_equal(bits(array(3**mask)), bits(np.full((200, 200), 3.0)))
    same(mask**0.5, np.ones((200, 200)))


TOUCHES = {
    "pow": lambda m: m**3,
    "square": lambda m: m**2,
    "rpow": lambda m: 2**m,
    "ipow": lambda m: m.__ipow__(2),
    "modulus": lambda m: pow(m, 2, 3),
    "other": lambda m: Matrix(2, 2) ** m,
    "power": lambda m: m.power(None),
    "out": lambda m: Matrix(2, 2).power(2, out=m),
    "exp": lambda m: m.exp(in_place=True),
    "log out": lambda m: Matrix(2, 2).log(out=m),
}


@pytest.mark.parametrize("name", TOUCHES)
def test_only_the_owner_may(name):
    m = Matrix(2, 2)
    _cown = Cown(m)
    with pytest.raises(RuntimeError, match="not the owner"):
        TOUCHES[name](m)


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(level):
    program = """
import hashlib, pickle
from bocpy import Matrix
Matrix.seed(5)
a, b = Matrix.normal(size=(67, 129)), Matrix.normal(size=(67, 129))
results = [a ** b, a ** 2, 2 ** a, a.exp(), a.tanh(), a // b, a % b, a // 0.1]
print(hashlib.sha256(b"".join(pickle.dumps(r) for r in results)).hexdigest())
"""
    prints_the_same(program, level)
