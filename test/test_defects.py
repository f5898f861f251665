"""Promises that the published 0.5.0 did not keep, each where it broke them.

Promise (test here, or the file that holds it)                           Id
cowns inside values live as long as the value                            D1
a release that fails leaves a usable cown                                D2
a thread that is new to the package may use it                           D3
values outlive the workers that made them                                D4
what wait() acquired can be scheduled again                              D5
a program ends although it forgot wait() (test_exit)                     D6
a captured parameter is asked for, not taken (test_captures)             D7
empty groups arrive (test_when)                                          D8
bodies are found by what they are, not by their line (test_main_module)  D9
library code may schedule                                                D10
classes, functions and enumerations of a script cross (test_main_module) D11
what cannot be pickled harms only itself (test_results, test_crossing)   D12
a child runs while its parent blocks (test_order, test_scheduler_steal)  D13
every legal body and placement works (test_captures, test_main_module)   D14
names are looked up where they are written (test_captures)               D15
a worker that cannot start says why (test_lifecycle)                     D16
workers that came up end if others did not (test_lifecycle)              D17
what a stop drops is told, wherever it was queued (test_wait)            D17
starting keeps messages and tags (test_lifecycle)                        D18
endless and nonsensical time-outs (test_wait)                            D19
Ctrl-C ends what blocks (test_exit, test_messaging)                      D20
an update that does not load harms itself (test_noticeboard_updates)     D21
so does an entry that does not load (test_noticeboard)                   D22
a change leaves the objects of other entries (test_noticeboard)          D23
a poll looks at every tag (test_messaging)                               D24
a receiver that waits uses no processor (test_messaging)                 D25
sequences arrive as what they are (test_messaging_values)                D26
results are unwrapped by what they are (test_results)                    D27
making a cown configures no logging                                      D28
the worker module can be imported                                        D29
the scheduler's counts are true (test_scheduler_stats)                   D30
the benchmark ends however many its rings (test_examples)                D31
it tells what ran while the clock did (test_examples)                    D32
more tokens than a queue holds are no end (test_examples)                D33
the sdist has the headers and compiles (test_packaging)                  D34
set_tags that fails changes nothing (test_messaging)                     D35
capsules made without their constructor are harmless (test_errors)       D36
nearly full queues lose nothing (test_messaging_stress, native)          D37
a schedule() that fails leaves its cowns usable                          D38
any thread may give payloads back                                        D39
a refused start leaves no alias (test_lifecycle)                         D40
"""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import gc
import logging
import sys
import threading

import pytest

import bocpy
from bocpy import Cown, _core, receive, send, start, wait, when, whencall
from observing import PATIENCE, ensure_workers, outcomes, value_of, values_of
from programs import output_of, run_command, run_program


def in_fresh_thread(function):
    """Run `function` on a thread that has never touched the package."""
    outcome = []

    def run():
        try:
            outcome.append(function())
        except BaseException as error:
            outcome.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(PATIENCE)
    assert outcome, "the thread did not end"
    return outcome[0]


def test_cowns_that_only_a_result_knows_are_alive():
    ensure_workers()

    @when()
    def result():
        return [Cown(n) for n in range(20)]

    @when()
    def churn():
        return [Cown([n]) for n in range(200)]

    gc.collect()
    assert len(value_of(churn)) == 200
    assert values_of(*value_of(result)) == list(range(20))


def test_cown_refused_by_its_constructor_dies_quietly(tmp_path):
    program = """
        import gc
        from bocpy import Cown, _core
        for make in (lambda: Cown(lambda: 0), lambda: Cown([lambda: 0])):
            for _ in range(20):
                try:
                    make()
                except Exception:
                    pass
        capsule = _core.CownCapsule(lambda: 0)
        for _ in range(3):
            try:
                capsule.release()
            except Exception as error:
                print(type(capsule.get()).__name__)
        gc.collect()
        """
    ended = run_program(program, tmp_path, BOCPY_ISOLATION="copy")
    assert (ended.code, ended.lines, ended.err) == (0, ["function"] * 3, "")


@pytest.mark.parametrize(
    "use",
    [
        lambda: Cown([1]).acquired,
        lambda: Cown(1).acquire(),
        lambda: _core.CownCapsule(1).release(),
        lambda: value_of(when(Cown(1))(lambda c: c.value)),
        lambda: value_of(whencall(lambda c: c.value, [Cown([1])], [])),
        lambda: send("fresh", [1]),
        lambda: receive("nothing", 0),
        bocpy.noticeboard,
        lambda: _core.BehaviorCapsule("thunk", _core.CownCapsule(1), [], []),
    ],
)
def test_threads_that_are_new_to_the_package_may_use_it(use):
    ensure_workers()
    outcome = in_fresh_thread(use)
    assert not isinstance(outcome, BaseException), outcome


def test_runtime_may_be_started_and_stopped_by_any_thread():
    cown = Cown(0)

    def session():
        when(cown)(lambda c: c.value)
        wait(PATIENCE)

    for _ in range(3):
        assert in_fresh_thread(session) is None


def test_values_made_by_workers_outlive_them():
    kept = {"cowns": [Cown(None) for _ in range(5)]}
    ensure_workers()
    for number, cown in enumerate(kept["cowns"]):

        @when(cown)
        def _(c):
            c.value = {"made": [number, "by a worker"]}

    del cown
    wait(PATIENCE)
    gc.collect()
    for number, cown in enumerate(kept["cowns"]):
        with cown as value:
            assert value == {"made": [number, "by a worker"]}


def test_cowns_in_the_frames_of_wait_can_be_scheduled_next():
    first, second = Cown([1]), Cown([2])

    def inner(third):
        when(first, second, third)(lambda a, b, c: c.value.extend(a.value + b.value))
        wait(PATIENCE)
        return third.value

    third = Cown([])
    assert inner(third) == [1, 2]
    assert inner(third) == [1, 2, 1, 2]
    assert first.value == [1]


def test_wait_goes_on_although_a_cown_in_its_frames_cannot_be_taken(tmp_path):
    program = """
        from bocpy import Cown, behaviors, wait, when
        def refuse():
            raise LookupError("cannot be loaded")
        class Bad:
            def __reduce__(self):
                return refuse, ()
        bad, good = Cown(Bad()), Cown(1)
        @when(good)
        def result(c):
            return c.value
        wait(30)
        print(result.value, behaviors.BEHAVIORS)
        @when(good)
        def again(c):
            return c.value + 1
        wait(30)
        print(again.value)
        """
    assert output_of(program, tmp_path) == ["1 None", "2"]


def test_library_code_may_schedule_before_main_does(tmp_path):
    (tmp_path / "library.py").write_text(
        "from bocpy import Cown, when\n"
        "table = {'factor': 3}\n"
        "def helper(x):\n    return x * table['factor']\n"
        "def triple(cown):\n"
        "    @when(cown)\n"
        "    def result(c):\n"
        "        @when(c)\n"
        "        def nested(d):\n"
        "            return helper(d.value) + 1\n"
        "        return helper(c.value), nested\n"
        "    return result\n"
    )
    program = """
        import library
        from bocpy import Cown, wait, when
        class Own:
            def __init__(self, x): self.x = x
        def main():
            first = library.triple(Cown(2))
            @when(Cown(Own(5)), first)
            def mine(o, f):
                return type(o.value) is Own, f.value[0]
            wait(30)
            with first.value[1] as nested:
                print(first.value[0], nested, mine.value)
        if __name__ == "__main__":
            main()
        """
    assert output_of(program, tmp_path) == ["6 7 (True, 6)"]


def test_failed_behavior_lets_go_of_every_cown():
    ensure_workers()
    cowns = [Cown(n) for n in range(3)]

    def result_stays(*_):
        return threading.Lock()

    def value_stays(a, *_):
        a.value = threading.Lock()

    def exception_stays(*_):
        class Local(Exception):  # noqa: N818
            pass

        raise Local

    for body in (result_stays, value_stays, exception_stays) * 2:
        when(*cowns)(body)

        @when(*cowns)
        def after(a, b, c):
            a.value = 0
            return b.value, c.value

        assert outcomes(after) == [(False, (1, 2))]
    wait(PATIENCE)
    assert _core.terminator_count() == 0


def test_making_a_cown_configures_no_logging(tmp_path):
    program = """
        import logging
        from bocpy import Cown, start, wait, when, whencall
        Cown([1])
        when(Cown(1))(lambda c: c.value)
        wait(30)
        print(logging.getLogger().handlers, logging.getLogger().level)
        """
    assert output_of(program, tmp_path) == ["[] 30"]
    assert isinstance(logging.getLogger().handlers, list)


def test_worker_module_can_be_imported(tmp_path):
    program = """
        import logging, threading, sys
        import bocpy.worker
        print("logging" in sys.modules, "threading" in sys.modules)
        """
    assert output_of(program, tmp_path) == ["True True"]


def test_unscheduled_behavior_leaves_its_cowns_usable():
    wait(PATIENCE)
    cown = Cown(1)
    for _ in range(3):
        capsule = _core.BehaviorCapsule("thunk", Cown(None).impl, [(1, cown.impl)], [])
        with pytest.raises(RuntimeError, match="not running"):
            capsule.schedule()
    with pytest.raises(RuntimeError):
        whencall(lambda c: c.value, [cown], [])
    start(worker_count=1)
    assert value_of(cown) == 1


def test_every_thread_may_give_payloads_back():
    ensure_workers()
    stop, failures = threading.Event(), []

    def give_back():
        try:
            while not stop.is_set():
                _core.recycle()
                _core.cowns()
                Cown([1]).acquire()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=give_back) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for number in range(30):
            assert value_of(when(Cown([number]))(lambda c: [c.value])) == [[number]]
    finally:
        stop.set()
        for thread in threads:
            thread.join(PATIENCE)
    assert failures == []


def test_import_of_the_package_is_quiet_and_cheap():
    code = (
        "import sys; before = set(sys.modules); import bocpy; "
        "print(sorted({'logging', 'ast', 'inspect', 'dataclasses', 're', 'enum'} "
        "& (set(sys.modules) - before)))"
    )
    path = "import sys; sys.path[:0] = sys.argv[1:]; "
    ended = run_command("-S", "-c", path + code, *sys.path[1:])
    assert (ended.out, ended.err) == ("[]\n", "")
