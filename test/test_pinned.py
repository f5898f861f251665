"""Pinned cowns: what they hold stays on the main interpreter, where bodies get it."""

from __future__ import annotations

import threading
import weakref
from functools import partial

import pytest

from bocpy import (
    Cown,
    PinnedCown,
    _core,
    notice_read,
    notice_update,
    notice_write,
    quiesce,
    receive,
    send,
    start,
    wait,
    when,
    whencall,
)
from observing import PATIENCE, expect
from programs import HEAD, output_of

pytestmark = pytest.mark.usefixtures("backend")


class Window:
    """Refuses to be copied."""

    def __init__(self):
        self.titles = []

    def __reduce__(self):
        raise TypeError("a window is in one place")


def generate():
    yield from range(3)


def held_by(handle, value):
    """Keep a second handle to a cown on the board."""
    return [handle]


def outcome(cown):
    """Give what a behavior answered, or raise what it raised."""
    quiesce(PATIENCE)
    return cown.unwrap()


@pytest.mark.parametrize("make", [Window, threading.Lock, generate, lambda: send])
def test_a_body_gets_the_very_object_on_the_main_interpreter(make):
    value = make()
    pinned = PinnedCown(value)

    @when(pinned)
    def seen(p):
        return id(p.value), _core.is_primary(), threading.get_ident()

    assert outcome(seen) == (id(value), True, threading.get_ident())
    assert pinned.value is value


def test_the_value_stays_shared_with_whoever_has_it():
    numbers = [1]
    pinned = PinnedCown(numbers)

    @when(pinned)
    def _(p):
        p.value.append(2)

    numbers.append(0)
    quiesce(PATIENCE)
    assert numbers == [1, 0, 2]


def test_isolation_share_changes_nothing(tmp_path):
    source = """
value = threading.Lock()
pinned = PinnedCown(value)
@when(pinned, Cown(Window := object()))
def same(p, other):
    return id(p.value), threading.get_ident()
@when(same)
def on_a_worker(same):
    return same.value + (threading.get_ident(),)
quiesce(60)
at, first, second = on_a_worker.unwrap()
print(at == id(value), first == threading.get_ident(), second == first)
"""
    env = {"BOCPY_BACKEND": "threads", "BOCPY_ISOLATION": "share"}
    assert output_of(HEAD + source, tmp_path, **env) == ["True True False"]


def test_main_owns_it_at_any_time():
    pinned = PinnedCown({"a": 1})
    assert isinstance(pinned, Cown)
    assert (pinned.acquired, pinned.impl.acquired(), pinned.exception) == (
        True,
        True,
        False,
    )
    with pinned as value:
        assert value is pinned.value
    for _ in range(2):
        pinned.acquire()
        pinned.release()
    pinned.value = 7
    assert (pinned.value, pinned.impl.get(), pinned.acquired) == (7, 7, True)
    with pytest.raises(RuntimeError, match="never given up"):
        pinned.impl.disown()
    assert "value=7" in repr(pinned)


def test_threads_of_the_main_interpreter_own_it_too():
    pinned, seen = PinnedCown(Window()), []
    reader = threading.Thread(target=lambda: seen.append(pinned.value))
    reader.start()
    reader.join(PATIENCE)
    assert seen == [pinned.value]


def test_waiting_leaves_it_as_it_is():
    pinned = PinnedCown(Window())

    @when(pinned)
    def _(p):
        p.value.titles.append("a")

    wait(PATIENCE)
    assert (pinned.acquired, pinned.value.titles) == (True, ["a"])
    start()

    @when(pinned)
    def _(p):
        p.value.titles.append("b")

    quiesce(PATIENCE)
    assert pinned.value.titles == ["a", "b"]


def test_a_body_may_replace_the_value():
    pinned = PinnedCown(1)

    @when(pinned)
    def _(p):
        p.value = Window()

    @when(pinned)
    def kind(p):
        return type(p.value).__name__

    assert outcome(kind) == "Window"


def test_unwrap_takes_the_value_and_leaves_none():
    value = Window()
    pinned = PinnedCown(value)

    @when(pinned)
    def _(p):
        pass

    with pytest.raises(RuntimeError, match="still in flight"):
        pinned.unwrap()
    quiesce(PATIENCE)
    assert pinned.unwrap() is value
    assert (pinned.unwrap(), pinned.value) == (None, None)

    @when(pinned)
    def after(p):
        return p.value

    assert outcome(after) is None


def test_mixed_sets_keep_the_order_of_each_cown():
    pinned, plain, order = PinnedCown([]), Cown([]), []
    for number in range(12):
        wanted = [(pinned, plain), (plain,), (plain, pinned), (pinned,)][number % 4]

        @when(*wanted)
        def _(*cowns, number=number):
            for cown in cowns:
                cown.value = [*cown.value, number]

        order.append(number)
    wait(PATIENCE)
    assert pinned.value == [n for n in order if n % 4 != 1]
    assert plain.value == [n for n in order if n % 4 != 3]


def test_groups_count_and_captures_do_not():
    pinned = PinnedCown(Window())

    @when([Cown(1), pinned])
    def grouped(group):
        return _core.is_primary(), [c.acquired() for c in group]

    @when(Cown(1))
    def capturing(c, pinned=pinned):
        return _core.is_primary(), pinned.acquired, type(pinned).__name__

    quiesce(PATIENCE)
    assert grouped.unwrap() == (True, [True, True])
    assert capturing.unwrap() == (False, False, "PinnedCown")


def test_a_result_of_a_pinned_behavior_is_an_ordinary_cown():
    pinned = PinnedCown(5)

    @when(pinned)
    def five(p):
        return [p.value]

    @when(five)
    def six(five):
        return five.value[0] + 1, _core.is_primary(), _core.cown_is_pinned(five)

    assert outcome(six) == (6, False, False)


def test_results_chain_through_star_arguments():
    pinned = PinnedCown([])
    results = []
    for number in range(3):

        @when(Cown(number))
        def square(c):
            return c.value**2

        results.append(square)

    @when(*results, pinned)
    def _(*args):
        *squares, p = args
        p.value.extend(s.value for s in squares)

    quiesce(PATIENCE)
    assert pinned.value == [0, 1, 4]


def test_whencall_runs_on_main_too():
    def store(p, amount):
        p.value += amount
        return _core.is_primary()

    pinned = PinnedCown(1)
    start()
    assert outcome(whencall(store, [pinned], [2])) is True
    assert pinned.value == 3


def test_a_worker_has_a_handle_and_no_value():
    pinned = PinnedCown(Window())

    @when()
    def refused(pinned=pinned):
        def error_of(ask):
            try:
                ask()
            except RuntimeError as error:
                return str(error)
            return None

        return [
            error_of(ask)
            for ask in (
                lambda: pinned.value,
                lambda: setattr(pinned, "value", 1),
                pinned.acquire,
                pinned.release,
                pinned.__enter__,
                lambda: PinnedCown(1),
                lambda: _core.PinnedCownCapsule(1),
            )
        ]

    texts = outcome(refused)
    assert ["does not own this cown" in text for text in texts[:2]] == [True] * 2
    assert ["non-main interpreter" in text for text in texts[2:5]] == [True] * 3
    assert ["main interpreter" in text for text in texts[5:]] == [True] * 2


def test_a_worker_schedules_over_its_handle():
    pinned = PinnedCown(Window())

    @when()
    def _(pinned=pinned):
        @when(pinned)
        def _(p):
            p.value.titles.append(_core.is_primary())

    quiesce(PATIENCE)
    assert pinned.value.titles == [True]


def test_handles_travel_in_cowns_messages_notices_and_results():
    start()
    pinned = PinnedCown(Window())
    box = Cown({"inside": [pinned]})
    notice_write("window", {"inside": pinned})

    @when(box)
    def answered(box):
        return box.value["inside"]

    @when(box)
    def _(box):
        send("window", box.value["inside"][0])

    @when()
    def noticed():
        return notice_read("window")["inside"]

    quiesce(PATIENCE)
    handles = [answered.unwrap()[0], expect("window"), noticed.unwrap()]
    assert [type(handle) for handle in handles] == [PinnedCown] * 2 + [
        _core.CownCapsule
    ]
    assert handles == [pinned, pinned, handles[2]]
    assert all(handle.value is pinned.value for handle in handles)


def test_handles_reach_updates_of_the_noticeboard():
    start()
    pinned = PinnedCown(Window())
    notice_update("held", partial(held_by, pinned), 0)
    board = quiesce(PATIENCE, noticeboard=True)
    assert board["held"][0].value is pinned.value


def test_a_body_that_returns_its_pinned_cown_answers_with_a_handle():
    pinned = PinnedCown(Window())

    @when(pinned)
    def itself(p):
        return p

    handle = outcome(itself)
    assert (_core.cown_is_pinned(handle), handle.value) == (True, pinned.value)


def test_what_dies_on_a_worker_is_freed_on_the_main_interpreter():
    value, freed, before = Window(), [], _core.pinned_cown_count()
    weakref.finalize(value, lambda: freed.append(threading.get_ident()))
    pinned = PinnedCown(value)
    del value

    @when()
    def _(pinned=pinned):
        send("entered", None)
        receive("leave", PATIENCE)

    expect("entered")
    del pinned
    assert (_core.pinned_cown_count(), freed) == (before + 1, [])
    send("leave", None)
    quiesce(PATIENCE)
    assert (_core.pinned_cown_count(), freed) == (before, [threading.get_ident()])


def test_the_census_counts_pinned_cowns():
    before = _core.pinned_cown_count()
    pinned = [PinnedCown(number) for number in range(3)]
    handle = Cown(pinned[0].impl)
    assert _core.pinned_cown_count() == before + 3
    assert _core.cown_is_pinned(handle)
    assert not _core.cown_is_pinned(Cown(1))
    with pytest.raises(TypeError, match="expected a Cown"):
        _core.cown_is_pinned(1)
    del pinned, handle
    assert _core.pinned_cown_count() == before


def test_capsules_stand_for_the_same_cown():
    capsule = _core.PinnedCownCapsule(Window())
    assert _core.cown_is_pinned(capsule)
    assert PinnedCown(capsule) == Cown(capsule)
    assert PinnedCown(capsule).value is capsule.value


def test_subclasses_are_pinned_and_keep_their_attributes():
    class Named(PinnedCown):
        def __init__(self, name):
            super().__init__(Window())
            self.name = name

    named = Named("a")

    @when(named)
    def name(p):
        return _core.is_primary()

    assert outcome(name) is True
    assert (named.name, named.acquired) == ("a", True)
    with pytest.raises(RuntimeError, match="initialised only once"):
        named.__init__("b")


def test_a_pinned_cown_cannot_take_a_result():
    pinned = PinnedCown(1)
    with pytest.raises(TypeError, match="result must not be a pinned cown"):
        _core.BehaviorCapsule("name", pinned.impl, [], [])


def test_a_raising_finaliser_of_a_value_harms_nobody(tmp_path):
    source = """
class Sour:
    def __del__(self):
        raise ValueError("sour")
pinned = PinnedCown(Sour())
@when()
def _(pinned=pinned):
    send("entered", None)
    receive("leave", 60)
receive("entered", 60)
del pinned
send("leave", None)
wait(60)
print("well")
"""
    assert output_of(HEAD + source, tmp_path) == ["well"]


def test_a_script_pins_at_module_level_and_runs_once(tmp_path):
    source = """
class Window:
    made = 0
    def __init__(self):
        Window.made += 1
        self.lock = threading.Lock()
WINDOW = PinnedCown(Window())
counter = Cown(0)
@when(counter, WINDOW)
def shown(counter, window):
    counter.value += 1
    return type(window.value) is Window, Window.made, counter.value
@when(shown)
def later(shown):
    with_window = WINDOW
    @when(with_window)
    def _(w):
        print("on main", type(w.value) is Window, Window.made)
    return shown.value
wait(60)
print(later.value)
"""
    assert output_of(HEAD + source, tmp_path) == [
        "on main True 1",
        "(True, 1, 1)",
    ]
