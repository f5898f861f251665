"""Every public name and operator of a matrix is tried on drawn numbers."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix, MatrixView
from matrices import arrays, close, finite, floats, matrix, same, shapes

# What shows that an operator is used: the kind of its node, or a function called.
OPERATORS = {
    "__abs__": "abs",
    "__add__": "add",
    "__array__": "asarray",
    "__bool__": "bool",
    "__buffer__": "asarray",
    "__delitem__": "Delete",
    "__divmod__": "divmod",
    "__eq__": "eq",
    "__floordiv__": "floordiv",
    "__float__": "float",
    "__format__": "format",
    "__ge__": "ge",
    "__getitem__": "Subscript",
    "__gt__": "gt",
    "__iadd__": "iadd",
    "__ifloordiv__": "ifloordiv",
    "__imod__": "imod",
    "__imul__": "imul",
    "__int__": "int",
    "__ipow__": "ipow",
    "__isub__": "isub",
    "__iter__": "list",
    "__itruediv__": "itruediv",
    "__le__": "le",
    "__len__": "len",
    "__lt__": "lt",
    "__matmul__": "MatMult",
    "__mod__": "mod",
    "__mul__": "mul",
    "__ne__": "ne",
    "__neg__": "USub",
    "__pos__": "UAdd",
    "__pow__": "Pow",
    "__reduce__": "dumps",
    "__rdivmod__": "divmod",
    "__repr__": "repr",
    "__rfloordiv__": "floordiv",
    "__rmod__": "mod",
    "__round__": "round",
    "__rpow__": "Pow",
    "__setitem__": "Assign",
    "__sub__": "sub",
    "__truediv__": "truediv",
    "__trunc__": "trunc",
}
# What is the same whatever the numbers are, and the test that shows it.
ALWAYS_THE_SAME = {
    "acquired": "test_what_may_be_asked_of_a_matrix_given_away",
    "is_row": "test_properties",
    "read_only": "test_read_only_is_inherited",
    "__array_priority__": "test_mixed_scalars_vectors_and_comparisons",
    "__copy__": "test_copies_are_independent",
    "__deepcopy__": "test_copies_are_independent",
    "__str__": "test_repr_and_str_layout",
    "__array_ufunc__": "test_numpy_functions_read_matrices",
    "__delitem__": "test_bad_values_are_type_errors",
    "__hash__": "test_type_is_final_and_immutable",
    "__init__": "test_second_init_replaces_the_content",
    "__new__": "test_shell_raises_everywhere_and_never_crashes",
    "__reduce_ex__": "test_bad_uses",
    "__release_buffer__": "test_released_buffers_cost_nothing",
}
TOLD_ELSEWHERE = {"__doc__", "__module__"}


def words(node):
    """The names, texts and kinds of node below a node."""
    for inner in ast.walk(node):
        yield type(inner).__name__
        if isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner.value


def is_drawn(function):
    return any("given" in ast.unparse(each) for each in function.decorator_list)


def named_words(path):
    """What each table and function of a file names; the tests on drawn numbers."""
    named, drawn = {}, set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Assign):
            named[node.targets[0].id] = set(words(node))
        elif isinstance(node, ast.FunctionDef):
            named[node.name] = set(words(node))
            if is_drawn(node):
                drawn.add(node.name)
    return named, drawn


def words_of_drawn_tests():
    """What the tests on drawn numbers name, and the tables and helpers they use."""
    here = Path(__file__).parent
    shared, _ = named_words(here / "matrices.py")
    found, tests = set(), set()
    for path in here.glob("test_matrix_*.py"):
        named, drawn = named_words(path)
        used = set().union(*(named[name] for name in drawn))
        used |= {"matrix", "array", "same", "close"}
        helpers = shared | named
        used |= set().union(*(helpers.get(name, set()) for name in used))
        found |= used
        tests |= set(named)
    return found, tests


@pytest.mark.parametrize("kind", [Matrix, MatrixView])
def test_every_name_is_tried_on_drawn_numbers(kind):
    found, tests = words_of_drawn_tests()
    names = set(vars(kind)) - TOLD_ELSEWHERE
    missing = {
        name
        for name in names
        if name not in found
        and OPERATORS.get(name, name) not in found
        and ALWAYS_THE_SAME.get(name) not in tests
    }
    assert missing == set()


REFLECTIONS = {
    "__radd__": lambda other, m: other + m,
    "__rsub__": lambda other, m: other - m,
    "__rmul__": lambda other, m: other * m,
    "__rtruediv__": lambda other, m: other / m,
}


@pytest.mark.parametrize("name", REFLECTIONS)
@given(arrays(), st.data())
def test_reflected_operators_of_matrices_and_views(name, a, data):
    number, i = data.draw(floats), data.draw(st.integers(0, a.shape[0] - 1))
    row = data.draw(arrays(shape=(1, a.shape[1])))[0]
    operate = REFLECTIONS[name]
    m = matrix(a)
    with np.errstate(all="ignore"):
        for other in (number, row):
            given_over = other if other is number else other.tolist()
            same(operate(given_over, m), operate(other, a))
            same(operate(given_over, m.view[i]), operate(other, a[i : i + 1]))
            same(getattr(m, name)(given_over), operate(other, a))


@given(arrays(elements=st.integers(-9, 9).map(float)), st.data())
def test_rows_and_views_on_either_side_of_a_product(a, data):
    m, i = matrix(a), data.draw(st.integers(0, a.shape[0] - 1))
    row = [float(n) for n in range(a.shape[0])]
    same(row @ m, np.array([row]) @ a)
    same(m.__rmatmul__(row), np.array([row]) @ a)
    same(m.view[i] @ m.T, a[i : i + 1] @ a.T)
    same(m @ m.view[i].T, a @ a[i : i + 1].T)
    same(row @ m.view[:, 0], np.array([row]) @ a[:, :1])


@given(arrays(), st.data())
def test_views_compute_and_compare_as_their_copies(a, data):
    m, j = matrix(a), data.draw(st.integers(0, a.shape[1] - 1))
    view, column = m.view[:, j], a[:, j : j + 1]
    with np.errstate(all="ignore"):
        same(view + a, column + a)
        same(view - m, column - a)
        same(view * 3, column * 3)
        same(view / view, column / column)
    same(-view, -column)
    same(abs(view), np.abs(column))
    assert (len(view), view.size) == (a.shape[0], a.shape[0])
    np.testing.assert_array_equal(np.asarray(view), column[:, 0])


@given(shapes, floats)
def test_fills(shape, number):
    same(Matrix.ones(shape), np.ones(shape))
    same(Matrix.zeros(list(shape)), np.zeros(shape))
    same(Matrix.full(shape, number), np.full(shape, number))


@given(arrays(), st.booleans(), st.booleans())
def test_buffers_are_copied_in_any_layout(a, turned, backwards):
    source = a.T if turned else a
    source = source[::-1, ::-1] if backwards else source
    expected = source.copy()
    m = Matrix.from_buffer(source)
    a[:] = 7
    same(m, expected)
    same(Matrix.from_buffer(m), expected)


@given(arrays())
def test_views_of_all_rows_and_columns(a):
    m = matrix(a)
    rows, columns = list(m.row_views()), list(m.column_views(read_only=True))
    assert len(rows) == len(m) == m.rows
    assert len(columns) == m.columns
    same(Matrix.concat(rows), a)
    same(Matrix.concat(columns, axis=1), a)
    assert all(view.is_row and not view.read_only for view in rows)
    assert all(view.read_only and not view.is_row for view in columns)


@given(arrays(elements=finite.filter(lambda x: abs(x) < 1e150)))
def test_length_is_the_norm(a):
    close([matrix(a).length], [np.sqrt((a * a).sum())])


COORDINATES = {"x": 0, "y": 1, "z": 2, "w": 3}


@pytest.mark.parametrize("name", COORDINATES)
@given(arrays(), floats)
def test_coordinates_are_the_first_numbers(name, a, number):
    m, place = matrix(a), COORDINATES[name]
    for target, flat in ((m, a.ravel()), (m.view[0], a[0])):
        if place >= flat.size:
            with pytest.raises(IndexError):
                getattr(target, name)
            with pytest.raises(IndexError):
                setattr(target, name, number)
            continue
        np.testing.assert_equal(getattr(target, name), flat[place])
        setattr(target, name, number)
        flat[place] = number
        same(m, a)
