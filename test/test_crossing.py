"""Values of every kind on their way through cowns, captures, results and messages."""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import functools
import gc
import math
import operator
import pathlib
import re
import sys
import threading
import types
import uuid
import weakref
from pickle import PicklingError

import pytest

from bocpy import Cown, send, wait, when
from observing import PATIENCE, expect, outcomes, value_of, values_of
from programs import output_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Color(enum.Enum):
    """An enumeration of the program."""

    RED = 1
    BLUE = "blue"


@dataclasses.dataclass
class Point:
    """A data class of the program."""

    x: int
    tags: list = dataclasses.field(default_factory=list)


Named = collections.namedtuple("Named", "a b")  # noqa: PYI024


class Text(str):
    """A string of the program."""

    __slots__ = ()


class Number(int):
    """An int of the program."""


class Rows(list):
    """A list of the program with attributes."""


class Slotted:
    """Keeps its state in slots."""

    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right

    def __eq__(self, other):
        return (self.left, self.right) == (other.left, other.right)

    __hash__ = None


class WithState:
    """Decides itself what crosses."""

    def __init__(self, kept):
        self.kept = kept
        self.dropped = threading.Lock()

    def __getstate__(self):
        return {"kept": self.kept}

    def __setstate__(self, state):
        self.kept = state["kept"]

    def __eq__(self, other):
        return self.kept == other.kept

    __hash__ = None


LEAFS = [
    None,
    True,
    False,
    0,
    -1,
    256,
    257,
    2**31,
    -(2**31) - 1,
    2**62,
    2**63 - 1,
    -(2**63),
    2**63,
    2**64,
    -(10**40),
    3**2000,
    0.0,
    -0.0,
    1.5,
    5e-324,
    math.inf,
    -math.inf,
    1 + 2j,
    "",
    "text",
    "\0 in between \0",
    "naïve Ω 漢字",
    "\N{GRINNING FACE}",
    "\udc80 alone",
    "x" * 100_000,
    b"",
    b"\0bytes\xff",
    bytes(100_000),
    (),
    (1,),
    (1, "two", b"three", 4.0, None, True, 2**70),
    ((), ((),), (((1,), "a"), ("\udfff", b"")), (2**100, (-0.0,))),
    ("x" * 1000,) * 300,
    (([1],), [(2,)]),
    ...,
    NotImplemented,
]

VALUES = [
    [],
    [1, [2, [3, [4]]]],
    {},
    {"a": {"b": [1]}, 1: (2,), None: {3}},
    set(),
    {1, "a", (2,)},
    frozenset({1, 2}),
    bytearray(b"abc"),
    range(3, 9, 2),
    slice(1, 2, None),
    array.array("d", [1.0, 2.0]),
    collections.deque([1, 2], maxlen=5),
    collections.OrderedDict(b=1, a=2),
    collections.Counter("aab"),
    collections.ChainMap({"a": 1}, {"b": 2}),
    decimal.Decimal("1.10"),
    fractions.Fraction(1, 3),
    pathlib.PurePosixPath("/a/b"),
    uuid.UUID(int=5),
    types.SimpleNamespace(a=1),
    Color.RED,
    [Color.BLUE, {Color.RED: 1}],
    Point(1, ["a"]),
    [Point(1), (Point(2),)],
    Named(1, [2]),
    Text("words"),
    Number(7),
    Slotted([1], Slotted(2, 3)),
    WithState(["kept"]),
    len,
    operator.add,
    int,
    dict,
    Color,
    Point,
]

if sys.version_info >= (3, 13):  # before, interpreters have different classes for these
    VALUES += [dt.datetime(2020, 2, 29, 1, 2, tzinfo=dt.timezone.utc), dt.timedelta(3)]


def same(value, found):
    """Tell whether `found` is what should arrive for `value`."""
    return type(value) is type(found) and repr(value) == repr(found)


def equal(value, found):
    """Tell whether `found` equals `value` in type and content."""
    return type(value) is type(found) and value == found


@pytest.mark.parametrize("value", LEAFS, ids=lambda v: ascii(v)[:20])
def test_leafs_arrive_as_they_are_by_every_way(value):
    cown = Cown(value)

    @when(cown, Cown([value]))
    def result(c, boxed):
        inside = boxed.value[0]
        assert type(inside) is type(c.value) is type(value)
        assert repr(inside) == repr(c.value) == repr(value)
        send("signal", (value, c.value))
        c.value = inside
        return value

    assert same((value, value), expect("signal"))
    arrived, stayed = values_of(result, cown)
    assert same(value, arrived)
    assert same(value, stayed)


@pytest.mark.parametrize("value", VALUES, ids=lambda v: type(v).__name__)
def test_values_arrive_equal_and_of_their_type_by_every_way(value):
    cown = Cown(value)

    @when(cown, Cown([value]))
    def result(c, boxed):
        inside = boxed.value[0]
        assert type(inside) is type(c.value) is type(value)
        send("signal", (value, c.value))
        c.value = inside
        return value

    assert equal((value, value), expect("signal"))
    arrived, stayed = values_of(result, cown)
    assert equal(value, arrived)
    assert equal(value, stayed)


def test_all_values_at_once_keep_their_places():
    cowns = [Cown(value) for value in VALUES]

    @when(cowns)
    def result(group):
        return [c.value for c in group]

    for value, found in zip(VALUES, value_of(result), strict=True):
        assert equal(value, found)


def test_not_a_number_arrives():
    @when(Cown(math.nan))
    def result(c):
        return c.value, math.isnan(c.value)

    value, was_nan = value_of(result)
    assert math.isnan(value)
    assert was_nan is True


def test_shared_parts_of_one_value_stay_shared():
    part = [1]
    cown = Cown({"left": part, "right": part, "pair": (part, part)})

    @when(cown)
    def result(c):
        c.value["left"].append(2)
        return c.value["right"] is c.value["left"], c.value["pair"][0]

    assert value_of(result) == (True, [1, 2])
    found = value_of(cown)
    assert found["left"] is found["right"] is found["pair"][1]


def test_values_that_contain_themselves_arrive():
    ring = [1]
    ring.append(ring)
    mapping = {}
    mapping["self"] = mapping

    @when(Cown(ring), Cown(mapping))
    def result(r, m):
        return r.value[1] is r.value, m.value["self"] is m.value

    assert value_of(result) == (True, True)


def test_deeply_nested_tuples_cross_or_are_refused():
    deep = ()
    for _ in range(200):
        deep = (deep, 1)
    assert value_of(Cown(deep)) == deep
    deepest = ()
    for _ in range(100_000):
        deepest = (deepest,)
    with pytest.raises((RecursionError, MemoryError)):
        Cown(deepest)
    while deepest:
        deepest = deepest[0]


def test_callables_made_of_importable_parts_arrive():
    @when(Cown(functools.partial(operator.add, 40)), Cown([1].__contains__))
    def result(add, contains):
        return add.value(2), contains.value(1), contains.value(5)

    assert value_of(result) == (42, True, False)


def test_patterns_arrive():
    @when(Cown(re.compile(r"(\d+)")))
    def result(c):
        return c.value.search("a 42")[1]

    assert value_of(result) == "42"


def test_attributes_of_container_subclasses_arrive():
    rows = Rows([1, 2])
    rows.name = "named"

    @when(Cown(rows))
    def result(c):
        return type(c.value).__name__, list(c.value), c.value.name

    assert value_of(result) == ("Rows", [1, 2], "named")


def test_copies_are_independent_of_what_is_kept():
    kept = {"rows": [1]}
    one, two = Cown(kept), Cown(kept)
    kept["rows"].append("outside")

    @when(one)
    def _(c):
        c.value["rows"].append("one")
        keep_alive.append(c.value)

    @when(one)
    def again(c):
        for value in keep_alive:
            value["rows"].append("from a global")
        return c.value

    assert value_of(again) == {"rows": [1, "one"]}
    assert value_of(one) == {"rows": [1, "one"]}
    assert value_of(two) == {"rows": [1]}
    assert kept == {"rows": [1, "outside"]}


keep_alive: list = []


def test_one_value_in_two_cowns_parts_on_the_way():
    one, two = Cown([0]), Cown(None)

    @when(one, two)
    def _(a, b):
        b.value = a.value
        a.value.append(1)

    @when(one)
    def _(a):
        a.value.append(2)

    assert values_of(one, two) == [[0, 1, 2], [0, 1]]


@pytest.mark.parametrize(
    "make",
    [
        threading.Lock,
        lambda: lambda: 0,
        lambda: (n for n in ()),
        lambda: types.ModuleType("fresh"),
        lambda: weakref.ref(Color),
        lambda: type("Local", (), {})(),  # noqa: PLW0108
    ],
    ids=["lock", "lambda", "generator", "module", "weakref", "local class"],
)
def test_what_cannot_cross_is_refused_and_harms_nothing(make):
    value = make()
    for wrapped in (value, [value], {"a": (value,)}):
        with pytest.raises((TypeError, AttributeError, PicklingError)):
            Cown(wrapped)
    gc.collect()
    cown = Cown("good")
    cown.acquire()
    cown.value = kept = [value]
    with pytest.raises((TypeError, AttributeError, PicklingError)):
        cown.release()
    assert cown.acquired
    assert cown.value is kept
    cown.value = "good again"
    cown.release()
    assert value_of(cown) == "good again"


def test_what_cannot_cross_at_the_end_of_a_body_flags_its_cown_and_the_result():
    cowns = [Cown(n) for n in range(4)]

    @when(cowns)
    def result(group):
        group[1].value = threading.Lock()
        group[3].value = [lambda: 0]
        group[0].value = group[2].value = "fine"
        return "returned"

    seen = outcomes(result, *cowns)
    assert [failed for failed, _ in seen] == [True, False, True, False, True]
    assert [seen[1][1], seen[3][1]] == ["fine", "fine"]
    assert str(seen[0][1]) in (str(seen[2][1]), str(seen[4][1]))
    assert all(isinstance(seen[n][1], Exception) for n in (2, 4))
    for cown in [result, *cowns]:
        cown_flag_off(cown)


def cown_flag_off(cown):
    """Have a behavior take a failure off a cown."""

    @when(cown)
    def _(c):
        c.exception = False


def test_large_values_pass_and_are_freed():
    cown = Cown([bytes(1_000_000)] * 1)
    for _ in range(10):

        @when(cown)
        def _(c):
            c.value = [bytes(1_000_000), len(c.value[0])]

    wait(PATIENCE)
    assert len(cown.value[0]) == 1_000_000


def outline(view):
    """Say what can be told of a memoryview."""
    return view.tolist(), view.format, view.shape, view.readonly


VIEWS = [
    memoryview(b""),
    memoryview(b"abc"),
    memoryview(bytearray(b"abc")),
    memoryview(b"abcdef")[::2],
    memoryview(array.array("d", [1.0, 2.5])),
    memoryview(bytes(range(6))).cast("B", (2, 3)),
    memoryview(bytes(8)).cast("q", ()),
]


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: f"{v.format}{v.shape}")
def test_memoryviews_arrive_as_copies(view):
    cown = Cown(view)

    @when(cown, Cown((1, view)))
    def told(c, pair):
        send("seen", c.value)
        return outline(c.value), outline(pair.value[1]), outline(view)

    @when(cown)
    def back(c):
        if not c.value.readonly:
            c.value[0] = 0
        return c.value

    assert value_of(told) == (outline(view),) * 3
    assert outline(expect("seen")) == outline(view)
    wait(PATIENCE)
    assert type(back.value) is memoryview
    assert outline(back.value)[1:] == outline(view)[1:]
    assert view.readonly or back.value[0] == 0 != view[0]
    assert outline(cown.value) == outline(back.value)


def test_memoryviews_of_what_python_cannot_cast_are_refused():
    import ctypes  # noqa: PLC0415 - workers of 3.12 load this module, but not that

    view = memoryview((ctypes.c_uint16.__ctype_be__ * 2)(1, 2))
    for value in (view, (view,)):
        with pytest.raises(TypeError, match="cannot pickle"):
            Cown(value)
    view.release()
    with pytest.raises(ValueError, match="released"):
        Cown(view)


@pytest.mark.skipif(sys.version_info < (3, 14), reason="needs concurrent.interpreters")
def test_memoryviews_are_copies_also_where_interpreters_lend_them(tmp_path):
    program = """
        import _interpreters  # lets CPython lend the memory of a view
        import gc
        from bocpy import Cown, start, wait, when
        from bocpy import notice_read, notice_sync, notice_write
        memory = bytearray(b"xyz")
        cown = Cown(memoryview(memory))
        for _ in range(3):
            with cown as view:
                assert bytes(view) == b"xyz"
        start(worker_count=2)
        notice_write("view", memoryview(b"board"))
        notice_sync()
        @when(cown)
        def made(c):
            c.value[0] = 65
            return memoryview(bytes(c.value))
        read = [when(cown)(lambda c: bytes(notice_read("view"))) for _ in range(4)]
        wait(30)
        print(bytes(made.value), memory, bytes(cown.value))
        del made, read, cown
        gc.collect()
        """
    assert output_of(program, tmp_path) == ["b'Ayz' bytearray(b'xyz') b'Ayz'"]
