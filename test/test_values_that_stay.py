"""A value that stays in its worker is never told from a copy, and can be fetched."""

from __future__ import annotations

import gc
import sys
import threading

import pytest

from bocpy import Cown, receive, send, start, wait, when
from keeping import CHANGES, KEEP, keep, keep_weakly, look, look_weakly
from observing import PATIENCE, ensure_workers, expect, failure_of, value_of, values_of
from sharing import shared_runtime  # noqa: F401

HOWS = [how for how in KEEP if how != "iterator"]
LARGE = 1000


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


@pytest.fixture(autouse=True)
def quiescence():
    """Have one worker for every behavior of a test, and let it live after it."""
    ensure_workers(1)


def roomy():
    """Give a dict with room for many entries, which a copy of it has not."""
    made = {i: i for i in range(LARGE)}
    for i in range(1, LARGE):
        del made[i]
    return made


def room_of(cown):
    @when(cown)
    def size(c):
        return sys.getsizeof(c.value)

    return value_of(size)


def test_a_plain_value_stays():
    cown = settle([0])

    @when(cown)
    def _(c):
        c.value = roomy()

    assert room_of(cown) > 4 * sys.getsizeof({0: 0})


def test_a_value_that_is_kept_elsewhere_does_not():
    cown = settle([0])

    @when(cown)
    def _(c):
        c.value = roomy()
        keep("global", c.value)

    assert room_of(cown) <= 4 * sys.getsizeof({0: 0})


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("value", [[0, 1], {0: 0}, {0}], ids=["list", "dict", "set"])
def test_an_alias_sees_no_change(how, value):
    cown = settle(value)
    many = len(value)

    @when(cown)
    def _(c):
        keep(how, c.value)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value.clear()

    @when(cown, changed)
    def seen(c, _changed):
        return len(look(how))

    assert value_of(seen) == many


@pytest.mark.parametrize("how", HOWS)
def test_an_alias_of_something_inside_sees_no_change(how):
    cown = settle({"deep": [[{"list": [1]}]]})

    @when(cown)
    def _(c):
        keep(how, c.value["deep"][0][0]["list"])

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value["deep"][0][0]["list"].append(2)

    @when(changed)
    def seen(_changed):
        return list(look(how))

    assert value_of(seen) == [1]


@pytest.mark.parametrize("how", HOWS)
def test_a_change_of_an_alias_is_not_seen(how):
    cown = settle([1])

    @when(cown)
    def _(c):
        keep(how, c.value)

    @when(cown)
    def _(_c):
        look(how).append(2)

    assert value_of(cown) == [1]


def test_an_iterator_of_a_value_sees_no_change():
    cown = settle([1, 2])

    @when(cown)
    def _(c):
        keep("iterator", c.value)

    @when(cown)
    def changed(c):
        c.value.clear()

    @when(changed)
    def seen(_changed):
        return len(look("iterator"))

    assert value_of(seen) == 2


def test_a_weak_reference_does_not_lead_to_the_cown():
    cown = settle({1, 2})

    @when(cown)
    def _(c):
        keep_weakly(c.value)

    @when(cown)
    def seen(_c):
        return look_weakly()

    assert value_of(seen) is None


def test_two_cowns_with_one_value_go_their_own_ways():
    one, two = settle([0]), settle([0])

    @when(one, two)
    def _(one, two):
        one.value = two.value = [[]]

    visit(one, 3)

    @when(one)
    def _(one):
        one.value[0].append(1)

    assert values_of(one, two) == [[[1]], [[]]]


def test_a_part_of_another_value_goes_its_own_way():
    one, two = settle([[0]]), settle([0])

    @when(one, two)
    def _(one, two):
        two.value = one.value[0]

    @when(two)
    def _(two):
        two.value.append(1)

    assert values_of(one, two) == [[[0]], [0, 1]]


def test_a_result_goes_its_own_way():
    cown = settle([0])

    @when(cown)
    def result(c):
        return c.value

    @when(cown)
    def _(c):
        c.value.append(1)

    assert values_of(cown, result) == [[0, 1], [0]]


def test_a_capture_goes_its_own_way():
    cown = settle([0])

    @when(cown)
    def inner(c):
        kept = c.value

        @when()
        def seen():
            return kept

        kept.append(1)
        return seen

    assert value_of(value_of(inner)) == [0]


def test_what_is_shared_inside_stays_shared():
    cown = settle([0])

    @when(cown)
    def _(c):
        part = []
        c.value = [part, part]

    visit(cown, 3)

    @when(cown)
    def _(c):
        c.value[0].append(1)

    assert value_of(cown) == [[1], [1]]


def test_a_value_may_hold_itself():
    cown = settle([0])

    @when(cown)
    def _(c):
        c.value = [1]
        c.value.append(c.value)

    visit(cown, 3)

    @when(cown)
    def same(c):
        return c.value[1] is c.value

    assert value_of(same)


def test_what_does_not_pickle_still_fails_where_it_is_released():
    cown = settle([0])

    @when(cown)
    def _(c):
        c.value.append(threading.Lock())

    assert isinstance(failure_of(cown), TypeError)


def test_a_large_dict_that_stays_is_watched():
    cown = settle({i: i for i in range(LARGE)})

    @when(cown)
    def _(c):
        c.value["part"] = part = []
        keep("global", part)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        c.value["part"].append(1)

    @when(changed)
    def seen(_changed):
        return look("global")

    assert value_of(seen) == []


@pytest.mark.parametrize("change", list(CHANGES))
def test_every_change_of_a_large_dict_is_noticed(change):
    cown = settle({i: i for i in range(LARGE)})

    @when(cown)
    def _(c):
        part = []
        CHANGES[change](c.value, part)
        keep("global", part)

    visit(cown, 3)

    @when(cown)
    def changed(c):
        [part] = [item for item in c.value.values() if isinstance(item, list)]
        part.append(1)

    @when(changed)
    def seen(_changed):
        return look("global")

    assert value_of(seen) == []


def occupy_the_worker_of(cown):
    """Have the worker that has the value run a long body, until it is told to go."""

    @when(cown)
    def _(_c):
        @when()
        def _busy():
            send("busy", None)
            while receive("go", 0.0)[0] != "go":
                pass

    expect("busy")


def test_main_fetches_a_value_while_its_worker_is_busy():
    cown = settle([1, 2])

    @when(cown)
    def _(c):
        c.value.append(3)

    occupy_the_worker_of(cown)
    cown.acquire()
    assert cown.value == [1, 2, 3]
    cown.value = [4]
    cown.release()
    send("go", None)
    assert value_of(cown) == [4]


def test_another_worker_fetches_a_value_while_its_worker_is_busy():
    wait(PATIENCE)
    start(worker_count=2)
    cown = settle([1])

    occupy_the_worker_of(cown)

    @when(cown)
    def _(c):
        c.value.append(2)
        send("go", None)

    assert value_of(cown) == [1, 2]


def test_values_outlive_their_worker():
    cowns = [settle({i: [i]}) for i in range(50)]
    wait(PATIENCE)
    assert [cown.unwrap() for cown in cowns] == [{i: [i]} for i in range(50)]


def test_cowns_may_die_while_their_values_stay():
    for i in range(200):
        settle([[i]])
    gc.collect()
    wait(PATIENCE)


def test_values_move_between_workers():
    wait(PATIENCE)
    start(worker_count=3)
    cowns = [Cown([0, {}]) for _ in range(20)]
    for i in range(2000):

        @when(cowns[i % 20], cowns[i * 7 % 20])
        def _(a, b, i=i):
            a.value[0] += 1
            b.value[1][i] = [i]

    total = values_of(*cowns)
    assert sum(value[0] for value in total) == 2000
    assert sum(len(value[1]) for value in total) == 2000
    assert all(part == [key] for value in total for key, part in value[1].items())
