"""Results of comparisons that stay bytes until somebody asks for numbers."""

from __future__ import annotations

import copy
import operator
import pickle
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bocpy import Matrix
from matrices import EDGES, MASKS, SPECIALS, prints_the_same

PATIENCE = 30
SHAPES = [(127, 129), (128, 128), (129, 128), (1, 16385), (16391, 1), (3, 5555)]
"""Around the size from which on a result is a mask, which is 128x128."""


def operands(seed, shape=(128, 129)):
    """Two arrays of edge cases and their matrices."""
    generator = np.random.default_rng(seed)
    pool = np.array(EDGES + SPECIALS)
    x, y = (pool[generator.integers(0, len(pool), shape)] for _ in range(2))
    return Matrix.from_buffer(x), Matrix.from_buffer(y), x, y


def equal(found, expected):
    """Assert equal shapes and bits."""
    found, expected = np.asarray(found), np.asarray(expected, dtype=float)
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)
    signs = np.isnan(expected) | (np.signbit(found) == np.signbit(expected))
    assert signs.all()


def fresh(seed=5, shape=(128, 129)):
    """A mask that nobody has read, and its array."""
    a, b, x, y = operands(seed, shape)
    return a.less(b), (x < y).astype(float)


def in_place(function):
    """Make a function that changes its operand return the operand."""

    def changed(m, a):
        function(m, a)
        return m

    return changed


def assign(key, value):
    """Return a function that assigns to a mask."""
    return in_place(lambda m, _: m.__setitem__(key, value))


def viewed(m, _):
    """Copy the numbers of a mask one by one out of its buffer."""
    with memoryview(m) as buffer:
        return np.array(buffer.tolist())


SPECIAL = {
    "where": (lambda m, a: Matrix.where(m, a, -a), lambda q, x: np.where(q, x, -x)),
    "where yes": (
        lambda m, a: Matrix.where(m, a, -0.0),
        lambda q, x: np.where(q, x, -0.0),
    ),
    "where no": (lambda m, a: Matrix.where(m, 7, a), lambda q, x: np.where(q, 7, x)),
    "where numbers": (
        lambda m, _: Matrix.where(m, 2, 3),
        lambda q, _: np.where(q, 2, 3),
    ),
    "where in itself": (
        lambda m, a: Matrix.where(m, a, 5, out=m),
        lambda q, x: np.where(q, x, 5),
    ),
    "where of masks": (
        lambda m, _: Matrix.where(m, m, 2),
        lambda q, _: np.where(q, q, 2),
    ),
    "add": (operator.add, operator.add),
    "add to": (lambda m, a: a - m, lambda q, x: x - q),
    "times number": (lambda m, _: m * 3, lambda q, _: q * 3),
    "number minus": (lambda m, _: 1 - m, lambda q, _: 1 - q),
    "times 1x1": (lambda m, _: m * Matrix(1, 1, -2), lambda q, _: q * -2.0),
    "times itself": (lambda m, _: m * m, lambda q, _: q * q),
    "times row": (lambda m, a: m + a[1], lambda q, x: q + x[1:2]),
    "sequence": (lambda m, _: m + [2] * m.columns, lambda q, _: q + 2),
    "out": (lambda m, a: m.add(a, out=m), lambda q, x: q + x),
    "out elsewhere": (lambda m, a: m.add(a, out=a), lambda q, x: q + x),
    "compared": (lambda m, _: m.less(0.5), lambda q, _: q < 0.5),
    "compared in itself": (lambda m, a: a.less(m, out=m), lambda q, x: x < q),
    "masks compared": (lambda m, _: m.equal(m), lambda q, _: q == q),
    "negative": (lambda m, _: -m, lambda q, _: -q),
    "in place": (operator.iadd, lambda q, x: q + x),
    "in place of": (lambda m, a: operator.imul(a, m), lambda q, x: x * q),
    "index": (lambda m, _: [[m[0, 0], m[5, 7]]], lambda q, _: [[q[0, 0], q[5, 7]]]),
    "row": (lambda m, _: m[3], lambda q, _: q[3:4]),
    "slice": (lambda m, _: m[2:60, 5:90:3], lambda q, _: q[2:60, 5:90:3]),
    "take": (lambda m, _: m.take([4, 2]), lambda q, _: q[[4, 2]]),
    "transposed": (lambda m, _: m.T, lambda q, _: q.T),
    "turned": (lambda m, _: m.transpose(in_place=True), lambda q, _: q.T),
    "copy": (lambda m, _: m.copy(), lambda q, _: q),
    "copy of copy": (lambda m, _: m.copy().copy() + 0, lambda q, _: q),
    "shallow": (lambda m, _: copy.copy(m), lambda q, _: q),
    "deep": (lambda m, _: copy.deepcopy(m), lambda q, _: q),
    "flat": (lambda m, _: m.flatten(), lambda q, _: q.reshape(1, -1)),
    "reshaped": (lambda m, _: m.reshape(129, 128), lambda q, _: q.reshape(129, 128)),
    "pickle": (lambda m, _: pickle.loads(pickle.dumps(m)), lambda q, _: q),
    "memoryview": (viewed, lambda q, _: q),
    "array": (lambda m, _: np.asarray(m), lambda q, _: q),
    "view": (lambda m, _: Matrix.from_view(m.view[3]), None),
    "values": (
        lambda m, _: np.array(list(m.values())).reshape(m.shape),
        lambda q, _: q,
    ),
    "product": (lambda m, _: m @ m.T, lambda q, _: q @ q.T),
    "sums": (lambda m, _: m.sum(0), lambda q, _: q.sum(0, keepdims=True)),
    "masked sum": (
        lambda m, a: [[a.abs().less(9).sum(where=m)]],
        lambda q, x: [[(np.abs(x) < 9)[q != 0].sum()]],
    ),
    "write": (assign((3, 4), 9.5), None),
    "write row": (assign(2, -0.0), None),
}
NUMBERS = ["sum", "mean", "min", "max", "magnitude", "magnitude_squared"]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", MASKS)
def test_comparisons(name, shape):
    a, b, x, y = operands(2, shape)
    compared = MASKS[name]
    for number in (0.5, float("nan"), -0.0):
        equal(getattr(a, name)(number), compared(x, number))
    equal(getattr(a, name)(b), compared(x, y))
    equal(getattr(Matrix(1, 1, 0.5), name)(b), compared(0.5, y))
    row, column = a[0], b[:, 0]
    row = row if isinstance(row, Matrix) else Matrix(1, 1, row)
    column = column if isinstance(column, Matrix) else Matrix(1, 1, column)
    equal(getattr(a, name)(row), compared(x, x[:1]))
    equal(getattr(column, name)(b), compared(y[:, :1], y))
    out = Matrix(*shape)
    assert getattr(a, name)(b, out=out) is out
    equal(out, compared(x, y))


@given(
    st.sampled_from(sorted(MASKS)),
    st.sampled_from(sorted(name for name in SPECIAL if SPECIAL[name][1])),
    st.integers(0, 2**32 - 1),
)
def test_uses(comparison, use, seed):
    a, b, x, y = operands(seed)
    mask = getattr(a, comparison)(b)
    chosen = MASKS[comparison](x, y).astype(float)
    ours, theirs = SPECIAL[use]
    with np.errstate(all="ignore"):
        expected = theirs(chosen, x)
    equal(ours(mask, a), expected)


@pytest.mark.parametrize("use", SPECIAL)
def test_each_use(use):
    """Numbers that were asked for before are used in the same way."""
    ours, theirs = SPECIAL[use]
    a, _, x, _ = operands(5)
    mask, chosen = fresh()
    known, _ = fresh()
    assert known[0, 0] == chosen[0, 0]
    equal(ours(mask, a.copy()), np.asarray(ours(known, a.copy())))
    if theirs is not None:
        with np.errstate(all="ignore"):
            equal(ours(fresh()[0], a), theirs(chosen, x))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", [None, float("inf"), float("-inf"), 0.5])
def test_numbers_of_all(name, number):
    a, b, x, y = operands(6, (301, 303))
    a, x = (a, x) if number is None else (a * 0.0 + 1.0, np.ones(x.shape))
    mask = a.less(b if number is None else number)
    known = mask.copy()
    known[0, 0] = known[0, 0]
    found = getattr(mask, name)()
    assert found == getattr(known, name)()
    if name == "sum":
        assert found == (x < (y if number is None else number)).sum() or number


def test_equality_and_text():
    mask, chosen = fresh()
    assert mask == Matrix.from_buffer(chosen)
    assert fresh()[0] == fresh()[0]
    assert repr(fresh()[0]) == repr(Matrix.from_buffer(chosen))


def test_a_mask_keeps_what_is_written():
    mask, chosen = fresh()
    view = mask.view[0]
    mask[0, 0] = chosen[0, 0] = 4.25
    assert view[0] == 4.25
    equal(Matrix.where(mask, mask, 0), chosen)
    assert mask.sum() == chosen.sum()
    equal(mask.copy(), chosen)


LOOKS = [
    lambda m, q: m.sum() == q.sum(),
    lambda m, q: m[77, 11] == q[77, 11],
    lambda m, q: (np.asarray(Matrix.where(m, 3, 4)) == np.where(q, 3, 4)).all(),
    lambda m, q: (np.asarray(m) == q).all(),
    lambda m, q: (np.asarray(m * 2 + m) == 3 * q).all(),
    lambda m, q: (np.asarray(m.copy()) == q).all(),
    lambda m, q: m.max() == q.max(),
    lambda m, q: (np.asarray(m.T) == q.T).all(),
]


def test_threads_read_one_mask_at_once():
    rounds, count = 20, 6
    a, b, x, y = operands(8, (400, 300))
    chosen = (x < y).astype(float)
    masks = [a.less(b) for _ in range(rounds)]
    barrier = threading.Barrier(count, timeout=PATIENCE)
    wrong = []

    def look(first):
        for number, mask in enumerate(masks):
            barrier.wait()
            for i in range(len(LOOKS)):
                use = (first + number + i) % len(LOOKS)
                if not LOOKS[use](mask, chosen):
                    wrong.append((number, use))

    threads = [threading.Thread(target=look, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()
    assert wrong == []


@pytest.mark.parametrize("level", ["avx2", "baseline"])
def test_instruction_sets_agree(level):
    program = """if True:
        import hashlib
        from bocpy import Matrix
        nan, inf = float("nan"), float("inf")
        pool = [0.0, -0.0, 1.5, nan, inf, -inf, 2.0, -7.25, 1e-310]
        a = Matrix(131, 127, [pool[i * i % 83 % 9] for i in range(131 * 127)])
        b = Matrix(131, 127, [pool[i * 5 % 71 % 9] for i in range(131 * 127)])
        kinds = "less less_equal greater greater_equal equal not_equal".split()
        for kind in kinds:
            for other in (b, 1.5, b[0], b[:, 0], nan):
                mask = getattr(a, kind)(other)
                assert mask.sum() == mask.sum(where=mask)
                for m in (mask, mask.copy(), getattr(Matrix(1, 1, 2), kind)(b)):
                    for made in (Matrix.where(m, a, b), Matrix.where(m, a, 0),
                                 Matrix.where(m, 1, b), Matrix.where(m, 1, 2),
                                 m.copy() * b, m):
                        print(hashlib.sha256(bytes(memoryview(made))).hexdigest())
    """
    prints_the_same(program, level)
