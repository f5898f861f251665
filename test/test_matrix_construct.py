"""Making matrices: shapes, values, keywords, and what is refused."""

from __future__ import annotations

import array as arrays_of
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bocpy
from bocpy import Matrix, _math
from matrices import arrays, matrix, same, shapes


class Indexed:
    def __index__(self):
        return 2


class Floating:
    def __float__(self):
        return 2.0


def test_type_is_one_object_with_one_name():
    assert bocpy.Matrix is _math.Matrix
    assert Matrix.__module__ == "bocpy._math"
    assert Matrix.__name__ == Matrix.__qualname__ == "Matrix"
    assert Matrix.__text_signature__ == "(rows, columns, values=None)"


def test_type_is_final_and_immutable():
    with pytest.raises(TypeError):
        type("Sub", (Matrix,), {})
    with pytest.raises(TypeError):
        Matrix.extra = 1
    with pytest.raises(AttributeError):
        Matrix(1, 1).extra = 1
    with pytest.raises(TypeError):
        hash(Matrix(1, 1))


@given(arrays())
def test_flat_values_fill_row_by_row(a):
    same(matrix(a), a)
    same(Matrix(*a.shape, tuple(a.ravel().tolist())), a)


@given(shapes, st.one_of(st.floats(), st.integers(-(10**9), 10**9), st.booleans()))
def test_number_fills(shape, value):
    expected = np.full(shape, float(value))
    same(Matrix(*shape, value), expected)
    same(Matrix.full(shape, value), expected)


@pytest.mark.parametrize("values", [range(6), b"\x00\x01\x02\x03\x04\x05"])
def test_sequences_of_integers_fill(values):
    same(Matrix(2, 3, values), np.arange(6.0).reshape(2, 3))
    same(Matrix(2, 3, Matrix(6, 1, values)), np.arange(6.0).reshape(2, 3))


SCALARS = [Indexed(), np.array(2), *(np.dtype(code).type(2) for code in "bdefghIQ")]


@pytest.mark.parametrize("value", SCALARS, ids=lambda value: type(value).__name__)
def test_scalars_of_numpy_and_integers_by_index_fill(value):
    same(Matrix(2, 2, value), np.full((2, 2), 2.0))


class Endless:
    """A sequence of a length whose items know no end."""

    def __init__(self, length):
        self.length = length

    def __len__(self):
        return self.length

    def __getitem__(self, i):
        return i


class Unsized:
    """A sequence without a length."""

    def __getitem__(self, i):
        return (4.0, 5.0)[i]


def test_sequences_are_read_as_far_as_their_length():
    same(Matrix(1, 3, Endless(3)), [[0, 1, 2]])
    same(Matrix(1, 2, Unsized()), [[4, 5]])
    for values in (Endless(1), Endless(3), Endless(10**9)):
        with pytest.raises(TypeError, match="values do not fill a 1x2"):
            Matrix(1, 2, values)
    for columns in (1, 3):
        with pytest.raises(TypeError, match="2 values do not fill"):
            Matrix(1, columns, Unsized())


class Raising:
    """A sequence or a size that fails in its own way."""

    def __len__(self):
        return 2

    def __getitem__(self, i):
        raise ZeroDivisionError


class Huge:
    def __len__(self):
        return 2**31

    def __getitem__(self, i):
        return 1


def test_errors_of_sequences_and_sizes_go_through():
    with pytest.raises(ZeroDivisionError):
        Matrix.zeros(Raising())
    with pytest.raises(ZeroDivisionError):
        Matrix(1, 2, Raising())
    with pytest.raises(TypeError, match="two items"):
        Matrix.zeros(Huge())


def test_zeros_are_the_default():
    same(Matrix(2, 3), np.zeros((2, 3)))
    same(Matrix(2, 3, None), np.zeros((2, 3)))
    same(Matrix.zeros((2, 3)), np.zeros((2, 3)))
    same(Matrix.ones([2, 3]), np.ones((2, 3)))


def test_keywords_are_accepted_and_unknown_ones_refused():
    same(Matrix(rows=1, columns=2, values=[3, 4]), [[3, 4]])
    same(Matrix(1, 2, values=[3, 4]), [[3, 4]])
    with pytest.raises(TypeError):
        Matrix(1, 2, value=[3, 4])


def test_integers_by_index_make_dimensions():
    assert Matrix(Indexed(), np.int64(3)).shape == (2, 3)
    assert Matrix.zeros((Indexed(), 3)).shape == (2, 3)


@pytest.mark.parametrize("shape", [(0, 1), (1, 0), (-1, 2), (2, -1)])
def test_dimensions_below_one_are_assertion_errors(shape):
    for make in (lambda: Matrix(*shape), lambda: Matrix.zeros(shape)):
        with pytest.raises(AssertionError):
            make()


@pytest.mark.parametrize(
    "arguments",
    [(), (1,), (1, 1, 1, 1), (1.0, 1), ("1", 1), (1, None)],
)
def test_bad_dimensions_are_type_errors(arguments):
    with pytest.raises(TypeError):
        Matrix(*arguments)


@pytest.mark.parametrize(
    "values",
    [
        [],
        [1],
        [1, 2, 3],
        [[1, 2]],
        "ab",
        {1, 2},
        iter([1, 2]),
        Fraction(1, 2),
        Floating(),
        [Fraction(1), 2],
        [1, None],
        ["1", 2],
        Matrix(1, 2),
        Matrix(2, 1).row_view(0),
    ],
)
def test_values_that_do_not_fit_are_type_errors(values):
    with pytest.raises(TypeError):
        Matrix(1, 2, values)


def test_too_large_is_an_overflow_error():
    for shape in [(2**62, 2**62), (2**31, 2**31), (2**64, 1), (2**40, 2**23)]:
        with pytest.raises(OverflowError):
            Matrix(*shape)
    with pytest.raises(OverflowError):
        Matrix(1, 1, 10**400)
    with pytest.raises(OverflowError):
        Matrix.full((1, 1), 10**400)


@pytest.mark.parametrize("size", [(1,), (1, 2, 3), (1.0, 2), 3, "ab", None])
def test_bad_sizes_are_type_errors(size):
    with pytest.raises(TypeError):
        Matrix.zeros(size)


def test_shell_raises_everywhere_and_never_crashes():
    shell = Matrix.__new__(Matrix)
    assert shell.acquired is False
    calls = [
        repr,
        len,
        bool,
        list,
        abs,
        memoryview,
        lambda m: m.__reduce__(),
        lambda m: m + 1,
        lambda m: 1 + m,
        lambda m: m @ m,
        lambda m: m == 1,
        lambda m: m[0],
        lambda m: m.__setitem__(0, 1),
        lambda m: m.T,
        lambda m: m.shape,
        lambda m: m.x,
        lambda m: m.sum(),
        lambda m: m.view,
        lambda m: Matrix(1, 1) + m,
        lambda m: Matrix.concat([m]),
        lambda m: Matrix.where(m, 1, 2),
        Matrix.from_buffer,
    ]
    for call in calls[1:]:
        with pytest.raises((ValueError, RuntimeError)):
            call(shell)
    assert "not acquired" in repr(shell)
    shell.__init__(1, 1, 5)
    same(shell, [[5]])


def test_second_init_replaces_the_content():
    m = Matrix(1, 1, 5)
    m.__init__(2, 2, 7)
    same(m, [[7, 7], [7, 7]])


def test_vector_takes_any_iterable():
    for values in (
        [1, 2],
        (1, 2),
        range(1, 3),
        iter([1, 2]),
        {1: 0, 2: 0},
        b"\x01\x02",
    ):
        same(Matrix.vector(values), [[1, 2]])
    same(Matrix.vector([1, 2], as_column=True), [[1], [2]])
    same(Matrix.vector([Fraction(1, 2), Floating()], True), [[0.5], [2]])
    with pytest.raises(ValueError, match="empty"):
        Matrix.vector([])
    for bad in (3, "ab", [[1]], [None], None, [1j]):
        with pytest.raises(TypeError):
            Matrix.vector(bad)


def test_errors_of_elements_go_through():
    class Broken:
        def __float__(self):
            raise LookupError

    with pytest.raises(LookupError):
        Matrix.vector([Broken()])
    with pytest.raises(OverflowError):
        Matrix.vector([10**400])
    with pytest.raises(LookupError):
        Matrix(1, 1) + Broken()


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_concat_joins_as_numpy(sizes, data):
    rows = [data.draw(arrays(shape=(size, 3))) for size in sizes]
    same(Matrix.concat([matrix(a) for a in rows]), np.concatenate(rows))
    same(Matrix.concat((matrix(a) for a in rows), axis=-2), np.concatenate(rows))
    columns = [a.T for a in rows]
    for axis in (1, -1):
        joined = Matrix.concat([matrix(a) for a in columns], axis)
        same(joined, np.concatenate(columns, axis=1))


def test_concat_takes_sequences_views_and_iterators():
    m = Matrix(1, 2, [1, 2])
    same(Matrix.concat([m, [3, 4], iter([5, 6])]), [[1, 2], [3, 4], [5, 6]])
    same(Matrix.concat([[3, 4], m.view[0]]), [[3, 4], [1, 2]])
    same(Matrix.concat([Matrix(2, 1, 1), [3, 4]], axis=1), [[1, 3], [1, 4]])


def test_concat_errors():
    m = Matrix(1, 2)
    assert Matrix.concat([]) is None
    for axis in (2, -3, 7):
        with pytest.raises(KeyError):
            Matrix.concat([], axis)
    with pytest.raises(AssertionError):
        Matrix.concat([m, Matrix(1, 3)])
    with pytest.raises(AssertionError):
        Matrix.concat([m, Matrix(2, 2)], 1)
    for bad in (3, [3], [None], ["ab"], [[[1]]]):
        with pytest.raises(TypeError):
            Matrix.concat(bad)
    with pytest.raises((AssertionError, ValueError)):
        Matrix.concat([m, []])
    one = Matrix.concat([m])
    assert one is not m
    same(one, [[0, 0]])


def test_from_view_and_from_buffer_copy():
    m = Matrix(2, 2, [1, 2, 3, 4])
    same(Matrix.from_view(m.view[:, 1]), [[2], [4]])
    same(Matrix.from_buffer(arrays_of.array("f", [1.5, 2.5])), [[1.5, 2.5]])
    with pytest.raises(TypeError):
        Matrix.from_view(m)
    with pytest.raises(TypeError):
        Matrix.from_buffer([1, 2])
