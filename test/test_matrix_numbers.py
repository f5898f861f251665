"""What is a number, what is a row, what is refused, and in which words."""

from __future__ import annotations

import array as arrays_of_python
import re
import threading

import numpy as np
import pytest

from bocpy import Cown, Matrix
from bocpy._math import _take_seat
from matrices import array, same
from programs import PATIENCE

ONES = {
    "int": 1,
    "int64": np.int64(1),
    "int32": np.int32(1),
    "uint8": np.uint8(1),
    "float32": np.float32(1),
    "float16": np.float16(1),
    "float64": np.float64(1),
    "bool_": np.bool_(True),
    "0-d array": np.array(1),
    "0-d array of bool": np.array(True),
    "0-d array of float": np.array(1.0),
    "0-d array of object": np.array(1, dtype=object),
}


@pytest.fixture(params=ONES)
def one(request):
    return ONES[request.param]


def test_a_scalar_of_numpy_is_a_number(one):
    m = Matrix(2, 2, 1)
    assert m == one
    assert one == m
    assert (m != one) is False
    assert m <= one
    assert one <= m
    assert not m < one
    assert Matrix(2, 2, 2) > one
    same(Matrix.where(Matrix(1, 2, [1, 0]), one, 0), [[1, 0]])
    n = Matrix(2, 2)
    n.view[0][:] = one
    n[1, :] = one
    same(n, np.ones((2, 2)))
    same(m + one - one, np.ones((2, 2)))
    same(one / m, np.ones((2, 2)))
    same(m.less_equal(one), np.ones((2, 2)))


def test_a_scalar_of_numpy_is_no_matrix(one):
    for call in [
        lambda: Matrix(2, 1, [1, 2]) @ one,
        lambda: one @ Matrix(1, 2),
        lambda: Matrix.vector(one),
        lambda: Matrix.concat([one]),
        lambda: Matrix(1, 2).digitize(one),
    ]:
        with pytest.raises(TypeError):
            call()


def test_scaled_add_adds_no_number(one):
    with pytest.raises(ValueError, match="scaled_add: x shape 1x1 does not match self"):
        Matrix(2, 2).scaled_add(2, one)
    with pytest.raises(ValueError, match="x must be a Matrix or a sequence"):
        Matrix(1, 1).scaled_add(2, one)
    same(Matrix(1, 1).scaled_add(2, [one]), [[2]])


EMPTY = [
    b"",
    bytearray(),
    arrays_of_python.array("d"),
    np.empty(0),
    np.empty((0, 2)),
    [],
    (),
    {},
    set(),
    range(0),
]


@pytest.mark.parametrize("empty", EMPTY, ids=repr)
def test_nothing_is_no_content_and_no_operand(empty):
    m = Matrix(1, 2, [3, 4])
    for key in (0, slice(None), (0, 1), [0]):
        with pytest.raises(TypeError):
            m[key] = empty
    with pytest.raises(TypeError):
        Matrix(1, 2, empty)
    for call in [
        lambda: m + empty,
        lambda: empty - m,
        lambda: Matrix.vector(empty),
        lambda: m.view[0].__setitem__(slice(None), empty),
    ]:
        with pytest.raises(ValueError):  # noqa: PT011
            call()
    same(m, [[3, 4]])
    with pytest.raises(ValueError, match="empty"):
        Matrix.from_buffer(np.empty((0, 2)))


class Series:
    """As of pandas: a sequence that is a number only if there is one item."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __float__(self):
        raise TypeError("cannot convert the series")

    def __iter__(self):
        return iter(self.numbers)


def test_an_iterable_that_is_no_float_is_a_row():
    m, row = Matrix(2, 2, [1, 2, 3, 4]), Series(10, 20)
    same(m + row, [[11, 22], [13, 24]])
    same(row - m, [[9, 18], [7, 16]])
    same(row @ m, [[70, 100]])
    same(Matrix.vector(row), [[10, 20]])
    same(Matrix.concat([m, row]), [[1, 2], [3, 4], [10, 20]])
    same(m.less(row), np.ones((2, 2)))
    same(m.digitize(Series(2, 3)), [[0, 1], [2, 2]])
    same(Matrix(1, 2).scaled_add(1, row), [[10, 20]])
    n = m.copy()
    n[1] = row
    n.view[:, 0][:] = row
    same(n, [[10, 2], [20, 20]])
    with pytest.raises(TypeError, match="an item of a sequence must be a real number"):
        m + Series(row, row)


def test_an_iterable_that_is_no_float_is_foreign_where_only_lists_are_rows():
    m, row = Matrix(1, 2, [10, 20]), Series(10, 20)
    assert (m == row) is False
    assert m != row
    with pytest.raises(TypeError, match="compare"):
        assert m < row
    with pytest.raises(TypeError, match="where: a must be a number"):
        Matrix.where(m, row, 0)


def test_what_a_number_raises_goes_through():
    class Broken:
        def __float__(self):
            raise TypeError("my own text")

    class Overflowing(Series):
        def __float__(self):
            raise OverflowError("my own text")

    for number, error in ((Broken(), TypeError), (Overflowing(1), OverflowError)):
        for call in (lambda m, x: m + x, lambda m, x: m.fma(x, 1)):
            with pytest.raises(error, match="my own text"):
                call(Matrix(1, 1), number)


@pytest.mark.parametrize("kind", ["f8", ">f8", "f2", "O", "f4", "i2"])
@pytest.mark.parametrize("shape", [(2,), (1,), (2, 2)])
def test_arrays_are_refused_in_our_words(kind, shape):
    m, a = Matrix(2, 2, 1), np.ones(shape).astype(kind)
    for call, name in [
        (lambda: m.fma(a, 1), "fma: b"),
        (lambda: m.fma(1, a), "fma: c"),
        (lambda: m.scaled_add(a, m), "scaled_add: s"),
        (lambda: m.put([0], a), "value"),
        (lambda: m.put_along_axis([0, 0], a), "value"),
        (lambda: m.__setitem__([0], a), "value"),
    ]:
        text = f"{name} must be a Matrix or a real number, not numpy.ndarray"
        with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
            call()
    same(m, np.ones((2, 2)))


@pytest.mark.parametrize("kind", [">f8", "f2", "O"])
def test_arrays_of_rows_that_no_buffer_tells_are_refused_in_our_words(kind):
    m, a = Matrix(2, 2, 1), np.ones((2, 2)).astype(kind)
    text = "an item of a sequence must be a real number, not numpy.ndarray"
    for call in [
        lambda: m + a,
        lambda: a @ m,
        lambda: m.__setitem__(0, a),
        lambda: Matrix.vector(a),
    ]:
        with pytest.raises(TypeError, match=f"^{text}$"):
            call()
    same(m + a[0], [[2, 2], [2, 2]])


def test_a_bound_of_none_is_none():
    m = Matrix(1, 3, [-5, 5, 15])
    same(m.clip(None, maxval=10), [[0, 5, 10]])
    same(m.clip(None, None, maxval=10), [[0, 5, 10]])
    same(m.clip(0, maxval=None), [[0, 5, 15]])
    for arguments in ({"maxval": None}, {}, {"min": None, "max": None}):
        with pytest.raises(ValueError, match="needs min, max, or both"):
            m.clip(**arguments)
    with pytest.raises(TypeError, match="not both"):
        m.clip(1, maxval=2)


AXIS_METHODS = {
    "sum": (),
    "mean": (),
    "min": (),
    "max": (),
    "magnitude": (),
    "magnitude_squared": (),
    "argmin": (),
    "argmax": (),
    "normalize": (),
    "perpendicular": (),
    "angle": (),
    "topk": (1,),
    "repeat_interleave": (1,),
    "vecdot": ([1, 1],),
    "cross": ([1, 1],),
    "take": ([0],),
    "select": ([0],),
    "put": ([0], 1),
    "take_along_axis": ([0, 0],),
    "put_along_axis": ([0, 0], 1),
}


@pytest.mark.parametrize("name", AXIS_METHODS)
@pytest.mark.parametrize(
    "axis", [2**70, -(2**70), 2**63, 1 << 20000], ids=int.bit_length
)
def test_an_axis_beyond_all_numbers_is_out_of_int_range(name, axis):
    m = Matrix(2, 2, 1)
    with pytest.raises(OverflowError, match="out of int range"):
        getattr(m, name)(*AXIS_METHODS[name], axis=axis)
    with pytest.raises(OverflowError, match="out of int range"):
        Matrix.concat([m], axis)
    same(m, np.ones((2, 2)))


@pytest.mark.parametrize("axis", [2**31, -(2**40), 2**62])
def test_an_axis_beyond_a_c_int_is_out_of_int_range(axis):
    with pytest.raises(OverflowError, match="out of int range"):
        Matrix(2, 2).sum(axis)


PAIRS = [
    (0, slice(None)),
    (slice(None), 0),
    (slice(None), slice(None)),
    (slice(None, None, -1), slice(0, 1)),
    (slice(None), slice(None, None, -1)),
    ([0, 0], slice(None)),
    (slice(None), [0, -1]),
    (0, 0),
    (-1, -1),
]


@pytest.mark.parametrize("key", PAIRS, ids=repr)
@pytest.mark.parametrize("axis", [0, 1])
def test_indices_answer_pairs_as_the_matrix_of_them(axis, key):
    m = Matrix(3, 4, [5, 1, 9, 2, 3, 8, 7, 0, 4, 6, 5, 5])
    found = m.argmax(axis)[key]
    expected = m.argmax(axis, as_matrix=True)[key]
    assert type(found) is type(expected)
    assert found == expected
    assert getattr(found, "shape", None) == getattr(expected, "shape", None)


def test_indices_refuse_pairs_as_the_matrix_of_them():
    found = Matrix(3, 4).argmin(0)
    for key, error in [
        ((1, slice(None)), IndexError),
        ((slice(None), 4), IndexError),
        ((slice(9, None), 0), IndexError),
        (([0], 0), IndexError),
        ((0, "a"), TypeError),
        ((0, 0, 0), KeyError),
    ]:
        with pytest.raises(error):
            found[key]
    found.clear()
    for key in ((0, 0), (0, slice(None))):
        with pytest.raises(IndexError):
            found[key]
    found.append("no number")
    with pytest.raises(TypeError):
        found[0, :]


def test_indices_of_another_shape_are_not_close():
    m = Matrix(2, 2)
    row, column = m.argmin(0), m.argmin(1)
    assert Matrix.allclose(row, Matrix(1, 2))
    assert Matrix.allclose(Matrix(2, 1), column)
    assert Matrix.allclose(column, m.argmin(1, as_matrix=True))
    for other in (Matrix(1, 2), row, Matrix(2, 2), Matrix(1, 1)):
        assert not Matrix.allclose(column, other)
        assert not Matrix.allclose(other, column)
    with pytest.raises(TypeError):
        Matrix.allclose(Matrix(1, 2), [0, 0])


@pytest.mark.parametrize("other", [None, "a", [], object(), [[1]]])
def test_a_view_asks_who_may_touch_it_before_with_what(other):
    m = Matrix(1, 2)
    view, cown = m.view[0], Cown(m)
    for call in [
        lambda: view + other,
        lambda: other + view,
        lambda: view - other,
        lambda: other - view,
        lambda: view @ other,
        lambda: other @ view,
        lambda: Matrix(1, 2).less(view),
    ]:
        with pytest.raises(RuntimeError, match="not the owner") as found:
            call()
        assert type(found.value) is RuntimeError
    assert cown is not None


def told(call):
    with pytest.raises(RuntimeError) as found:
        call()
    return str(found.value)


def test_the_refusal_names_a_worker_thread_as_a_thread():
    mine, given = Matrix(1, 1, 1), Matrix(1, 1, 1)
    cown = Cown(given)
    texts, own = [], []

    def seated():
        _take_seat(threading.get_ident())
        try:
            own.append(Matrix(1, 1, 2))
            texts.extend([told(mine.sum), told(given.sum), told(lambda: Cown(mine))])
        finally:
            _take_seat(None)

    thread = threading.Thread(target=seated)
    thread.start()
    ident = thread.ident
    thread.join(PATIENCE)
    start = f"the current thread ({ident}) is not the owner of the matrix: "
    assert texts == [
        start + "interpreter 0 is",
        start + "it is in a cown or a message",
        start + "interpreter 0 is",
    ]
    start = "the current interpreter (0) is not the owner of the matrix: "
    assert told(own[0].sum) == start + f"thread {ident} is"
    assert told(given.sum) == start + "it is in a cown or a message"
    assert cown is not None
    assert array(mine).tolist() == [[1]]


def test_a_seat_has_no_negative_number():
    with pytest.raises(ValueError, match="negative"):
        _take_seat(-1)
