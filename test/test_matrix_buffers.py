"""Numbers shared with numpy and others through the buffer protocol."""

from __future__ import annotations

import array as arrays_of
import gc
import hashlib
import math
import sys

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


@given(arrays(), st.data())
def test_views_of_one_number_convert_as_it_does(a, data):
    i = data.draw(st.integers(0, a.shape[0] - 1))
    view = matrix(a).view[i, :1]
    np.testing.assert_equal(float(view), a[i, 0])
    if math.isfinite(a[i, 0]):
        assert int(view) == int(a[i, 0])


def test_views_of_more_numbers_do_not_convert():
    digits = Matrix.from_buffer(np.frombuffer(b"12345678" * 2))
    for convert in (float, int):
        with pytest.raises(TypeError, match="1x2"):
            convert(digits.view[0])
        with pytest.raises(TypeError, match="2x1"):
            convert(digits.T.view[:, 0])
    assert math.floor(digits.view[0, 1]) == math.floor(digits.y)
    with pytest.raises(TypeError, match="where: a"):
        Matrix.where(Matrix(1, 1), digits.view[0, 0], 1)


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


@pytest.mark.parametrize("dtype", ["f2", "g", ">f8", ">i4", "O"])
def test_flat_arrays_of_other_numbers_are_rows(dtype):
    a = np.array([1, 2, 3], dtype=dtype)
    m = Matrix(1, 3, [10, 20, 30])
    same(m + a, [[11, 22, 33]])
    same(a - m, [[-9, -18, -27]])
    same(m * a[:1], [[10, 20, 30]])
    same(Matrix.vector(a, as_column=True), [[1], [2], [3]])
    same(Matrix.vector(a[:1]), [[1]])
    same(Matrix.concat([m, a]), [[10, 20, 30], [1, 2, 3]])
    same(Matrix.where(m, a, 0), [[1, 2, 3]])
    same(m + np.array(1, dtype=dtype), [[11, 21, 31]])
    assert m != a
    m[0] = a
    assert m == a


@pytest.mark.parametrize(
    "source",
    [
        np.array([1j, 2]),
        np.array([1j, 2], dtype="F"),
        np.complex64(1j),
        np.complex128(1),
        np.array(["1", "2"]),
        np.array([b"1", b"2"]),
        np.str_("1"),
        np.array([[1, 2]], dtype="f2"),
        np.array([None, 1]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_number_is_refused_in_arrays_too(source):
    m = Matrix(1, 2)
    for use in (
        lambda: m + source,
        lambda: m.__setitem__(0, source),
        lambda: Matrix.vector(source),
        lambda: Matrix.concat([source]),
        lambda: Matrix(1, 2, source),
    ):
        with pytest.raises(TypeError):
            use()
    assert m != source


@pytest.mark.parametrize("bound", [np.str_("1"), np.bytes_(b"1"), np.complex128(1)])
def test_text_and_complex_scalars_are_no_numbers(bound):
    with pytest.raises(TypeError, match="must be a real number"):
        Matrix(1, 2).clip(bound)


class Broken:
    """A buffer that fails when it is asked for."""

    def __init__(self, error):
        self.error = error

    def __buffer__(self, flags):
        raise self.error

    def __float__(self):
        return 2.0


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no __buffer__ in Python")
def test_only_refusals_of_buffers_are_passed_over():
    same(Matrix(1, 1, 1) + Broken(BufferError()), [[3]])
    for error in (KeyboardInterrupt, MemoryError, LookupError):
        with pytest.raises(error):
            Matrix(1, 1) + Broken(error())


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
