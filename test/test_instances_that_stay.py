"""Instances of plain classes stay in their worker, and are never told from copies."""

from __future__ import annotations

import sys
import weakref

import pytest

import plain
from bocpy import Cown, start, wait, when
from keeping import KEEP, keep, keep_weakly, look, look_weakly
from observing import PATIENCE, ensure_workers, failure_of, value_of
from plain import LEAVING, STAYING, Plain, Registered
from sharing import shared_runtime  # noqa: F401

HOWS = [how for how in KEEP if how not in ("iterator", "method")]
LARGE = 1000


@pytest.fixture(autouse=True)
def one_worker():
    """Have one worker for every behavior of a test, and let it live after it."""
    ensure_workers(1)


def visit(cown, times):
    """Have `times` behaviors run on the cown, each after the other."""
    for _ in range(times):

        @when(cown)
        def _(c):
            c.value  # noqa: B018


def settle(value):
    """Give a cown whose value has been in the one worker for a while."""
    cown = Cown(value)
    visit(cown, 3)
    return cown


def roomy():
    """Give a dict with room for many entries, which a copy of it has not."""
    made = {i: i for i in range(LARGE)}
    for i in range(1, LARGE):
        del made[i]
    return made


def stays(cown):
    """Tell whether the value that the next body leaves is the one after it finds."""

    @when(cown)
    def _(c):
        c.value.room = roomy()

    @when(cown)
    def size(c):
        return sys.getsizeof(c.value.room)

    return value_of(size) > 4 * sys.getsizeof({0: 0})


@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_an_instance_of_a_plain_class_stays(kind):
    assert stays(settle(kind(part=1)))


@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_it_stays_inside_containers_and_other_instances(kind):
    cown = settle([{"deep": Plain(inner=kind(part=1))}])

    @when(cown)
    def _(c):
        c.value[0]["deep"].inner.room = roomy()

    @when(cown)
    def size(c):
        return sys.getsizeof(c.value[0]["deep"].inner.room)

    assert value_of(size) > 4 * sys.getsizeof({0: 0})


@pytest.fixture
def interpreter(monkeypatch):
    """Have one worker, in an interpreter of its own."""
    wait(PATIENCE)
    monkeypatch.setenv("BOCPY_BACKEND", "interpreters")
    ensure_workers(1)
    yield
    wait(PATIENCE)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs worker interpreters")
def test_value_that_cannot_be_fetched_tells_why(interpreter):
    cown = settle(Plain(part=1))

    @when()
    def hide():
        plain.hidden = vars(plain).pop("Plain")

    value_of(hide)
    with pytest.raises(RuntimeError, match=r"could not leave .*Plain"):
        cown.acquire()

    @when()
    def show():
        plain.Plain = vars(plain).pop("hidden")

    value_of(show)
    with cown as value:
        assert value.part == 1


@pytest.mark.parametrize("kind", LEAVING, ids=lambda kind: kind.__name__)
def test_an_instance_in_whose_pickling_its_class_has_a_hand_does_not(kind):
    assert not stays(settle(kind(part=1)))


def test_a_class_that_changes_is_looked_at_again():
    cown = settle(Plain(part=1))
    assert stays(cown)

    @when(cown)
    def _(_c):
        plain.Plain.__setstate__ = plain.Restored.__setstate__

    try:
        assert not stays(cown)
    finally:

        @when(cown)
        def restored(_c):
            del plain.Plain.__setstate__
            plain.MADE.clear()

        value_of(restored)


def test_a_reducer_that_is_registered_later_is_used():
    cown = settle(Plain(part=1))
    assert stays(cown)

    @when(cown)
    def _(_c):
        import copyreg  # noqa: PLC0415

        copyreg.pickle(plain.Plain, copyreg.dispatch_table[Registered])

    try:

        @when(cown)
        def _(c):
            c.value = Plain(part=2)

        @when(cown)
        def kind(c):
            return type(c.value).__name__

        assert value_of(kind) == "Registered"
    finally:

        @when(cown)
        def restored(_c):
            import copyreg  # noqa: PLC0415

            del copyreg.dispatch_table[plain.Plain]

        value_of(restored)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_an_alias_sees_no_change(how, kind):
    cown = settle(kind(part="before"))

    @when(cown)
    def _(c):
        keep(how, c.value)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value.part = "after"

    @when(cown, changed)
    def seen(_c, _changed):
        return look(how).part

    assert value_of(seen) == "before"


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_an_alias_of_an_attribute_sees_no_change(how, kind):
    cown = settle(kind(part=["before"]))

    @when(cown)
    def _(c):
        keep(how, c.value.part)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value.part.append("after")

    @when(cown, changed)
    def seen(_c, _changed):
        return list(look(how))

    assert value_of(seen) == ["before"]


def test_an_alias_of_the_namespace_sees_no_change():
    cown = settle(Plain(part="before"))

    @when(cown)
    def _(c):
        keep("global", vars(c.value))

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value.part = "after"

    @when(cown, changed)
    def seen(_c, _changed):
        return look("global")["part"]

    assert value_of(seen) == "before"


def test_a_bound_method_is_an_alias():
    cown = settle(Plain(part="before"))

    @when(cown)
    def _(c):
        keep("global", c.value.__init__)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        look("global")(part="after")
        return c.value.part

    assert value_of(changed) == "before"


@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_a_weak_reference_does_not_reach_the_next_behavior(kind):
    cown = settle(kind(part=1))

    @when(cown)
    def _(c):
        keep_weakly(c.value)

    @when(cown)
    def same(c):
        return look_weakly() is c.value

    assert value_of(same) is False


def test_a_weak_reference_inside_the_value_does_not_stay():
    cown = settle(Plain(part=1))

    @when(cown)
    def failed(c):
        c.value.part = weakref.ref(c.value)

    assert isinstance(failure_of(failed), TypeError)

    @when(cown)
    def after(c):
        return c.value

    assert isinstance(value_of(after), TypeError)


def test_a_class_that_no_module_knows_does_not_cross():
    cown = settle(Plain(part=1))

    @when(cown)
    def _(c):
        class Local:
            pass

        c.value = Local()

    @when(cown)
    def after(c):
        return c.exception

    assert value_of(after) is True


def test_a_part_shared_with_another_cown_is_a_copy_in_each():
    one, other = settle(Plain(part=1)), settle(Plain(part=1))

    @when(one, other)
    def _(a, b):
        a.value.part = b.value.part = ["shared"]

    visit(one, 2)
    visit(other, 2)

    @when(one)
    def _(a):
        a.value.part.append("more")

    @when(one, other)
    def seen(a, b):
        return a.value.part, b.value.part

    assert value_of(seen) == (["shared", "more"], ["shared"])


def test_a_cycle_crosses_whole():
    cown = settle(Plain(part=1))

    @when(cown)
    def _(c):
        c.value.part = c.value

    visit(cown, 3)

    @when(cown)
    def same(c):
        return c.value.part is c.value

    assert value_of(same) is True


@pytest.mark.parametrize("kind", STAYING, ids=lambda kind: kind.__name__)
def test_it_is_there_after_the_runtime_has_stopped(kind):
    cown = settle(kind(part=["kept"]))
    wait()
    assert cown.value.part == ["kept"]
    start(worker_count=1)
