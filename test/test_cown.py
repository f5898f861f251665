"""Cowns outside behaviors: who owns them, what they hold, how they compare."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import re
import threading
import time
import weakref

import pytest

from bocpy import Cown, _core, receive, send, wait, when
from observing import PATIENCE, ensure_workers, expect, failure_of, value_of

CownCapsule = _core.CownCapsule
NOT_OWNER = "The current interpreter does not own this cown"


class Loaded:
    """Counts how often it was unpickled here; the first `refusals` times fail."""

    refusals = 0

    def __init__(self, value):
        self.value = value

    def __reduce__(self):
        return load, (self.value,)


def _slowly():
    time.sleep(0.05)  # others get their turn
    return "loaded"


def load(value):
    """Rebuild a `Loaded`, unless it is told to refuse."""
    if Loaded.refusals > 0:
        Loaded.refusals -= 1
        message = "refused to load"
        raise LookupError(message)
    return Loaded(value)


def held(value):
    """Make a cown that this interpreter owns."""
    cown = Cown(value)
    cown.acquire()
    return cown


def test_constructor_releases_the_value():
    cown = Cown(1)
    assert cown.acquired is False
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        _ = cown.value
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        cown.value = 2
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        _ = cown.exception
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        cown.exception = True


def test_constructor_needs_one_value():
    with pytest.raises(TypeError):
        Cown()
    with pytest.raises(TypeError):
        Cown(1, 2)


def test_constructor_takes_the_value_as_it_is_then():
    value = [1]
    cown = Cown(value)
    value.append(2)
    with cown as inside:
        assert inside == [1]


def test_constructor_wraps_a_capsule():
    cown = Cown(5)
    again = Cown(cown.impl)
    assert again == cown
    assert again.acquired is False
    with again as value:
        assert value == 5
        assert cown.acquired


def test_cown_in_a_cown_is_a_value():
    inner = Cown(1)
    outer = Cown(inner)
    assert outer != inner
    with outer as value:
        assert (
            Cown(value) == inner if isinstance(value, CownCapsule) else value == inner
        )


def test_acquire_gives_value_and_release_takes_it():
    cown = Cown({"a": 1})
    assert cown.acquire() is None
    assert cown.acquired is True
    cown.value["b"] = 2
    assert cown.release() is None
    assert cown.acquired is False
    with cown as value:
        assert value == {"a": 1, "b": 2}


def test_acquire_and_release_may_be_repeated():
    cown = held([1])
    before = cown.value
    cown.acquire()
    assert cown.value is before
    cown.release()
    cown.release()
    assert not cown.acquired


def test_with_releases_after_an_exception():
    cown = Cown(1)

    def leave():
        with cown:
            cown.value = 2
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        leave()
    assert not cown.acquired
    with cown as value:
        assert value == 2


def test_value_set_is_what_the_next_owner_finds():
    cown = held(1)
    cown.value = ("new", [2])
    cown.release()
    with cown as value:
        assert value == ("new", [2])


def test_exception_flag_is_set_by_truth_and_cleared_by_a_write():
    cown = held(ValueError("kept"))
    assert cown.exception is False
    cown.exception = 1
    assert cown.exception is True
    cown.release()
    cown.acquire()
    assert cown.exception is True
    assert isinstance(cown.value, ValueError)
    cown.value = 3
    assert cown.exception is False
    cown.exception = True
    cown.exception = ""
    assert cown.exception is False


def test_equality_hash_and_order_are_those_of_the_cown_itself():
    one, other = Cown(1), Cown(1)
    same = Cown(one.impl)
    assert one == same
    assert hash(one) == hash(same)
    assert one != other
    assert len({one, same, other}) == 2
    assert (one < other) != (other < one)
    assert (one > other) == (other < one)
    assert not one < same


def test_comparison_with_anything_else():
    cown = Cown(1)
    assert (cown == cown.impl) is False
    assert (cown != cown.impl) is True
    assert cown != 1
    with pytest.raises(TypeError):
        _ = cown < 1
    with pytest.raises(TypeError):
        _ = cown <= Cown(2)
    with pytest.raises(TypeError):
        _ = cown >= Cown(2)


def test_text_shows_the_value_to_its_owner_only():
    cown = Cown("text")
    address = r"CownCapsule\(\S+, value="
    assert re.fullmatch(address + r"<not owner>\)", repr(cown))
    assert str(cown) == repr(cown) == repr(cown.impl)
    with cown:
        assert re.fullmatch(address + r"'text'\)", repr(cown))
        assert str(cown) == repr(cown.impl)


def test_subscript_is_for_typing():
    alias = Cown[int]
    assert alias.__origin__ is Cown
    assert alias.__args__ == (int,)


def test_subclasses_keep_their_attributes():
    class Account(Cown):
        def __init__(self, owner, balance):
            super().__init__(balance)
            self.owner = owner

    account = Account("ada", 3)
    assert account.owner == "ada"
    assert account == Cown(account.impl)
    with account as balance:
        assert balance == 3


def test_cowns_are_weakly_referenceable():
    cown = Cown(1)
    gone = threading.Event()
    reference = weakref.ref(cown, lambda _: gone.set())
    assert reference() is cown
    del cown
    gc.collect()
    assert gone.is_set()


@pytest.mark.parametrize("wrap", [lambda cown: cown, lambda cown: [cown, {1: cown}]])
def test_pickle_and_copies_lead_to_the_same_cown(wrap):
    cown = Cown(1)
    value = wrap(cown)
    assert copy.deepcopy(value) == value
    assert copy.copy(cown) == cown
    assert pickle.loads(pickle.dumps(value)) == value
    with cown as inside:
        assert inside == 1


def test_pickled_capsule_names_its_reconstructor_and_process():
    capsule = CownCapsule(1)
    function, arguments = capsule.__reduce__()
    assert function.__module__.endswith("_core")
    assert arguments[1] == os.getpid()
    assert function(*arguments) == capsule


def test_pickled_capsule_is_refused_elsewhere():
    capsule = CownCapsule(1)
    rebuild = _core._cown_capsule_from_pointer
    address = hash(capsule)
    with pytest.raises(RuntimeError, match="different process"):
        rebuild(address, os.getpid() + 1)
    with pytest.raises(ValueError, match="Invalid cown pointer"):
        rebuild(0, os.getpid())


def test_capsule_is_born_acquired():
    assert CownCapsule().value is None
    capsule = CownCapsule([1])
    assert capsule.acquired() is True
    assert capsule.get() == [1]
    assert capsule.set([2]) is None
    assert capsule.value == [2]
    assert capsule.impl is capsule
    assert capsule.release() is None
    assert capsule.acquired() is False
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        capsule.get()
    with pytest.raises(RuntimeError, match=NOT_OWNER):
        capsule.set(1)
    assert capsule.acquire() is None
    assert capsule.get() == [2]


def test_capsules_compare_by_cown():
    first, second = sorted([CownCapsule(1), CownCapsule(1)])
    same = Cown(first).impl
    assert first == same
    assert hash(first) == hash(same)
    assert first != second
    assert first < second
    assert first <= second
    assert second > first
    assert second >= first
    assert first <= same
    assert first >= same
    assert (first == 1) is False
    assert (first != Cown(first)) is True
    with pytest.raises(TypeError):
        _ = first < 1


def test_capsule_attributes_cannot_be_deleted():
    capsule = CownCapsule(1)
    with pytest.raises(TypeError, match="cannot delete value attribute"):
        del capsule.value
    with pytest.raises(TypeError, match="cannot delete exception attribute"):
        del capsule.exception
    assert capsule.value == 1


def test_capsule_type_cannot_be_subclassed():
    with pytest.raises(TypeError):
        type("Sub", (CownCapsule,), {})


def test_disown_drops_the_value():
    capsule = CownCapsule([1])
    assert capsule.disown() is None
    assert not capsule.acquired()
    with pytest.raises(RuntimeError, match=r"cannot disown cown \(acquired by -2\)"):
        capsule.disown()


def test_cown_survives_a_failing_load():
    cown = Cown(Loaded(7))
    Loaded.refusals = 1
    with pytest.raises(LookupError, match="refused to load"):
        cown.acquire()
    assert not cown.acquired
    assert "not owner" in repr(cown)


def test_every_thread_may_use_what_the_interpreter_owns():
    cown = held(1)
    seen = []

    def use():
        seen.append((cown.acquired, cown.value))
        cown.value = 2
        cown.release()

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(PATIENCE)
    assert seen == [(True, 1)]
    assert not cown.acquired
    with cown as value:
        assert value == 2


def test_cown_outlives_the_interpreter_that_never_released_it(backend):
    @when()
    def made():
        kept = Cown([object()])
        kept.acquire()
        return kept

    kept = value_of(made)
    wait(PATIENCE)
    with made:
        made.value = None
    ensure_workers()
    del kept
    gc.collect()

    @when()
    def after():
        return [[n] for n in range(100)]

    assert value_of(after) == [[n] for n in range(100)]


def test_cown_that_the_program_has_read_may_be_scheduled_by_a_worker(backend):
    read = Cown([1])
    ensure_workers()
    wait(PATIENCE)
    assert read.value == [1]

    @when()
    def outer():
        @when(read)
        def inner(cown):
            cown.value.append(2)
            return list(cown.value)

        return inner

    assert value_of(value_of(outer)) == [1, 2]


def test_threads_may_read_the_same_cown_after_the_end():
    class Slow:
        def __reduce__(self):
            return _slowly, ()

    cown = Cown(Slow())
    ensure_workers()
    wait(PATIENCE)
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(cown.value)) for _ in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert seen == ["loaded"] * 3


def test_value_that_cannot_be_released_is_the_failure_of_the_behavior(backend):
    cown = Cown(0)

    @when(cown)
    def result(c):
        c.value = lambda: 0
        return 5

    @when(cown)
    def after(c):
        return c.exception, str(c.value)

    failure = failure_of(result)
    assert value_of(after) == (True, str(failure))


def test_failure_that_nobody_took_is_reported_when_the_cown_dies(capfd):
    cown = held(None)
    cown.value = ValueError("nobody read this")
    cown.exception = True
    cown.release()
    del cown
    gc.collect()
    told = capfd.readouterr().err
    assert re.search(r"Cown\(\S+\) contains an unhandled exception: ", told)
    assert "ValueError('nobody read this')" in told


def test_exception_held_as_a_value_is_not_reported(capfd):
    cown = held(ValueError("a value"))
    cown.release()
    cleared = held(None)
    cleared.exception = True
    cleared.exception = False
    del cown, cleared
    gc.collect()
    assert "unhandled" not in capfd.readouterr().err


def test_cown_of_a_running_behavior_cannot_be_taken():
    ensure_workers()
    cown = Cown(1)

    @when(cown)
    def holder(c):
        send("signal", "holding")
        receive("gate", 30)
        return c.value

    try:
        assert expect("signal") == "holding"
        with pytest.raises(RuntimeError, match=NOT_OWNER):
            _ = cown.value
        taken = r"\d+ cannot {} cown \({}acquired by \d+\)"
        with pytest.raises(RuntimeError, match=taken.format("acquire", "already ")):
            cown.acquire()
        with pytest.raises(RuntimeError, match=taken.format("release", "")):
            cown.release()
        with pytest.raises(RuntimeError, match=taken.format("disown", "")):
            cown.impl.disown()
    finally:
        send("gate", None)
    assert value_of(holder) == 1


def test_cowns_may_be_made_and_taken_inside_a_body():
    ensure_workers()

    @when()
    def made():
        inner = Cown([1])
        with inner as value:
            value.append(2)
        before = inner.acquired
        with inner as value:
            return before, value

    assert value_of(made) == (False, [1, 2])
