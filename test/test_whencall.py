"""`whencall`, its books with the terminator, and the seams it leaves to tests."""

from __future__ import annotations

import pytest

from bocpy import Cown, _core, behaviors, quiesce, start, wait, when, whencall
from observing import PATIENCE, ensure_workers, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401


class Unscheduled(Exception):  # noqa: N818
    """Raised by a capsule that refuses."""


def idle_count():
    """Give the pending count once nothing runs any more."""
    quiesce(PATIENCE)
    return _core.terminator_count()


def double(c, factor=2):
    """Multiply a cown's value."""
    return c.value * factor


def test_result_is_a_cown_like_that_of_when():
    result = whencall(double, [Cown(4)], [3])
    assert type(result) is Cown
    assert value_of(result) == 12


def test_singles_groups_and_captures_arrive_in_order():
    def body(a, group, b, empty, *captures):
        return a.value, [c.value for c in group], b.value, empty, *captures

    arguments = (Cown(1), [Cown(2), Cown(3)], Cown(4), ())
    result = whencall(body, arguments, ("x", [1]))
    assert value_of(result) == (1, [2, 3], 4, [], "x", [1])


def test_duplicates_are_given_once_each_position():
    cown = Cown(1)
    result = whencall(
        lambda a, b, group: a.value + b.value * len(group), [cown, cown, [cown]], []
    )
    assert value_of(result) == 2


@pytest.mark.parametrize("bad", [3, None, "text", {1}, object()])
def test_other_arguments_are_refused(bad):
    pending = idle_count()
    with pytest.raises(TypeError, match="cowns or sequences of cowns"):
        whencall(double, [bad], [])
    with pytest.raises(TypeError, match="cowns or sequences of cowns"):
        whencall(double, [Cown(1), [bad]], [])
    assert _core.terminator_count() == pending


@pytest.mark.parametrize("name", ["__behavior__99", "double", ""])
def test_unknown_thunk_names_are_refused(name):
    with pytest.raises(TypeError, match="not a thunk name"):
        whencall(name, (Cown(1),), ())


def test_captures_that_cannot_cross_are_refused():
    pending = idle_count()
    with pytest.raises((TypeError, AttributeError, ValueError)):
        whencall(lambda x: x, [], [(n for n in range(3))])
    assert _core.terminator_count() == pending


def test_whencall_works_in_a_body():
    cown = Cown(5)

    @when()
    def outer():
        return whencall(double, [cown], [10])

    assert value_of(Cown(value_of(outer))) == 50


def test_a_runtime_is_needed():
    wait(PATIENCE)
    cown = Cown(1)
    with pytest.raises(RuntimeError, match="runtime is shutting down"):
        whencall(double, [cown], [])
    assert _core.terminator_count() == 0
    ensure_workers()
    assert value_of(whencall(double, [cown], [2])) == 2


def test_closed_terminator_refuses(monkeypatch):
    cown = Cown(1)
    monkeypatch.setattr(_core, "terminator_inc", lambda: -1)
    with pytest.raises(RuntimeError, match="runtime is shutting down"):
        whencall(double, [cown], [2])
    with pytest.raises(RuntimeError, match="runtime is shutting down"):

        @when(cown)
        def _(c):
            return c.value

    monkeypatch.undo()
    assert value_of(whencall(double, [cown], [2])) == 2


@pytest.mark.parametrize("failure", [Unscheduled, KeyboardInterrupt])
@pytest.mark.parametrize(
    "schedule",
    [lambda f, c: when(c)(f), lambda f, c: whencall(f, [c], [2])],
    ids=["when", "whencall"],
)
def test_failing_schedule_takes_back_its_hold(monkeypatch, failure, schedule):
    class Refusing:
        def __init__(self, *arguments):
            self.arguments = arguments

        def schedule(self):
            raise failure("not now")

    cown = Cown(1)
    pending = idle_count()
    monkeypatch.setattr(_core, "BehaviorCapsule", Refusing)
    with pytest.raises(failure, match="not now"):
        schedule(double, cown)
    monkeypatch.undo()
    assert _core.terminator_count() == pending
    assert value_of(cown) == 1


def test_replaced_functions_are_called(monkeypatch):
    calls = []
    genuine_inc, genuine_capsule = _core.terminator_inc, _core.BehaviorCapsule

    def counting_inc():
        calls.append("inc")
        return genuine_inc()

    def recording(*arguments):
        calls.append("capsule")
        return genuine_capsule(*arguments)

    monkeypatch.setattr(_core, "terminator_inc", counting_inc)
    monkeypatch.setattr(_core, "BehaviorCapsule", recording)
    one = whencall(double, [Cown(2)], [2])

    @when(Cown(3))
    def two(c):
        return c.value

    monkeypatch.undo()
    assert calls == ["capsule", "inc"] * 2
    assert values_of(one, two) == [4, 3]


def test_module_holds_the_extension_by_name():
    assert behaviors._core is _core


def test_capsule_runs_what_it_was_given():
    class Space:
        @staticmethod
        def thunk(single, group, capture):
            return single.value, [c.value for c in group], capture

    result, a, b = Cown(None), Cown(1), Cown(2)
    pairs = [(1, a.impl), (-2, b.impl), (-2, a.impl)]
    capsule = _core.BehaviorCapsule("thunk", result.impl, pairs, ["captured"])
    capsule.acquire()
    assert capsule.execute(Space) == (1, [2, 1], "captured")
    capsule.release()
    capsule.release_all()
    capsule.release_all()
    with result as value:
        assert value == (1, [2, 1], "captured")


def test_capsule_keeps_what_its_body_raised():
    class Space:
        @staticmethod
        def thunk():
            raise LookupError("from the thunk")

    result = Cown(None)
    capsule = _core.BehaviorCapsule("thunk", result.impl, [], [])
    capsule.acquire()
    capsule.execute(Space)
    capsule.release()
    capsule.release_all()
    with result as value:
        assert result.exception is True
        assert isinstance(value, LookupError)
        result.exception = False


def test_capsule_takes_an_exception_from_outside():
    result = Cown(None)
    capsule = _core.BehaviorCapsule("thunk", result.impl, [], [])
    capsule.acquire()
    capsule.set_exception(LookupError("from outside"))
    capsule.release()
    capsule.release_all()
    with result as value:
        assert result.exception is True
        assert value.args == ("from outside",)
        result.value = None


def test_dropped_capsule_tells_its_result():
    result = Cown(None)
    capsule = _core.BehaviorCapsule("thunk", result.impl, [], [])
    capsule.set_drop_exception(RuntimeError("dropped by stop()"))
    capsule.release_all()
    result.acquire()
    assert result.exception is True
    assert type(result.value) is RuntimeError
    assert result.value.args == ("dropped by stop()",)
    result.value = None


@pytest.mark.parametrize("count", [0, 1, 32, 100])
def test_capsule_takes_any_number_of_cowns(count):
    cowns = [Cown(n) for n in range(count)]
    pairs = [(n % 3 - 1, cown.impl) for n, cown in enumerate(cowns)]
    capsule = _core.BehaviorCapsule("thunk", Cown(None).impl, pairs, [])
    del capsule
    for number, cown in enumerate(cowns):
        with cown as value:
            assert value == number


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("thunk",),
        (3, "result", [], []),
        ("thunk", 3, [], []),
        ("thunk", None, [], []),
        ("thunk", "result", 3, []),
        ("thunk", "result", [], 3),
        ("thunk", "result", [3], []),
        ("thunk", "result", [(1,)], []),
        ("thunk", "result", [(1, 2)], []),
        ("thunk", "result", [("x", "result")], []),
        ("thunk", "result", [], [], [], []),
    ],
)
def test_capsule_refuses_other_arguments(arguments):
    result = Cown(None).impl

    def put(value):
        if value == "result":
            return result
        if isinstance(value, list):
            return [tuple(map(put, x)) if isinstance(x, tuple) else x for x in value]
        return value

    with pytest.raises(TypeError):
        _core.BehaviorCapsule(*map(put, arguments))


def test_scheduling_needs_a_runtime():
    wait(PATIENCE)
    cown = Cown(1)
    capsule = _core.BehaviorCapsule("thunk", Cown(None).impl, [(1, cown.impl)], [])
    with pytest.raises(RuntimeError, match="bocpy runtime is not running"):
        capsule.schedule()
    del capsule
    start(worker_count=2)
    assert value_of(whencall(double, [cown], [3])) == 3
