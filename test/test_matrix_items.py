"""Reading and writing items: integers, slices, lists of indices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import array, arrays, matrix, same


def selectors(length):
    """Integers and slices that select something of `length`."""
    indices = st.integers(-length, length - 1)
    return st.one_of(
        indices, st.slices(length).filter(lambda s: len(range(length)[s]) > 0)
    )


def widen(selector):
    """The slice that keeps the dimension of an integer."""
    if isinstance(selector, slice):
        return selector
    return slice(selector, selector + 1 or None)


@given(arrays(), st.data())
def test_reading_is_as_numpy_without_losing_a_dimension(a, data):
    m = matrix(a)
    row = data.draw(selectors(a.shape[0]))
    column = data.draw(selectors(a.shape[1]))
    if isinstance(row, int) and isinstance(column, int):
        np.testing.assert_equal(m[row, column], a[row, column])
        assert type(m[row, column]) is float
    else:
        same(m[row, column], a[widen(row), widen(column)])
    if isinstance(row, int) and a.shape[1] == 1:
        assert type(m[row]) is float
    else:
        same(m[row], a[widen(row)])


@given(arrays(), st.data())
def test_lists_gather_rows_or_columns(a, data):
    m = matrix(a)
    rows = data.draw(st.lists(st.integers(-a.shape[0], a.shape[0] - 1), min_size=1))
    columns = data.draw(st.lists(st.integers(-a.shape[1], a.shape[1] - 1), min_size=1))
    same(m[rows], a[rows])
    same(m[rows, :], a[rows])
    same(m[:, columns], a[:, columns])
    same(m.take(rows), a[rows])
    same(m.take(tuple(columns), axis=1), a[:, columns])
    same(m.select(columns, -1), a[:, columns])


@given(arrays(), st.data())
def test_writing_is_as_numpy(a, data):
    row = data.draw(selectors(a.shape[0]))
    column = data.draw(selectors(a.shape[1]))
    expected = a.copy()
    target = expected[widen(row), widen(column)]
    rows, columns = target.shape
    shape = data.draw(
        st.sampled_from([(rows, columns), (1, columns), (rows, 1), (1, 1)])
    )
    value = data.draw(arrays(shape=shape))
    m = matrix(a)
    m[row, column] = matrix(value)
    target[:] = value
    same(m, expected)
    number = data.draw(st.floats())
    m[row, column] = number
    target[:] = number
    same(m, expected)


def test_sequences_write_rows_and_single_columns():
    m = Matrix(3, 2)
    m[0] = [1, 2]
    m[:, 1] = [7, 8, 9]
    m[1:, 0] = (5, 6)
    same(m, [[1, 7], [5, 8], [6, 9]])
    m[:] = range(2)
    same(m, [[0, 1]] * 3)
    m[2] = [4]
    same(m[2], [[4, 4]])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (0, [1, 2]),
        (0, [1, 2, 3, 4]),
        (0, Matrix(3, 1)),
        (slice(None), Matrix(1, 2)),
        ((slice(None), 0), Matrix(1, 3)),
        ((slice(None), 0), [1, 2]),
        (slice(None), [1, 2]),
        (slice(0, 2), Matrix(3, 2)),
    ],
)
def test_a_value_that_does_not_fit_writes_nothing(key, value):
    m = Matrix(3, 3, range(9))
    with pytest.raises(ValueError, match="selection"):
        m[key] = value
    same(m, np.arange(9.0).reshape(3, 3))


def test_a_matrix_may_be_written_to_itself():
    m = Matrix(3, 3, range(9))
    m[::-1] = m
    same(m, np.arange(9.0).reshape(3, 3)[::-1])
    m[[1, 0, 2]] = m
    same(m, [[3, 4, 5], [6, 7, 8], [0, 1, 2]])
    m[:, ::-1] = m
    same(m, [[5, 4, 3], [8, 7, 6], [2, 1, 0]])


@given(arrays(), st.data())
def test_scatter_takes_the_last_of_duplicates(a, data):
    axis = data.draw(st.integers(0, 1))
    length = a.shape[axis]
    indices = data.draw(st.lists(st.integers(-length, length - 1), min_size=1))
    shape = list(a.shape)
    shape[axis] = len(indices)
    value = data.draw(arrays(shape=tuple(shape)))
    expected = a.copy()
    for at, index in enumerate(indices):
        expected[(slice(None),) * axis + (index,)] = value.take(at, axis)
    m = matrix(a)
    if axis == 0:
        m[indices] = matrix(value)
    else:
        m[:, indices] = matrix(value)
    same(m, expected)
    put = matrix(a)
    assert put.put(indices, matrix(value), axis) is put
    same(put, expected)


@given(arrays(elements=st.integers(-9, 9).map(float)), st.data())
def test_put_accumulates_duplicates(a, data):
    axis = data.draw(st.integers(0, 1))
    indices = data.draw(st.lists(st.integers(0, a.shape[axis] - 1), min_size=1))
    expected = a.copy()
    for index in indices:
        expected[(slice(None),) * axis + (index,)] += 3
    same(matrix(a).put(indices, 3, axis=axis, accumulate=True), expected)


def test_scatter_refuses_before_it_writes():
    m = Matrix(3, 2, range(6))
    for key, value, error in [
        ([0, 7], 1, IndexError),
        ([0], Matrix(1, 3), ValueError),
        ([0, 1], Matrix(1, 2), ValueError),
        ([0], [1, 2], TypeError),
        ([0], m.view[0], TypeError),
        ([0], "a", TypeError),
    ]:
        with pytest.raises(error):
            m[key] = value
        with pytest.raises(error):
            m.put(key, value)
    same(m, np.arange(6.0).reshape(3, 2))
    m[[0, 2]] = Matrix(1, 1, 9)
    same(m, [[9, 9], [2, 3], [9, 9]])


def test_index_errors_name_the_index_as_given():
    m = Matrix(3, 2)
    for key in (3, -4, [0, 3], [-4]):
        with pytest.raises(IndexError, match=r"row.*(3|-4).*3"):
            m[key]
        with pytest.raises(IndexError, match=r"row.*(3|-4).*3"):
            m[key] = 1
    with pytest.raises(IndexError, match=r"column.*2.*2"):
        m[0, 2]
    with pytest.raises(IndexError, match=r"column.*-3.*2"):
        m.take([-3], 1)


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (slice(2, 1), IndexError),
        (slice(9, 12), IndexError),
        (slice(None, None, 0), ValueError),
        ((0, 1, 2), KeyError),
        ((0,), KeyError),
        ((), KeyError),
        (1.0, TypeError),
        (None, TypeError),
        ("a", TypeError),
        (..., TypeError),
        (range(2), TypeError),
        (Matrix(1, 1), TypeError),
        ((0, (1,)), TypeError),
        ([], IndexError),
        ([0.0], TypeError),
        (2**70, OverflowError),
        ([2**70], OverflowError),
        (([0], [1]), IndexError),
        (([0], 1), IndexError),
        ((0, [1]), IndexError),
        (([0], slice(0, 2)), IndexError),
    ],
)
def test_bad_keys(key, error):
    m = Matrix(3, 2)
    with pytest.raises(error):
        m[key]
    with pytest.raises(error):
        m[key] = 1
    with pytest.raises(TypeError):
        del m[key]


def test_index_objects_and_booleans_are_integers():
    m = Matrix(3, 2, range(6))
    assert m[np.int64(1), True] == 3
    same(m[[True, np.int8(2)]], [[2, 3], [4, 5]])


def test_bad_values_are_type_errors():
    m = Matrix(2, 2)
    for value in ("ab", None, [], [[1, 2]], [None, 1], object()):
        with pytest.raises(TypeError):
            m[0] = value


def test_in_place_operation_on_an_item():
    m = Matrix(2, 2, [1, 2, 3, 4])
    m[0] += 1
    m[1, 1] *= 2
    m[[0, 0]] += 10
    same(m, [[12, 13], [3, 8]])


def test_a_conversion_that_changes_the_matrix_is_noticed():
    m = Matrix(2, 3, range(6))

    class Turning:
        def __float__(self):
            m.transpose(in_place=True)
            return 1.0

    m[0] = [Turning()]
    same(m, [[1, 1], [1, 4], [2, 5]])


@given(arrays())
def test_length_iteration_and_truth(a):
    m = matrix(a)
    assert len(m) == a.shape[0]
    assert bool(m)
    rows = list(m)
    assert len(rows) == a.shape[0]
    for row, expected in zip(rows, a):
        if a.shape[1] == 1:
            np.testing.assert_equal(row, expected[0])
        else:
            same(row, expected[None])
    np.testing.assert_equal(list(m.values()), a.ravel().tolist())
    assert len(list(reversed(m))) == len(m)


def test_containment_and_sum_go_by_rows():
    m = Matrix(2, 2, [1, 2, 3, 4])
    assert [3, 4] in m
    assert [3, 5] not in m
    same(sum([m, m]), 2 * array(m))
    assert sum(Matrix(3, 1, 2)) == 6


def test_coordinates():
    m = Matrix(2, 2, [1, 2, 3, 4])
    assert (m.x, m.y, m.z, m.w) == (1, 2, 3, 4)
    m.w = True
    assert m[1, 1] == 1
    with pytest.raises(TypeError):
        m.x = "a"
    with pytest.raises(TypeError):
        del m.x
    for call in (lambda n: n.y, lambda n: setattr(n, "y", 1)):
        with pytest.raises(IndexError):
            call(Matrix(1, 1))
