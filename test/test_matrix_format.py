"""Format specs, rounding and truncation of matrices."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Cown, Matrix
from matrices import arrays, finite, floats, matrix, same

SPECS = [".2f", "8.3e", "+g", "<9.1f", "é^12.2f", ",.0f", "010.2f", "%", "n", "G"]


def shown(n, size):
    """Which rows or columns are shown; None stands for those left out."""
    return (
        [*range(n)] if size <= 1000 or n <= 6 else [0, 1, 2, None, n - 3, n - 2, n - 1]
    )


def aligned(a, spec):
    """The layout of str with numbers by a spec."""
    columns = shown(a.shape[1], a.size)
    rows = [
        i if i is None else [j if j is None else format(a[i, j], spec) for j in columns]
        for i in shown(a.shape[0], a.size)
    ]
    width = max(len(cell or "") for row in rows for cell in row or ())

    def line(row):
        return " ".join("..." if cell is None else cell.rjust(width) for cell in row)

    lines = ("..." if row is None else f"[{line(row)}]" for row in rows)
    return "[" + "\n ".join(lines) + "]"


@given(arrays(), st.sampled_from(SPECS))
def test_every_number_is_formatted_as_a_float(a, spec):
    expected = format(a[0, 0], spec) if a.size == 1 else aligned(a, spec)
    assert format(matrix(a), spec) == expected


@given(arrays())
def test_str_shows_six_digits(a):
    assert str(matrix(a)) == aligned(a, "g").replace("-nan", "nan")


@pytest.mark.parametrize(
    "shape", [(1, 1000), (1, 1001), (1001, 1), (4, 251), (251, 4), (40, 40), (7, 200)]
)
def test_large_matrices_show_their_edges(shape):
    a = np.arange(1.0 * shape[0] * shape[1]).reshape(shape)
    m = matrix(a)
    assert str(m) == aligned(a, "g")
    assert f"{m:.1f}" == aligned(a, ".1f")
    assert ("..." in str(m)) == (a.size > 1000)
    with np.printoptions(linewidth=10**6, formatter={"float": "{:g}".format}):
        assert str(m).count("\n") == str(a).count("\n")
        assert str(m).count("...") == str(a).count("...")
    same(eval(repr(m), {"Matrix": Matrix}), a)  # noqa: S307 - our own text
    view = m.view[0]
    assert "..." not in str(view)
    assert str(view).endswith(f"{a[0, -1]:g}]])")


@given(arrays())
def test_an_empty_spec_is_str(a):
    m = matrix(a)
    assert f"{m}" == format(m) == format(m, "") == str(m)


@given(floats)
def test_a_single_number_formats_as_a_number(number):
    assert f"{Matrix(1, 1, number):.2f}" == f"{number:.2f}"
    assert f"{Matrix(1, 1, number):>12.3g}" == f"{number:>12.3g}"


@pytest.mark.parametrize("spec", ["d", "s", "zz", ".99999999999f", 3, None])
def test_specs_that_float_does_not_know_are_type_errors(spec):
    for m in (Matrix(2, 2), Matrix(1, 1)):
        with pytest.raises(TypeError):
            m.__format__(spec)


def rounded(a, digits):
    """Each number rounded as Python does it."""
    return np.array([round(x, digits) for x in a.ravel().tolist()]).reshape(a.shape)


large = arrays().filter(lambda a: a.size > 1)


@given(large, st.integers(-5, 20))
def test_rounding_to_digits_is_as_with_floats(a, digits):
    m = matrix(a)
    same(round(m, digits), rounded(a, digits))
    same(m, a)


@given(large)
def test_rounding_to_integers_takes_halves_to_even(a):
    same(round(matrix(a)), np.rint(a))
    same(round(matrix(a), None), np.rint(a))


@given(finite, st.integers(-3, 9))
def test_a_single_number_rounds_as_a_number(number, digits):
    m = Matrix(1, 1, number)
    assert round(m) == round(number)
    assert type(round(m)) is type(math.trunc(m)) is int
    assert round(m, digits) == round(number, digits)
    assert type(round(m, np.int64(digits))) is float
    assert math.trunc(m) == math.trunc(number)
    assert math.floor(m) == math.floor(number)
    assert math.ceil(m) == math.ceil(number)


near_halves = st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 9)).map(
    lambda pair: (pair[0] + 0.5) / 10 ** pair[1]
)
neighbours = st.tuples(near_halves, st.sampled_from([-math.inf, math.inf])).map(
    lambda pair: math.nextafter(*pair)
)


@given(
    st.lists(st.one_of(near_halves, neighbours, finite), min_size=2, max_size=9),
    st.integers(-25, 25),
)
def test_rounding_near_halves_is_exact(values, digits):
    same(round(Matrix.vector(values), digits), [[round(x, digits) for x in values]])


def test_rounding_errors():
    m = Matrix(2, 2)
    for bad in ("1", 1.0, [1]):
        with pytest.raises(TypeError):
            round(m, bad)
    with pytest.raises(TypeError, match="1x1"):
        math.trunc(m)
    for number, error in ((math.nan, ValueError), (math.inf, OverflowError)):
        for convert in (round, math.trunc):
            with pytest.raises(error):
                convert(Matrix(1, 1, number))
    with pytest.raises(OverflowError):
        round(Matrix(1, 2, 1.7e308), -308)


@given(arrays())
def test_plus_copies(a):
    m = matrix(a)
    copied = +m
    copied += 1
    same(m, a)
    same(+m, a)
    same(+m.view[:, 0], a[:, :1])
    mask = Matrix(128, 128).equal(0)
    same(+mask, np.ones((128, 128)))


TOUCHES = {
    "format": lambda m: format(m, ".2f"),
    "bad spec": lambda m: m.__format__(3),
    "round": round,
    "round to what": lambda m: round(m, "a"),
    "trunc": math.trunc,
    "plus": lambda m: +m,
}


@pytest.mark.parametrize("name", TOUCHES)
def test_only_the_owner_may(name):
    m = Matrix(1, 1)
    _cown = Cown(m)
    with pytest.raises(RuntimeError, match="not the owner"):
        TOUCHES[name](m)
    assert f"{m}" == "<not acquired>"
