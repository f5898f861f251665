"""Views: windows on one row or column."""

from __future__ import annotations

import copy
import functools
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix, send
from bocpy._math import MatrixView
from matrices import array, arrays, matrix, same


def numbered(rows=3, columns=4):
    return Matrix(rows, columns, range(rows * columns))


@given(arrays(), st.data())
def test_views_show_a_row_or_column(a, data):
    m = matrix(a)
    i = data.draw(st.integers(-a.shape[0], a.shape[0] - 1))
    j = data.draw(st.integers(-a.shape[1], a.shape[1] - 1))
    part = data.draw(st.slices(a.shape[1]).filter(lambda s: len(range(a.shape[1])[s])))
    row, column = a[i][None], a[:, j][:, None]
    same(m.view[i].copy(), row)
    same(m.row_view(i).copy(), row)
    same(m.view[i, part].copy(), row[:, part])
    same(m.row_view(i, part).copy(), row[:, part])
    same(m.view[:, j].copy(), column)
    same(m.column_view(j).copy(), column)
    same(m.view[i, j].copy(), [[a[i, j]]])
    same(m.column_view(j, i).copy(), [[a[i, j]]])
    same(Matrix.from_view(m.view[i].T), row.T)
    np.testing.assert_equal(list(m.view[:, j]), column.ravel().tolist())
    np.testing.assert_equal(list(m.view[i][part].values()), row[0, part].tolist())


@given(arrays(), st.data())
def test_writing_through_a_view(a, data):
    m = matrix(a)
    i = data.draw(st.integers(0, a.shape[0] - 1))
    part = data.draw(st.slices(a.shape[1]).filter(lambda s: len(range(a.shape[1])[s])))
    expected = a.copy()
    count = expected[i, part].size
    value = data.draw(arrays(shape=(count, 1)))
    m.view[i][part] = matrix(value)
    expected[i, part] = value[:, 0]
    same(m, expected)
    m.view[i][::-1][:] = m.view[i]
    expected[i] = expected[i][::-1]
    same(m, expected)
    m.view[i][part] = 3
    expected[i, part] = 3
    same(m, expected)


def test_properties():
    m = numbered()
    v = m.view[:, 1]
    assert (v.rows, v.columns, v.size, v.shape, len(v)) == (3, 1, 3, (3, 1), 3)
    assert not v.is_row
    assert v.T.is_row
    assert not v.read_only
    assert (v.x, v.y, v.z) == (1, 5, 9)
    v.T.z = 7
    assert m[2, 1] == 7
    with pytest.raises(IndexError):
        _ = v.w
    assert repr(v) == str(v) == "MatrixView([[1]\n [5]\n [7]])"
    assert repr(m.view[0]) == "MatrixView([[0 1 2 3]])"


def test_iterators_of_views():
    m = numbered(2, 2)
    assert [list(v) for v in m.row_views()] == [[0, 1], [2, 3]]
    assert [list(v) for v in m.column_views(read_only=True)] == [[0, 2], [1, 3]]
    assert all(v.read_only for v in m.row_views(read_only=True))
    for v in m.row_views():
        v[:] = sum(v)
    same(m, [[1, 1], [5, 5]])


def test_read_only_is_inherited():
    v = numbered().row_view(0, read_only=True)
    for part in (v, v.T, v[1:]):
        assert part.read_only
        with pytest.raises(TypeError, match="read-only"):
            part[0] = 1
        with pytest.raises(TypeError, match="read-only"):
            part.x = 1


def test_views_compute_as_matrices():
    m = numbered(2, 2)
    v = m.view[1]
    same(v + 1, [[3, 4]])
    same(1 - v, [[-1, -2]])
    same(m * v, [[0, 3], [4, 9]])
    same(v @ v.T, [[13]])
    same([1, 2] * v, [[2, 6]])
    same(-v, [[-2, -3]])
    same(abs(-v), [[2, 3]])
    w = v
    w += 1
    assert isinstance(w, Matrix)
    same(m, [[0, 1], [2, 3]])
    assert v.T.copy() == v.copy().T
    assert v == v
    assert v != m.view[1]
    assert len({v, v}) == 1
    assert (m == v) is False


def test_view_outlives_its_matrix_and_its_shape():
    m = numbered(2, 3)
    v = m.view[:, 2]
    m.transpose(in_place=True)
    assert len(list(v)) == 2
    del m
    v[0] = 5
    assert v.x == 5


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (slice(0, 1), TypeError),
        ((slice(0, 1), slice(0, 1)), TypeError),
        ([0], TypeError),
        ((0, [0]), TypeError),
        ((0, 0, 0), TypeError),
        (1.0, TypeError),
        (None, TypeError),
        (3, IndexError),
        ((0, 4), IndexError),
        ((0, slice(2, 2)), IndexError),
    ],
)
def test_bad_selections(key, error):
    with pytest.raises(error):
        numbered().view[key]


def test_bad_uses():
    m = numbered()
    v = m.view[0]
    for key in ((0,), (0, 0), [0], None, 1.0, "a"):
        with pytest.raises(TypeError):
            v[key]
    for key, message in [
        (4, "index 4 is out of range for 4"),
        (-5, "index -5 is out of range for 4"),
        (slice(2, 2), "no element of 4"),
    ]:
        with pytest.raises(IndexError, match=message):
            v[key]
        with pytest.raises(IndexError, match=message):
            v[key] = 1
    with pytest.raises(ValueError, match="zero"):
        v[::0]
    for value, error in [("a", TypeError), ([1, 2], ValueError), (None, TypeError)]:
        with pytest.raises(error):
            v[:] = value
    with pytest.raises(TypeError):
        v[0] = [1]
    with pytest.raises(TypeError):
        del v[0]
    with pytest.raises(TypeError):
        m.view[0] = 1
    for selector in (0.5, "a", None):
        with pytest.raises(TypeError):
            m.row_view(selector)
    with pytest.raises(TypeError):
        m.column_view(0, [1])


def test_views_are_made_by_matrices_only():
    with pytest.raises(TypeError):
        MatrixView()
    with pytest.raises(TypeError):
        type("Sub", (MatrixView,), {})
    v = numbered().view[0]
    send_it = functools.partial(send, "view")
    in_list, in_tuple = (lambda v: send_it([v])), (lambda v: send_it((v,)))
    for leave in (
        pickle.dumps,
        copy.copy,
        copy.deepcopy,
        send_it,
        Cown,
        in_list,
        in_tuple,
    ):
        with pytest.raises(TypeError, match=r"\.copy\(\)"):
            leave(v)
    assert array(v.copy()).tolist() == [[0, 1, 2, 3]]
