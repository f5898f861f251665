"""Who may touch a matrix: cowns, behaviors, messages, threads, interpreters."""

from __future__ import annotations

import gc
import threading

import pytest

from bocpy import Cown, Matrix, receive, send, wait, when
from bocpy._math import _take_seat

PATIENCE = 30


def given_away():
    """A matrix that its cown holds, and the cown."""
    m = Matrix(2, 2, [1, 2, 3, 4])
    return m, Cown(m)


TOUCHES = {
    "rows": lambda m: m.rows,
    "columns": lambda m: m.columns,
    "size": lambda m: m.size,
    "ndim": lambda m: m.ndim,
    "length": lambda m: m.length,
    "T": lambda m: m.T,
    "x": lambda m: m.x,
    "set x": lambda m: setattr(m, "x", 1),
    "len": len,
    "bool": bool,
    "float": float,
    "int": int,
    "next": lambda m: next(iter(m)),
    "get": lambda m: m[0],
    "get bad key": lambda m: m[None],
    "set": lambda m: m.__setitem__(0, 1),
    "neg": lambda m: -m,
    "abs": abs,
    "add": lambda m: m + 1,
    "radd": lambda m: Matrix(2, 2) + m,
    "iadd": lambda m: m.__iadd__(1),
    "matmul": lambda m: Matrix(2, 2) @ m,
    "eq": lambda m: m == 1,
    "eq matrix": lambda m: m == m,
    "lt": lambda m: m < 1,
    "other lt": lambda m: Matrix(2, 2) < m,
    "sum": lambda m: m.sum(),
    "argmin": lambda m: m.argmin(),
    "topk": lambda m: m.topk(1),
    "masked": lambda m: Matrix(2, 2).sum(where=m),
    "copy": lambda m: m.copy(),
    "reduce": lambda m: m.__reduce__(),
    "deepcopy": lambda m: m.__deepcopy__({}),
    "out": lambda m: Matrix(2, 2).add(1, out=m),
    "scatter": lambda m: Matrix(2, 2).__setitem__([0, 1], m),
    "assign": lambda m: Matrix(2, 2).__setitem__(slice(None), m),
    "concat": lambda m: Matrix.concat([m]),
    "values": lambda m: m.values(),
    "make": lambda m: Matrix(2, 2, m),
    "where": lambda m: Matrix.where(m, 1, 0),
    "allclose": lambda m: Matrix.allclose(m, m),
    "from_buffer": Matrix.from_buffer,
    "buffer": memoryview,
    "array": lambda m: m.__array__(),
    "indexing the indexer": lambda m: m.view[0],
    "row_view": lambda m: m.row_view(0),
    "clip": lambda m: m.clip(0, 1),
    "fma": lambda m: Matrix(2, 2).fma(m, 1),
    "normalize": lambda m: m.normalize(in_place=True),
    "transpose": lambda m: m.transpose(in_place=True),
    "tolist": lambda m: m.tolist(),
    "give away": Cown,
}


@pytest.mark.parametrize("name", TOUCHES)
def test_touching_what_a_cown_holds_is_a_runtime_error(name):
    m, _cown = given_away()
    with pytest.raises(RuntimeError):
        TOUCHES[name](m)


BAD_USES = {
    "sum": lambda m: m.sum("no axis"),
    "mean": lambda m: m.mean(True),
    "argmax": lambda m: m.argmax(7),
    "topk": lambda m: m.topk("many"),
    "no operand": lambda m: m.add(),
    "bad operand": lambda m: m.less(None),
    "operator": lambda m: m - None,
    "reflected": lambda m: "ab" + m,
    "in place": lambda m: m.__iadd__(None),
    "product": lambda m: None @ m,
    "clip": lambda m: m.clip("low"),
    "bin": lambda m: m.bin(0),
    "digitize": lambda m: m.digitize([2, 1]),
    "take": lambda m: m.take([0], 5),
    "put": lambda m: m.put(["a"], 1),
    "along": lambda m: m.take_along_axis(None),
    "repeat": lambda m: m.repeat_interleave(0),
    "vecdot": lambda m: m.vecdot("ab"),
    "cross": lambda m: m.cross(m, 9),
    "normalize": lambda m: m.normalize(9),
    "fma": lambda m: m.fma("a", "b"),
    "reshape": lambda m: m.reshape(0, "a"),
    "row_view": lambda m: m.row_view(None),
    "row_views": lambda m: m.row_views(wrong=1),
    "sqrt": lambda m: m.sqrt(out=[1]),
}


@pytest.mark.parametrize("name", BAD_USES)
def test_who_may_touch_it_is_asked_before_with_what(name):
    m, _cown = given_away()
    with pytest.raises(RuntimeError, match="not the owner") as found:
        BAD_USES[name](m)
    assert type(found.value) is RuntimeError


def test_what_may_be_asked_of_a_matrix_given_away():
    m, cown = given_away()
    assert m.acquired is False
    assert m.shape == (2, 2)
    assert repr(m) == "Matrix(<not acquired>)"
    assert str(m) == "<not acquired>"
    assert iter(m) is not None
    assert m.view is not None
    assert (m == None) is False  # noqa: E711
    assert (m != "ab") is True
    with cown as v:
        assert v is not m
        assert v.acquired
        assert m.acquired
        v[0, 0] = 9
        assert m[0, 0] == 9
    assert not m.acquired
    assert not v.acquired
    with cown as v:
        assert v.tolist() == [[9, 2], [3, 4]]


def test_views_follow_their_matrix():
    m = Matrix(2, 2, range(4))
    view, iterator = m.view[1], m.values()
    cown = Cown(m)
    assert (len(view), view.is_row, view.read_only) == (2, True, False)
    assert repr(view) == "MatrixView(<not acquired>)"
    for touch in (
        lambda: view[0],
        lambda: view.shape,
        lambda: view + 1,
        view.copy,
        lambda: float(view[:1]),
        lambda: Matrix.from_buffer(view),
    ):
        with pytest.raises(RuntimeError):
            touch()
    with pytest.raises(RuntimeError):
        next(iterator)
    with cown:
        assert list(view) == [2, 3]
        assert next(iterator) == 0


def test_assigning_the_value_of_a_cown_swaps_the_content():
    _m, cown = given_away()
    n = Matrix(1, 1, 7)
    with cown:
        cown.value = n
    assert not n.acquired
    with cown as v:
        assert v.tolist() == [[7]]


def test_exports_forbid_giving_away():
    m = Matrix(2, 2)
    with memoryview(m), pytest.raises(BufferError, match="while a buffer of it"):
        Cown(m)
    assert m.acquired
    Cown(m)
    assert not m.acquired


def test_behaviors_own_what_their_cowns_hold(backend):
    m = Matrix(2, 2, [1, 2, 3, 4])
    cown = Cown(m)

    @when(cown)
    def total(cown):
        cown.value += 1
        cown.value[0, 0] = 100
        return cown.value.sum()

    @when(cown, total)
    def made(cown, total):
        return Matrix(1, 2, [total.value, cown.value.acquired])

    wait(PATIENCE)
    with made as v:
        assert v.tolist() == [[112, 1]]
        assert v.acquired
    assert not m.acquired


def test_a_behavior_that_returns_the_matrix_of_its_cown_is_told(backend):
    cown = Cown(Matrix(1, 2, [1, 2]))

    @when(cown)
    def own(cown):
        return cown.value

    wait(PATIENCE)
    with pytest.raises(RuntimeError, match=r"value of its own cown; .* copy\(\)"):
        own.unwrap()
    with cown as v:
        assert v.tolist() == [[1, 2]]


def test_matrices_move_in_captures(backend):
    m = Matrix(1, 2, [3, 4])

    @when(Cown(0))
    def doubled(_cown):
        return m * 2

    assert not m.acquired
    wait(PATIENCE)
    with doubled as v:
        assert v.tolist() == [[6, 8]]


def test_cowns_may_swap_their_matrices(backend):
    left, right = Cown(Matrix(1, 1, 1)), Cown(Matrix(1, 1, 2))

    @when(left, right)
    def _swap(left, right):
        left.value, right.value = right.value, left.value

    wait(PATIENCE)
    with left as a, right as b:
        assert (a.x, b.x) == (2, 1)


def test_messages_move_matrices():
    m = Matrix(1, 2, [1, 2])
    send("matrix", m)
    assert not m.acquired
    _tag, received = receive("matrix", timeout=PATIENCE)
    assert received.tolist() == [[1, 2]]
    lost, _cown = given_away()
    with pytest.raises(RuntimeError):
        send("matrix", lost)


def test_any_thread_of_the_interpreter_may_touch_its_matrices():
    m = Matrix(2, 2, [1, 2, 3, 4])
    errors = []

    def touch():
        try:
            for call in (
                lambda: m + [1, 2],
                lambda: 1 - m,
                lambda: m @ m,
                lambda: -m,
                lambda: m == m,
                lambda: m.T,
                lambda: Matrix(1, 1) + 1,
                lambda: m.argmax(0),
                lambda: m.view[0] * 2,
            ):
                call()
            m.x = 7
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=touch)
    thread.start()
    thread.join(PATIENCE)
    assert not errors
    assert m.x == 7


def test_a_seated_thread_owns_for_itself():
    m = Matrix(1, 1, 1)
    found = []

    def seated():
        _take_seat(12345)
        try:
            found.append(m.acquired)
            own = Matrix(1, 1, 2)
            found.extend([own.acquired, own])
        finally:
            _take_seat(None)

    thread = threading.Thread(target=seated)
    thread.start()
    thread.join(PATIENCE)
    assert found[:2] == [False, True]
    assert not found[2].acquired
    assert m.acquired


def test_blocks_die_with_their_last_handle():
    for _ in range(50):
        cown = Cown(Matrix(300, 300))
        with cown as v:
            kept = v.view[0]
        del cown, v
    gc.collect()
    assert len(kept) == 300


def test_a_mask_crosses_before_its_numbers_are_asked_for(bocpy_runtime):
    steps = Matrix(128, 129, [float(i % 7) for i in range(128 * 129)])
    expected = [1.0 if i % 7 < 3 else 0.0 for i in range(128 * 129)]
    masks = [steps.less(3) for _ in range(3)]
    first, second = Cown(masks[0]), Cown(masks[1])
    assert not masks[0].acquired

    @when(first, second)
    def combined(a, b):
        return a.value.sum(), Matrix.where(a.value, b.value, 2.0)

    send("mask", masks[2])
    _, arrived = receive("mask", PATIENCE)
    assert arrived.acquired
    assert list(arrived.values()) == expected
    wait(PATIENCE)
    total, chosen = combined.unwrap()
    assert total == sum(expected)
    assert list(chosen.values()) == [1.0 if x else 2.0 for x in expected]
    with first as value:
        assert list(value.values()) == expected


def keep_in_a_traceback(m):
    shared = memoryview(m[0] if isinstance(m, tuple) else m)
    raise LookupError(shared.format)


def keep_in_a_cycle(m):
    shared = memoryview(m[0] if isinstance(m, tuple) else m)
    ring = [shared]
    ring.append(ring)


def keep_in_an_exception(m):
    kept = []
    try:
        keep_in_a_traceback(m)
    except LookupError as error:
        kept += [error, kept]


@pytest.mark.parametrize("wrapped", [lambda m: m, lambda m: (m, 1)])
@pytest.mark.parametrize(
    ("keep", "told"),
    [
        (keep_in_a_traceback, LookupError),
        (keep_in_a_cycle, BufferError),
        (keep_in_an_exception, BufferError),
    ],
)
def test_a_matrix_is_not_lost_with_a_buffer_that_is_left_in_use(
    backend, keep, told, wrapped
):
    cown = Cown(wrapped(Matrix(1, 2, [1, 2])))

    @when(cown)
    def left(cown):
        (cown.value[0] if isinstance(cown.value, tuple) else cown.value)[0, 0] = 5
        keep(cown.value)

    @when(cown)
    def after(cown):
        m = cown.value[0] if isinstance(cown.value, tuple) else cown.value
        m += 1
        return m.tolist()

    wait(PATIENCE)
    with pytest.raises(told):
        left.unwrap()
    assert after.unwrap() == [[6, 3]]
