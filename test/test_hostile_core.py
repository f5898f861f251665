"""Capsules and functions of the core in the wrong order, from the wrong place.

An exception at most: never a crash, a hang or a behavior that is lost.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import pytest

from bocpy import Cown, _core, start, wait
from observing import PATIENCE, value_of
from programs import output_of, run_command, run_program


def capsule_over(*cowns, thunk="thunk", captures=()):
    """Make a behavior over cowns that is driven by hand."""
    pairs = [(n + 1, cown.impl) for n, cown in enumerate(cowns)]
    return _core.BehaviorCapsule(thunk, Cown(None).impl, pairs, captures)


def bump(c):
    c.value += 1
    return c.value


class Space:
    """A namespace with a thunk."""

    @staticmethod
    def thunk(*cowns):
        return [cown.value for cown in cowns]


class Clears:
    """Empties a list while it is read from it."""

    def __init__(self, items):
        self.items = items

    def clear(self):
        self.items.clear()
        gc.collect()
        [(1, bytearray(64)) for _ in range(500)]  # takes the place of what was freed

    def __index__(self):
        self.clear()
        return 1

    def __reduce__(self):
        self.clear()
        return int, (7,)


@pytest.fixture
def slot():
    """Have one slot that no worker has taken."""
    wait(PATIENCE)
    _core.scheduler_runtime_start(1)
    _core.terminator_reset()
    yield
    _core.scheduler_runtime_stop()
    _core.terminator_seed_dec()
    assert _core.terminator_count() == 0
    _core.terminator_close()


def test_a_list_of_cowns_may_change_while_it_is_read():
    pairs = []
    pairs += [(Clears(pairs), _core.CownCapsule(n)) for n in range(50)]
    capsule = _core.BehaviorCapsule("thunk", Cown(None).impl, pairs, [])
    assert pairs == []
    capsule.release_all()


def test_a_list_of_captures_may_change_while_it_is_packed():
    captures = []
    captures += [Clears(captures) for _ in range(50)]
    capsule = capsule_over(captures=captures)
    assert captures == []
    capsule.acquire()
    capsule.execute(type("Count", (), {"thunk": staticmethod(lambda *c: sum(c))}))
    capsule.release()
    capsule.release_all()


@pytest.mark.parametrize("group", [0, 2, -2, 2**31, -(2**63), 2**63 - 1])
def test_group_ids_beyond_the_parameters_are_refused(group):
    pairs = [(group, _core.CownCapsule(1))]
    with pytest.raises(ValueError, match="is not within"):
        _core.BehaviorCapsule("thunk", Cown(None).impl, pairs, [], 1)


@pytest.mark.parametrize("group", [0, 2, -2, 2**31, -(2**63), 2**63 - 1])
def test_any_group_id_will_do_where_nobody_counts(group):
    cown = _core.CownCapsule(1)
    _core.BehaviorCapsule("thunk", Cown(None).impl, [(group, cown)], []).release_all()


@pytest.mark.parametrize("count", [2**31, 2**62])
def test_parameters_without_end_are_refused(count):
    with pytest.raises(ValueError, match="at most"):
        _core.BehaviorCapsule("thunk", Cown(None).impl, [], [], count)


def test_a_behavior_is_scheduled_once():
    start(worker_count=1)
    cown = Cown(1)
    capsule = capsule_over(cown, thunk=bump)
    _core.terminator_inc()
    capsule.schedule()
    with pytest.raises(RuntimeError, match="scheduled"):
        capsule.schedule()
    assert value_of(cown) == 2
    with pytest.raises(RuntimeError, match="has released all"):
        capsule.schedule()


def test_what_is_scheduled_cannot_be_driven_by_hand(slot):
    capsule = capsule_over(Cown(1))
    _core.terminator_inc()
    capsule.schedule()
    for step in (capsule.acquire, capsule.release, capsule.release_all):
        with pytest.raises(RuntimeError, match="scheduled"):
            step()
    with pytest.raises(RuntimeError, match="scheduled"):
        capsule.execute(Space)
    [taken] = _core.scheduler_drain_all_queues()
    taken.acquire()
    assert taken.execute(Space) == [1]
    taken.release()
    taken.release_all()
    _core.terminator_dec()


def test_what_has_released_all_touches_nothing_any_more():
    capsule = capsule_over(Cown([1]), captures=[[2]])
    capsule.release_all()
    gc.collect()
    others = [Cown([n]) for n in range(50)]
    for step in (capsule.acquire, capsule.release, capsule.schedule):
        with pytest.raises(RuntimeError, match="has released all"):
            step()
    with pytest.raises(RuntimeError, match="has released all"):
        capsule.execute(Space)
    capsule.release_all()
    assert not any(other.acquired for other in others)


def test_a_step_cannot_be_taken_inside_another():
    capsule = capsule_over(Cown(1))

    class Inside:
        @staticmethod
        def thunk(cown):
            with pytest.raises(RuntimeError, match="in use"):
                capsule.release_all()
            return cown.value

    capsule.acquire()
    assert capsule.execute(Inside) == 1
    capsule.release()
    capsule.release_all()
    capsule = None  # CPython 3.13t keeps the class for ever


def test_what_is_drained_and_let_go_is_dropped_and_told(slot):
    cown, result = Cown(1), Cown(None)
    pairs = [(1, cown.impl)]
    for told in (result, Cown(None)):
        _core.terminator_inc()
        _core.BehaviorCapsule("thunk", told.impl, pairs, []).schedule()
    assert len(_core.scheduler_drain_all_queues()) == 1
    gc.collect()
    result.acquire()
    assert result.exception is True
    assert "never ran" in str(result.value)
    result.value = None
    [waiting] = _core.scheduler_drain_all_queues()
    waiting.acquire()
    assert waiting.execute(Space) == [1]
    waiting.release()
    waiting.release_all()
    _core.terminator_dec()


def test_dropping_a_long_queue_needs_no_deep_stack(tmp_path):
    source = """
from bocpy import _core
_core.scheduler_runtime_start(1)
_core.terminator_reset()
cown = _core.CownCapsule(0)
cown.release()
results = []
for _ in range(200_000):
    result = _core.CownCapsule(None)
    result.release()
    _core.terminator_inc()
    _core.BehaviorCapsule("thunk", result, [(1, cown)], []).schedule()
    results.append(result)
_core.scheduler_runtime_stop()
for first in _core.scheduler_drain_all_queues():
    first.set_drop_exception(RuntimeError("first"))
    first.release_all()
for result in results:
    result.acquire()
    assert "stop()" in str(result.value) or "first" in str(result.value)
    result.value = None
print(_core.terminator_count())
"""
    ended = run_program(source, tmp_path)
    assert (ended.code, ended.lines) == (0, ["2"]), ended.err


def test_threads_may_quarrel_over_a_capsule():
    outcomes = []

    def quarrel(capsule):
        for step in (capsule.acquire, capsule.release, capsule.release_all):
            try:
                step()
            except RuntimeError as error:
                outcomes.append(error)

    for _ in range(200):
        capsule = capsule_over(Cown([1]), Cown({2: 3}))
        threads = [threading.Thread(target=quarrel, args=[capsule]) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
    assert all("released all" in str(e) or "acquire" in str(e) for e in outcomes)


def test_threads_may_quarrel_over_what_their_interpreter_owns():
    cown = _core.CownCapsule([0])
    left = iter(range(4000))

    def quarrel(step):
        for _ in left:
            try:
                step()
            except (RuntimeError, ValueError):  # another has it, or the range
                continue

    def renew():
        cown.acquire()
        cown.value = [bytearray(64)]

    steps = (renew, renew, cown.release, lambda: len(cown.value))
    threads = [threading.Thread(target=quarrel, args=[step]) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    cown.acquire()
    assert len(cown.value) == 1


RELOADED = """
    import gc, sys
    import bocpy

    kept = bocpy.Cown([1])

    @bocpy.when(kept)
    def _(c):
        c.value.append(2)

    bocpy.wait()
    for name in [n for n in sys.modules if n.split(".")[0] == "bocpy"]:
        del sys.modules[name]
    former = bocpy.Cown
    del bocpy, _
    gc.collect()
    import bocpy

    @bocpy.when(kept, bocpy.Cown(3))
    def both(c, d):
        return c.value, d.value

    bocpy.wait()
    print(both.value, former is bocpy.Cown, type(both) is former)
"""


@pytest.mark.usefixtures("backend")
def test_the_package_may_be_imported_afresh(tmp_path):
    assert output_of(RELOADED, tmp_path) == ["([1, 2], 3) True True"]


def test_a_second_core_may_come_and_go(tmp_path):
    program = """
        import gc, importlib.util
        from bocpy import Cown, wait, when

        for _ in range(3):
            spec = importlib.util.find_spec("bocpy._core")
            second = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(second)
            assert second.Cown is Cown
            second.CownCapsule([1]), second.Cown(1)
            del second, spec
            gc.collect()

        @when(Cown(1))
        def result(c):
            return c.value

        wait()
        print(result.value)
    """
    assert output_of(program, tmp_path) == ["1"]


@pytest.mark.skipif(not hasattr(_core, "_run_interpreter"), reason="no such workers")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ((), print, print, 4),
        ("", print, print),
        ([], print, print),
    ],
)
def test_workers_refuse_what_is_no_program(arguments):
    with pytest.raises(TypeError):
        _core._run_interpreter(*arguments)


@pytest.mark.skipif(not hasattr(_core, "_run_interpreter"), reason="no such workers")
@pytest.mark.parametrize(
    "program",
    [
        *((payload, ()) for payload in (b"", b"junk", b"N", b"i\1\0\0\0", b"(")),
        *((b"", live) for live in (((),), (1,), (("a", "b"),), ((1, 2, 3),))),
        None,
        (b"",),
        ("", ()),
    ],
)
def test_workers_tell_what_is_wrong_with_their_program(program):
    told = []
    _core._run_interpreter(tuple(sys.path), lambda: program, told.append)
    assert len(told) == 1
    assert "Error" in told[0]


NAMELESS = """
from bocpy import Cown, wait, when

@when(Cown(1))
def result(c):
    return c.value

@when()
def failed():
    raise ValueError("told")

wait()
print(result.value, type(failed.value).__name__)
failed.exception = False
"""


@pytest.mark.usefixtures("backend")
def test_scripts_in_folders_of_any_name_run(tmp_path):
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except (OSError, UnicodeError):
        pytest.skip("names are text here")
    path = folder / "program.py"
    path.write_text(NAMELESS, encoding="utf-8")
    ended = run_command(str(path))
    assert (ended.code, ended.lines) == (0, ["1 ValueError"]), ended.err


@pytest.mark.parametrize("name", [5, None, b"value", ("value",)])
def test_attributes_are_called_by_text(name):
    for cown in (Cown(1), _core.CownCapsule(1)):
        for step in (
            lambda cown=cown: type(cown).__setattr__(cown, name, 2),
            lambda cown=cown: type(cown).__getattribute__(cown, name),
            lambda cown=cown: type(cown).__delattr__(cown, name),
        ):
            with pytest.raises(TypeError):
                step()
