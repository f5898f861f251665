"""Matrices too large for the caches: other paths, the same numbers."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from bocpy import Matrix
from matrices import prints_the_same, same

SHAPES = [(1304, 1304), (1301, 1303), (2, 1500001)]


def pair(shape):
    """Two matrices of a shape and their arrays."""
    generator = np.random.default_rng(7)
    x, y = generator.normal(size=shape), generator.normal(size=shape)
    x.flat[::1001] = np.nan
    y.flat[::777] = -0.0
    return Matrix.from_buffer(x), Matrix.from_buffer(y), x, y


def equal(found, expected):
    """Assert equal shape and bits."""
    assert isinstance(found, Matrix)
    found = np.asarray(found)
    np.testing.assert_array_equal(found, expected)
    signs = np.isnan(expected) | (np.signbit(found) == np.signbit(expected))
    assert signs.all()


@pytest.mark.parametrize("shape", SHAPES)
def test_operators(shape):
    a, b, x, y = pair(shape)
    equal(a + b, x + y)
    equal(2 - a, 2 - x)
    with np.errstate(divide="ignore"):
        equal(a / b, x / y)
    equal(-a, -x)
    equal(abs(b), abs(y))
    equal(a.less(b), (x < y).astype(float))
    equal(a.clip(-0.5, 0.5), np.clip(x, -0.5, 0.5))
    equal(b.scaled_add(3, a), y + 3 * x)
    equal(a.copy(), x)
    equal(Matrix(*shape, 1.5), np.full(shape, 1.5))


@pytest.mark.parametrize("shape", SHAPES)
def test_broadcasts(shape):
    a, _, x, _ = pair(shape)
    row, column = a[0], a[:, 1]
    equal(a * row, x * x[0:1])
    equal(row - a, x[0:1] - x)
    equal(a * column, x * x[:, 1:2])
    equal(column - a, x[:, 1:2] - x)


@pytest.mark.parametrize("shape", SHAPES)
def test_where(shape):
    a, b, x, y = pair(shape)
    mask = a.less(b)
    equal(Matrix.where(mask, a, b), np.where(x < y, x, y))
    equal(Matrix.where(mask, a, -0.0), np.where(x < y, x, -0.0))
    equal(Matrix.where(mask, 1, b), np.where(x < y, 1, y))


@pytest.mark.parametrize("shape", SHAPES)
def test_results_in_an_operand(shape):
    a, b, x, y = pair(shape)
    assert a.add(b, out=a) is a
    x += y
    equal(a, x)
    b -= a
    y -= x
    equal(b, y)
    a.fma(2, 1, in_place=True)
    equal(a, x * 2 + 1)  # x * 2 is exact, so both round once
    assert b.negate(in_place=True) is b
    equal(b, -y)


@pytest.mark.parametrize(
    "shape", [(1000, 1000), (1000, 1001), (1001, 1000), (8, 99999)]
)
def test_transpose(shape):
    a, _, x, _ = pair(shape)
    equal(a.T, x.T)
    equal(a.transpose(in_place=True), x.T)


@pytest.mark.parametrize("length", [1, 255, 256, 257, 5000])
def test_places_of_extremes(length):
    numbers = np.random.default_rng(length).normal(size=(3, length))
    a = Matrix.from_buffer(numbers)
    assert a.argmax() == numbers.argmax()
    assert list(a.argmin(1)) == list(numbers.argmin(1))
    ties = Matrix(1, length, 2.0)
    assert (ties.argmin(), ties.argmax()) == (0, 0)
    ties[0, length - 1] = 3.0
    assert ties.argmax() == length - 1


@pytest.mark.parametrize("length", [2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 129])
def test_places_of_ties_and_infinities_in_every_lane(length):
    generator = np.random.default_rng(length)
    for numbers in ([0.0, -0.0, 1.0], [-np.inf, np.inf, 2.0], [-np.inf], [np.inf]):
        drawn = generator.choice(numbers, size=(50, length))
        a = Matrix.from_buffer(drawn)
        for axis in (0, 1):
            assert list(a.argmin(axis)) == drawn.argmin(axis).tolist()
            assert list(a.argmax(axis)) == drawn.argmax(axis).tolist()


def test_a_place_beside_not_a_number_in_every_lane():
    for nan in range(1, 40):
        numbers = np.arange(40.0)
        numbers[nan] = np.nan
        a = Matrix.from_buffer(numbers)
        assert (a.argmin(), a.argmax()) == (0, np.nanargmax(numbers))
        assert a.argmax(1) == [np.nanargmax(numbers)]


def test_places_of_zeros_and_not_a_number():
    zeros = Matrix(1, 600, 0.0)
    zeros[0, 1] = -0.0
    assert (zeros.argmin(), zeros.argmax()) == (0, 0)
    numbers = Matrix(1, 600, range(600))
    numbers[0, 300] = float("nan")
    assert (numbers.argmin(), numbers.argmax()) == (0, 599)
    numbers[0, 0] = float("nan")
    assert (numbers.argmin(), numbers.argmax()) == (0, 0)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 40])
def test_sums_down_the_rows_add_in_order(rows):
    numbers = np.random.default_rng(rows).normal(size=(rows, 35)) * 1e9
    total, squares = np.zeros(35), np.zeros(35)
    for row in numbers:
        total += row
        squares += row * row
    a = Matrix.from_buffer(numbers)
    same(a.sum(0), total.reshape(1, 35))
    same(a.magnitude_squared(0), squares.reshape(1, 35))
    same(a.min(0), numbers.min(0, keepdims=True))


@pytest.mark.parametrize("level", ["baseline", "avx2", "avx512"])
def test_every_instruction_set_gives_the_same_bits(level):
    program = """
import hashlib
from bocpy import Matrix
Matrix.seed(5)
a, b = Matrix.normal(size=(1001, 1000)), Matrix.normal(size=(1001, 1000))
results = [a + b, a.less(b), a.T, b.transpose(in_place=True), a.sum(0), a.max(0)]
results.append(Matrix(1, 2, [a.argmin(), a.argmax()]))
print(*[hashlib.sha256(memoryview(result)).hexdigest() for result in results])
"""
    prints_the_same(program, level)


def test_storage_is_reused_and_freed_by_any_thread():
    """Threads hand matrices of a few sizes round; nobody sees another's numbers."""
    wrong = []

    def work(seed):
        kept = []
        for i in range(60):
            side = 300 + 100 * ((seed + i) % 7)
            kept.append((Matrix(side, side, float(seed * 1000 + i)), seed * 1000 + i))
            if len(kept) > 3:
                found, value = kept.pop(0)
                if found.min() != value or found.max() != value:
                    wrong.append((seed, i))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert wrong == []
