"""Starting, waiting, stopping and starting again."""

from __future__ import annotations

import logging
import os
import sys
import threading

import pytest

import bocpy
from bocpy import Behaviors, Cown, _core, behaviors, receive, send, start, wait, when
from observing import PATIENCE, expect, value_of, values_of
from programs import output_of, run_program

COUNTS = """
import bocpy
print(bocpy.WORKER_COUNT, bocpy.behaviors._default_worker_count())
bocpy.start()
print(len(bocpy.wait(30, stats=True)))
"""


def test_first_behavior_starts_the_runtime():
    assert behaviors.BEHAVIORS is None

    @when(Cown(1))
    def result(c):
        return c.value

    assert behaviors.BEHAVIORS is not None
    assert behaviors.BEHAVIORS.num_workers == bocpy.WORKER_COUNT
    wait(PATIENCE)
    assert behaviors.BEHAVIORS is None
    assert result.value == 1


@pytest.mark.parametrize("count", [1, 2, 5])
def test_start_takes_a_number_of_workers(count):
    assert start(worker_count=count) is None
    assert len(_core.scheduler_stats()) == count
    statistics = wait(PATIENCE, stats=True)
    assert [each["worker_index"] for each in statistics] == list(range(count))


def test_start_while_running_changes_nothing_or_is_refused():
    start(worker_count=2)
    running = behaviors.BEHAVIORS
    start()
    start(worker_count=2)
    assert behaviors.BEHAVIORS is running
    with pytest.raises(RuntimeError, match="already started"):
        start(worker_count=3)
    assert behaviors.BEHAVIORS is running
    assert value_of(Cown(1)) == 1


def test_start_is_refused_in_a_body():
    start(worker_count=1)

    @when()
    def result():
        try:
            start()
        except RuntimeError as error:
            return str(error)
        return "not refused"

    told = "start() can only be called from the main interpreter"
    assert told in value_of(result)


@pytest.mark.parametrize(
    ("arguments", "error", "told"),
    [
        ({"worker_count": -1}, ValueError, "worker_count must be >= 0"),
        ({"worker_count": 0}, RuntimeError, "Error starting worker pool"),
        ({"worker_count": "two"}, TypeError, None),
        ({"worker_count": 1.5}, TypeError, None),
        ({"module": ("fine", "/nowhere/to/be.py")}, FileNotFoundError, None),
        ({"module": ("not fine", __file__)}, ValueError, "dotted Python module path"),
        ({"module": ("a..b", __file__)}, ValueError, "dotted Python module path"),
        ({"module": ("a.1b", __file__)}, ValueError, "dotted Python module path"),
    ],
)
def test_refused_start_leaves_nothing_behind(arguments, error, told):
    with pytest.raises(error, match=told):
        start(**arguments)
    assert behaviors.BEHAVIORS is None
    assert _core.scheduler_stats() == []
    assert _core.terminator_count() == 0
    assert "__bocmain__" not in sys.modules
    start(worker_count=1)
    assert value_of(Cown(1)) == 1


@pytest.mark.parametrize(
    "module", [("x",), ("x", "y", "z"), 3, (3, __file__), ("x", 3), "xy", []]
)
def test_module_is_a_name_and_a_path(backend, module):
    with pytest.raises(TypeError, match="module must be a tuple of its name"):
        start(1, module)
    assert behaviors.BEHAVIORS is None


@pytest.mark.parametrize("timeout", ["x", float("nan")])
def test_wrong_timeouts_are_refused_without_a_runtime(timeout):
    with pytest.raises((TypeError, ValueError)):
        wait(timeout)


def test_start_beside_a_stop_that_is_not_finished_is_refused(backend):
    start(worker_count=1)

    @when()
    def _():
        send("begun", None)
        receive("go on", PATIENCE)

    expect("begun")
    with pytest.raises(RuntimeError):
        wait(0.1)
    with pytest.raises(RuntimeError, match=r"call wait\(\) again"):
        start()
    send("go on", None)
    wait(PATIENCE)


def test_what_a_given_up_wait_left_running_can_be_read_later(backend):
    held = Cown(0)

    @when(held)
    def _(cown):
        send("begun", None)
        receive("go on", PATIENCE)
        cown.value = 5

    expect("begun")
    with pytest.raises(RuntimeError):
        wait(0.1)
    send("go on", None)
    wait(PATIENCE)
    assert held.value == 5


def test_syntax_error_of_the_module_is_told(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("def oops(:\n")
    with pytest.raises(SyntaxError, match=r"Error parsing .*broken\.py"):
        start(worker_count=1, module=("broken", str(broken)))
    assert behaviors.BEHAVIORS is None


def test_scheduling_after_a_stop_starts_afresh():
    for count in (1, 2, 1, 3):
        start(worker_count=count)
        assert values_of(Cown(count), Cown([count])) == [count, [count]]
        assert len(wait(PATIENCE, stats=True)) == count
        assert _core.terminator_count() == 0
        assert _core.terminator_seeded() == 0


def test_runtime_is_up_between_start_and_stop_of_an_object():
    running = Behaviors(2)
    assert running.num_workers == 2
    assert Behaviors(None).num_workers == bocpy.WORKER_COUNT
    assert _core.scheduler_stats() == []
    running.start()
    try:
        assert len(_core.scheduler_stats()) == 2
        result = bocpy.whencall(lambda c: c.value + 1, [Cown(1)], [])
    finally:
        running.stop(PATIENCE)
    assert _core.scheduler_stats() == []
    with result as value:
        assert value == 2


def test_runtime_object_is_a_context_manager():
    with Behaviors(1) as running:
        assert isinstance(running, Behaviors)
        assert len(_core.scheduler_stats()) == 1
        result = bocpy.whencall(lambda: "ran", [], [])
    assert _core.scheduler_stats() == []
    with result as value:
        assert value == "ran"


def test_runtime_object_checks_the_module_name():
    with pytest.raises(ValueError, match="dotted Python module path"):
        Behaviors(1).start(module=("no path", __file__))
    assert _core.scheduler_stats() == []


def test_final_cowns_are_acquired_too():
    start(worker_count=1)
    hidden = [Cown("hidden")]
    behaviors.BEHAVIORS.final_cowns = (hidden[0],)
    wait(PATIENCE)
    assert hidden[0].acquired
    assert hidden[0].value == "hidden"


def test_starting_keeps_messages_and_takes_no_tags():
    tags = [f"tag{number}" for number in range(16)]
    for tag in tags:
        send(tag, tag)
    start(worker_count=1)
    try:
        for tag in tags:
            assert receive(tag, 10) == (tag, tag)
        send(tags[0], "across the stop")
    finally:
        wait(PATIENCE)
    assert receive(tags[0], 10) == (tags[0], "across the stop")


def test_workers_are_threads_that_end_with_the_runtime():
    before = set(threading.enumerate())
    start(worker_count=2)

    @when()
    def elsewhere():
        return threading.get_ident()

    assert value_of(elsewhere) != threading.get_ident()
    wait(PATIENCE)
    assert set(threading.enumerate()) <= before


def test_script_alias_is_there_while_running_and_restored_after(tmp_path):
    program = """
        import sys
        from bocpy import start, wait
        earlier = sys.modules["__bocmain__"] = type(sys)("earlier")
        start(worker_count=1)
        print(sys.modules["__bocmain__"] is sys.modules["__main__"])
        wait(30)
        print(sys.modules["__bocmain__"] is earlier)
        del sys.modules["__bocmain__"]
        start(worker_count=1)
        wait(30)
        print("__bocmain__" in sys.modules)
        """
    assert output_of(program, tmp_path) == ["True", "True", "False"]


def test_caller_without_a_file_is_known_by_its_name():
    space = {"__name__": "nowhere.in_particular"}
    exec(  # noqa: S102
        "from bocpy.behaviors import get_caller_module\n"
        "def inner():\n    return get_caller_module()\n"
        "def outer():\n    return inner()\n"
        "found = outer()",
        space,
    )
    assert space["found"] == ("nowhere.in_particular", None)


@pytest.mark.parametrize(
    ("value", "counts"),
    [("3", {3}), (" 2 ", {2}), ("0", None), ("-4", None), ("many", None), (None, None)],
)
def test_environment_sets_the_number_of_workers(tmp_path, value, counts):
    if counts is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
        counts = set(range(1, max(2, cores or os.cpu_count() or 2)))
    first, second = output_of(COUNTS, tmp_path, BOCPY_WORKERS=value)
    assert int(first.split()[0]) in counts
    assert len(set(first.split()) | {second}) == 1


def test_logging_says_nothing_unless_asked(tmp_path):
    program = """
        import logging
        import sys
        from bocpy import Cown, wait, when
        @when(Cown(1))
        def result(c):
            return c.value
        wait(30)
        print(logging.getLogger().handlers)
        """
    ended = run_program(program, tmp_path)
    assert (ended.out, ended.err, ended.code) == ("[]\n", "", 0)


def test_failing_acquire_is_logged_by_the_worker(tmp_path):
    program = """
        import logging
        logging.basicConfig(level=logging.INFO)
        from bocpy import Cown, start, wait, when
        start(worker_count=1)
        held = Cown(1)
        held.acquire()
        @when(held)
        def result(c):
            return 1
        wait(30)
        print(result.exception, type(result.value).__name__)
        result.exception = False
        """
    ended = run_program(program, tmp_path)
    assert ended.out == "True RuntimeError\n", ended.err
    assert "already acquired" in ended.err


def test_lifecycle_is_logged_at_debug_level(caplog):
    with caplog.at_level(logging.DEBUG, logger="behaviors"):
        start(worker_count=1)
        assert value_of(Cown(1)) == 1
        wait(PATIENCE)
    assert any(record.name == "behaviors" for record in caplog.records)
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="workers share the classes")
def test_worker_that_cannot_start_says_why(tmp_path):
    program = """
        from bocpy import Cown, _core, behaviors, start, wait, when

        class Trap:
            if not _core.is_primary():
                raise LookupError("the trap in the class")

        try:
            start(worker_count=2)

            @when(Cown(1))
            def result(c):
                return Trap().__class__.__name__, c.value
            wait(30)
            print("result", result.exception, result.value)
            result.exception = False
        except RuntimeError as error:
            print("start", error)
        print(behaviors.BEHAVIORS)
        """
    ended = run_program(program, tmp_path, BOCPY_BACKEND="interpreters")
    assert ended.code == 0, ended.err
    said = ended.out + ended.err
    if "start" in ended.out:
        assert "Error starting worker pool" in said
    if "result" not in ended.out or "True" in ended.out:
        assert "the trap in the class" in said
    assert ended.lines[-1] == "None"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="workers share the modules")
def test_start_of_which_only_some_workers_come_up_is_undone(tmp_path):
    (tmp_path / "first.py").write_text(
        "import pathlib\n"
        "from bocpy import _core\n"
        "if not _core.is_primary():\n"
        "    pathlib.Path(__file__).with_name('taken').touch(exist_ok=False)\n"
    )
    program = """
        import pathlib
        import first
        from bocpy import Cown, behaviors, start, wait, when
        try:
            start(worker_count=3)
        except RuntimeError as error:
            print(str(error).partition(":")[0], behaviors.BEHAVIORS, wait(30))
        pathlib.Path("taken").unlink()
        start(worker_count=1)
        result = when(Cown(1))(lambda c: c.value)
        wait(30)
        print(result.value)
        """
    ended = run_program(program, tmp_path, BOCPY_BACKEND="interpreters")
    assert ended.code == 0, ended.err
    assert ended.out.count("FileExistsError") >= 2
    assert ended.lines[-2:] == ["Error starting worker pool None None", "1"]


UNBOUND = """
import sys, threading
from bocpy import start, wait, when

def made():
    return when
tools = [made(), threading.Lock()]
if any(tools):
    import fractions as numbers
if __name__ == "__main__":
    for _ in range(2):
        start(worker_count=1)
        @when()
        def result():
            return 5
        wait(30)
        print(result.value)
    if sys.argv[1:]:
        @when()
        def missed():
            return numbers.Fraction
        wait(30)
        print(missed.value, *getattr(missed.value, "__notes__", ()))
        missed.exception = False
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="workers share the modules")
def test_a_name_that_a_worker_lacks_is_told_when_a_behavior_misses_it(tmp_path):
    ended = run_program(UNBOUND, tmp_path, BOCPY_BACKEND="interpreters")
    assert (ended.code, ended.lines, ended.err) == (0, ["5", "5"], "")
    ended = run_program(UNBOUND, tmp_path, "use it", BOCPY_BACKEND="interpreters")
    told = "numbers of module '__main__' stays unbound in this worker: NameError: "
    assert ended.code == 0, ended.err
    assert ended.lines[-1].startswith("name 'numbers' is not defined"), ended.out
    assert told in ended.lines[-1]
    assert ended.err.count(told) == 1
