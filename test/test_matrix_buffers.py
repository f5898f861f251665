"""Numbers shared with numpy and others through the buffer protocol."""

from __future__ import annotations

import array as arrays_of
import gc
import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix, receive, send
from matrices import arrays, matrix, same

PATIENCE = 30


@given(arrays())
def test_arrays_share_the_numbers(a):
    m = matrix(a)
    shared = np.asarray(m)
    np.testing.assert_array_equal(shared, a)
    assert shared.flags.c_contiguous
    assert shared.flags.writeable
    shared[0, 0] = 42
    assert m[0, 0] == 42
    m[-1] = 7
    assert (shared[-1] == 7).all()


def test_copies_on_request():
    m = Matrix(2, 2, range(4))
    copied = np.array(m)
    copied[0, 0] = 9
    assert m[0, 0] == 0
    assert np.array(m, dtype=np.float32).dtype == np.float32
    assert m.__array__(np.int64).tolist() == [[0, 1], [2, 3]]


def test_memoryview_describes_the_matrix():
    view = memoryview(Matrix(2, 3, range(6)))
    assert (view.format, view.shape, view.strides) == ("d", (2, 3), (24, 8))
    assert view.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert bytes(Matrix(1, 1, 1.0)) == np.float64(1).tobytes()


def test_views_are_strided_buffers():
    m = Matrix(3, 4, range(12))
    column = np.asarray(m.view[::2, 1])
    assert column.tolist() == [1, 9]
    column[0] = 5
    assert m[0, 1] == 5
    assert np.asarray(m.view[1][::-1]).tolist() == [7, 6, 5, 4]
    assert not np.asarray(m.row_view(0, read_only=True)).flags.writeable
    with pytest.raises(BufferError):
        hashlib.sha256(m.view[:, 0])


@pytest.mark.parametrize("wrapped", [lambda m: m, lambda m: [m], lambda m: (1, m)])
def test_no_message_while_exported(wrapped):
    m = Matrix(2, 2, [1, 2, 3, 4])
    with memoryview(m), pytest.raises(BufferError, match="cannot leave"):
        send("exported", wrapped(m))
    assert m.acquired
    send("exported", m)
    assert receive("exported", PATIENCE)[1].x == 1


def test_int_takes_the_number_not_the_bytes():
    assert int(Matrix(1, 1, -2.75)) == -2
    digits = Matrix.from_buffer(np.frombuffer(b"12345678"))
    assert int(digits) == int(digits.x)
    with pytest.raises(TypeError, match="2x1"):
        int(Matrix(2, 1))
    with pytest.raises(ValueError, match="NaN"):
        int(Matrix(1, 1, math.nan))


def test_no_transposition_while_exported():
    m = Matrix(2, 3)
    shared = np.asarray(m)
    for turn in (lambda: m.transpose(in_place=True), m.transpose_in_place):
        with pytest.raises(BufferError):
            turn()
    del shared
    gc.collect()
    m.transpose(in_place=True)
    assert m.shape == (3, 2)


def test_exports_outlive_the_handle():
    shared = np.asarray(Matrix(100, 100, 3))
    gc.collect()
    assert shared.sum() == 30000


DTYPES = ["f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_buffers_of_any_number_are_read(dtype):
    a = np.array([[1, 0, 1], [0, 1, 1]], dtype=dtype)
    same(Matrix.from_buffer(a), a.astype(float))
    same(Matrix.from_buffer(a[::-1, ::2]), a[::-1, ::2].astype(float))
    same(Matrix.from_buffer(a.T), a.T.astype(float))
    same(Matrix.from_buffer(a[0]), a[:1].astype(float))
    same(Matrix(2, 3, a), a.astype(float))
    same(Matrix(3, 2, a.ravel()), a.reshape(3, 2).astype(float))


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (np.zeros((2, 2, 2)), TypeError),
        (np.zeros((0, 2)), ValueError),
        (np.zeros((1, 1), dtype=complex), TypeError),
        (np.zeros(2, dtype="U3"), TypeError),
        ("text", TypeError),
        (3, TypeError),
    ],
)
def test_other_buffers_are_refused(source, error):
    with pytest.raises(error):
        Matrix.from_buffer(source)


def test_constructor_checks_the_shape_of_a_buffer():
    for source in (np.zeros((3, 2)), np.zeros(5), np.zeros((1, 6))):
        with pytest.raises(TypeError):
            Matrix(2, 3, source)


OPERATORS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / b,
    lambda a, b: a @ b.T,
]


@pytest.mark.parametrize("op", OPERATORS)
@given(data=st.data())
def test_mixed_expressions_give_matrices(op, data):
    a = data.draw(arrays(elements=st.integers(1, 9).map(float)))
    b = data.draw(arrays(shape=a.shape, elements=st.integers(1, 9).map(float)))
    same(op(matrix(a), b), op(a, b))
    same(op(a, matrix(b)), op(a, b))


def test_mixed_scalars_vectors_and_comparisons():
    m = Matrix(2, 2, [1, 2, 3, 4])
    same(np.float64(2) * m, [[2, 4], [6, 8]])
    same(np.float32(2) + m, [[3, 4], [5, 6]])
    same(np.array([10, 20]) + m, [[11, 22], [13, 24]])
    same(m - arrays_of.array("d", [1, 1]), [[0, 1], [2, 3]])
    m += np.ones((2, 2), dtype=int)
    same(m, [[2, 3], [4, 5]])
    m[0] = np.array([7, 8])
    same(m.less(np.array([[5.0, 9.0]])), [[0, 1], [1, 1]])
    assert m == np.array([[7, 8], [4, 5]])
    assert np.array([[7, 8], [4, 5]]) == m
    assert m != np.zeros((2, 2))
    assert m[np.int64(0), np.int8(1)] == 8
    same(Matrix.concat([m, np.zeros((1, 2))]), [[7, 8], [4, 5], [0, 0]])
    same(np.array([1.0, 2.0]) - m.view[0], [[-6, -6]])


def test_numpy_functions_read_matrices():
    m = Matrix(2, 2, [1, 4, 9, 16])
    assert np.linalg.det(np.asarray(m)) == pytest.approx(-20)
    assert np.concatenate([m, m]).shape == (4, 2)
    with pytest.raises(TypeError):
        np.sqrt(m)


def test_released_buffers_cost_nothing():
    m = Matrix(2, 2)
    for _ in range(100):
        with memoryview(m) as view:
            assert view.nbytes == 32
    m.transpose(in_place=True)
