"""The plugin for pytest, as suites of other projects use it."""

from __future__ import annotations

import re
import signal
import sys
import textwrap
from pathlib import Path

import pytest

from bocpy import receive
from bocpy.pytest_plugin import limited
from programs import run_command

ON_TIME = pytest.mark.skipif(sys.platform == "win32", reason="has no timer signals")

PAGE = Path(__file__).parents[1] / "sphinx/source/guide/testing.rst"

FORGETFUL = """
import bocpy

def test_leaves_things_behind(bocpy_runtime):
    @bocpy.when()
    def _():
        bocpy.send("left", 1)

def test_begins_without_them(bocpy_runtime):
    assert bocpy.behaviors.BEHAVIORS is None
    assert bocpy.receive("left", 0) == (bocpy.TIMEOUT, None)
"""

WAITING = """
import bocpy

def test_waits_for_ever(bocpy_runtime):
    bocpy.receive("what nobody sends")

def test_comes_after_it(bocpy_runtime):
    pass
"""

HANGING = """
import bocpy

def test_leaves_a_worker_that_hangs(bocpy_runtime):
    @bocpy.when()
    def stuck():
        import threading
        threading.Event().wait()
"""

FOLLOWERS = """
import pytest

@pytest.mark.parametrize("n", range(20))
def test_follows(n, bocpy_runtime):
    pass
"""

RELEASED = """
import os
import bocpy

source, sink = os.pipe()

def test_leaves_a_body(bocpy_runtime):
    pipe = source

    @bocpy.when()
    def reader():
        import os
        os.read(pipe, 1)

def test_comes_too_early(bocpy_runtime):
    pass

def test_lets_it_end():
    os.write(sink, b"x")
    bocpy.wait(50)

def test_begins_anew(bocpy_runtime):
    @bocpy.when()
    def answer():
        return 42
    bocpy.wait(50)
    assert answer.unwrap() == 42
"""

TIMED = """
import pytest, signal, sys

def pytest_configure(config):
    config.addinivalue_line("markers", "theirs(seconds): as other plugins limit")

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    def handler(*_):
        pytest.fail("their time is over", pytrace=False)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, item.get_closest_marker("theirs").args[0])
    try:
        return (yield)
    finally:
        kept = signal.getsignal(signal.SIGALRM) is handler
        print("theirs again:", kept, signal.getitimer(signal.ITIMER_REAL)[0])
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
"""

PATIENT = """
import bocpy, pytest

@pytest.mark.theirs(2)
def test_waits(bocpy_runtime):
    bocpy.receive("what nobody sends", 50)
"""

LINGERING = """
import bocpy, pytest, signal

@pytest.fixture
def impatience(bocpy_runtime):
    def handler(*_):
        pytest.fail("their time is over", pytrace=False)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 2)

def test_leaves_a_body(impatience):
    @bocpy.when()
    def stuck():
        import bocpy
        bocpy.receive("what nobody sends")

def test_follows(bocpy_runtime):
    pass
"""

MARKED = """
import bocpy, pytest

@pytest.mark.bocpy_timeout(1)
def test_waits(bocpy_runtime):
    bocpy.receive("what nobody sends", 50)

@pytest.mark.bocpy_timeout(seconds="soon")
def test_is_marked_badly(bocpy_runtime):
    pass
"""

FAILING = """
import bocpy
from bocpy import Cown, send, receive, wait, when

def test_lets_go_last(bocpy_runtime):
    @when()
    def body():
        raise KeyError("last")
    wait()

def test_lets_go_first(bocpy_runtime):
    @when()
    def body():
        from bocpy import receive
        receive("go")
        raise KeyError("first")
    del body
    send("go", 1)

def test_keeps_it_in_a_circle(bocpy_runtime):
    @when()
    def body():
        raise KeyError("circle")
    circle = [body]
    circle.append(circle)
"""

TAKEN = """
import pytest
from bocpy import wait, when

def test_takes(bocpy_runtime):
    @when()
    def taken():
        raise KeyError("taken")
    @when()
    def dealt_with():
        raise KeyError("dealt with")
    wait()
    with pytest.raises(KeyError):
        taken.unwrap()
    dealt_with.exception = False
"""

BLAMED = """
from bocpy import wait, when

def test_fails_itself(bocpy_runtime):
    @when()
    def body():
        raise KeyError("mine")
    wait()
    assert body is None

def test_is_not_to_blame(bocpy_runtime):
    pass
"""

DEBUGGED = """
import signal

def test_has_all_the_time(bocpy_runtime, request):
    assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    request.config.hook.pytest_enter_pdb(config=request.config, pdb=None)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
"""


def outcome(suite, folder, *options, **env):
    """Run a suite in a process of its own; give its code and what it printed."""
    path = folder / "test_suite.py"
    path.write_text(suite, encoding="utf-8")
    plugin = ["-p", "bocpy.pytest_plugin", "-c", "empty.ini", "-o", "addopts="]
    (folder / "empty.ini").write_text("[pytest]\n", encoding="utf-8")
    command = ["-m", "pytest", *plugin, *options, str(path)]
    ended = run_command(*command, cwd=folder, **env)
    return ended.code, ended.out


def told(text):
    """Before pytest's summary, which has whole messages where CI is set."""
    return text.partition("short test summary info")[0]


def test_each_test_has_a_runtime_of_its_own(tmp_path):
    code, text = outcome(FORGETFUL, tmp_path)
    assert code == 0, text
    assert "2 passed" in text


@ON_TIME
def test_a_test_that_waits_for_ever_fails_and_tells_where(tmp_path):
    code, text = outcome(WAITING, tmp_path, "-o", "bocpy_timeout=1")
    assert code == 1, text
    assert "1 failed, 1 passed" in text
    assert "still running after 1 s" in text
    assert "tags in use: what nobody sends" in text
    assert "in test_waits_for_ever" in text


def test_a_worker_that_hangs_is_named_and_does_not_keep_the_process(tmp_path):
    code, text = outcome(HANGING, tmp_path, "-o", "bocpy_timeout=5")
    assert code == 1, text
    assert "1 passed, 1 error" in text
    assert "1 behavior(s) still run: stuck (" in text
    assert " runs stuck (" in text


def test_a_hang_is_reported_once_and_without_the_source_of_the_runner(tmp_path):
    options = ["-o", "bocpy_timeout=1", "--show-capture=no"]
    code, text = outcome(HANGING, tmp_path, *options)
    assert code == 1, text
    assert told(text).count("behaviors that have not ended") == 1, text
    shown = re.search(r"_pytest/|pluggy/|bocpy/|def stop|During handling", text)
    assert shown is None, text


BOTH = """
import bocpy, threading

def test_waits(bocpy_runtime):
    entered = threading.Event()

    def other():
        entered.set()
        bocpy.receive("nor this", 50)

    @bocpy.when()
    def stuck():
        bocpy.receive("what nobody sends")

    threading.Thread(target=other, daemon=True).start()
    entered.wait(50)
    bocpy.receive("nothing either", 50)
"""


@ON_TIME
def test_a_time_out_is_reported_once_with_the_frames_of_the_test_alone(
    backend, tmp_path
):
    options = ["-o", "bocpy_timeout=5", "--show-capture=no"]
    code, text = outcome(BOTH, tmp_path, *options)
    assert code == 1, text
    assert "1 failed, 1 error" in text
    assert told(text).count("behaviors that have not ended") == 1, text
    assert re.search(r"test_suite.py\", line \d+,? in test_waits\n", text), text
    assert re.search(r"test_suite.py\", line \d+,? in other\n", text), text
    shown = re.search(r"_pytest/|pluggy/|bocpy/|runpy|During handling", text)
    assert shown is None, text


def test_tests_after_a_hang_fail_at_once_and_name_who_left_it(tmp_path):
    """20 tests of 5 s each would take longer than the child has."""
    code, text = outcome(HANGING + FOLLOWERS, tmp_path, "-o", "bocpy_timeout=5")
    assert code == 1, text
    assert "1 passed, 21 errors" in text
    who = (
        r"test_suite.py::test_leaves_a_worker_that_hangs left a body running: stuck \("
    )
    assert len(re.findall(rf"^{who}.*test_suite.py:\d+\)$", text, re.MULTILINE)) == 20
    assert told(text).count("behaviors that have not ended") == 1, text


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of its own")
def test_tests_pass_again_once_the_body_has_ended(tmp_path):
    code, text = outcome(RELEASED, tmp_path, "-v", "-o", "bocpy_timeout=5")
    assert code == 1, text
    assert "3 passed, 2 errors" in text
    assert "test_begins_anew PASSED" in text
    assert "test_comes_too_early ERROR" in text


@ON_TIME
def test_a_shorter_limit_of_others_goes_off(tmp_path):
    (tmp_path / "conftest.py").write_text(TIMED, encoding="utf-8")
    code, text = outcome(PATIENT, tmp_path, "-o", "bocpy_timeout=40")
    assert code == 1, text
    assert "1 failed" in text
    assert "their time is over" in text


@ON_TIME
def test_a_longer_limit_of_others_is_back_afterwards(tmp_path):
    (tmp_path / "conftest.py").write_text(TIMED, encoding="utf-8")
    suite = PATIENT.replace("theirs(2)", "theirs(1000)")
    code, text = outcome(suite, tmp_path, "-s", "-o", "bocpy_timeout=1")
    assert code == 1, text
    assert "still running after 1 s" in text
    left = re.search(r"theirs again: True ([\d.]+)", text)
    assert left, text
    assert 900 < float(left[1]) < 999.5


@ON_TIME
def test_a_limit_of_others_that_ends_the_wait_tells_later_tests_who_left_what(tmp_path):
    code, text = outcome(LINGERING, tmp_path, "-o", "bocpy_timeout=30")
    assert code == 1, text
    assert "1 passed, 2 errors" in text
    assert "their time is over" in text
    assert "test_suite.py::test_leaves_a_body left a body running: stuck (" in text


@ON_TIME
def test_a_limit_of_pytest_timeout_goes_off(tmp_path):
    pytest.importorskip("pytest_timeout")
    suite = PATIENT.replace("theirs(2)", "timeout(1)")
    code, text = outcome(suite, tmp_path, "-o", "bocpy_timeout=40")
    assert code == 1, text
    assert "Timeout (>1.0s) from pytest-timeout" in text


@pytest.fixture
def alarm():
    """Have a handler of others; put back what was there before."""

    def handler(*_):
        raise AssertionError("it went off")

    timer = signal.getitimer(signal.ITIMER_REAL)
    former = signal.signal(signal.SIGALRM, handler)
    yield handler
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)
    signal.setitimer(signal.ITIMER_REAL, *timer)


def wait_for_ever(limit):
    with limit:
        receive("what nobody sends", 50)


def left():
    return signal.getitimer(signal.ITIMER_REAL)[0]


@ON_TIME
def test_a_limit_that_goes_off_puts_back_what_was_there(alarm):
    signal.setitimer(signal.ITIMER_REAL, 1000, 7)
    limit = limited(0.05)
    with pytest.raises(pytest.fail.Exception, match=r"still running after 0\.05 s"):
        wait_for_ever(limit)
    assert signal.getsignal(signal.SIGALRM) is alarm
    assert 900 < left() < 1000
    assert signal.getitimer(signal.ITIMER_REAL)[1] == 7


@ON_TIME
def test_a_limit_leaves_a_shorter_one_alone(alarm):
    signal.setitimer(signal.ITIMER_REAL, 500)
    with limited(1000):
        assert signal.getsignal(signal.SIGALRM) is alarm
        assert left() <= 500
    assert signal.getsignal(signal.SIGALRM) is alarm
    assert 0 < left() <= 500


@ON_TIME
def test_a_limit_leaves_alone_what_was_set_inside_it(alarm):
    signal.setitimer(signal.ITIMER_REAL, 0)
    with limited(1000):
        signal.signal(signal.SIGALRM, alarm)
        signal.setitimer(signal.ITIMER_REAL, 500)
    assert signal.getsignal(signal.SIGALRM) is alarm
    assert 0 < left() <= 500


@ON_TIME
def test_limits_nest(alarm):
    signal.setitimer(signal.ITIMER_REAL, 0)
    with limited(1000):
        with limited(500):
            assert left() <= 500
        assert 500 < left() <= 1000
        with limited(2000):
            assert left() <= 1000
    assert signal.getsignal(signal.SIGALRM) is alarm
    assert left() == 0


@ON_TIME
def test_who_debugs_has_all_the_time(tmp_path):
    code, text = outcome(DEBUGGED, tmp_path)
    assert code == 0, text


@ON_TIME
def test_a_test_may_have_its_own_time(tmp_path):
    code, text = outcome(MARKED, tmp_path, "--strict-markers")
    assert code == 1, text
    assert "1 failed, 1 error" in text
    assert "still running after 1 s" in text
    assert "the marker bocpy_timeout takes a number of seconds" in text
    listed = outcome("", tmp_path, "--markers")[1]
    assert "@pytest.mark.bocpy_timeout(seconds): " in listed


@pytest.mark.parametrize("option", ["bocpy_timeout=soon", "bocpy_failures=maybe"])
def test_an_option_that_means_nothing_is_refused(option, tmp_path):
    code, _ = outcome(FORGETFUL, tmp_path, "-o", option)
    assert code == pytest.ExitCode.USAGE_ERROR


NAMES = ["lets_go_last", "lets_go_first", "keeps_it_in_a_circle"]


def test_failures_that_nobody_took_are_told_with_the_name_of_the_test(
    backend, tmp_path
):
    code, text = outcome(FAILING, tmp_path)
    assert code == 0, text
    assert "3 passed" in text
    _, _, told = text.partition("exceptions of behaviors that nobody took")
    for name in NAMES:
        key = name.rpartition("_")[2]
        pattern = rf"^test_suite.py::test_{name}\nBehavior scheduled at:\n"
        part = re.search(rf"{pattern}(?:.*\n)+?KeyError: '{key}'$", told, re.MULTILINE)
        assert part, text
        assert f"in test_{name}\n" in part[0]


def test_failures_that_nobody_took_are_among_the_output_of_the_test(tmp_path):
    code, text = outcome(FAILING, tmp_path, "-rP")
    assert code == 0, text
    shown = text.partition("exceptions of behaviors that nobody took")[0]
    told = r"Captured stderr \w+ -+\nCown.* an unhandled exception: KeyError\('(\w+)'\)"
    # What a worker tells between two phases is in the output of neither.
    found = re.findall(told, shown)
    assert [name for name in found if name != "first"] == ["last", "circle"], text


def test_failures_that_nobody_took_are_errors_if_asked_for(backend, tmp_path):
    code, text = outcome(FAILING, tmp_path, "-o", "bocpy_failures=error")
    assert code == 1, text
    assert "3 passed, 3 errors" in text
    for name in NAMES:
        part = text.partition(f"ERROR at teardown of test_{name} ")[2]
        lines = part.splitlines()[1:3]
        told = "nobody took the exceptions of behaviors:"
        assert lines == [told, "Behavior scheduled at:"], text


def test_failures_that_were_taken_are_not_told(backend, tmp_path):
    code, text = outcome(TAKEN, tmp_path, "-o", "bocpy_failures=error")
    assert code == 0, text
    assert "nobody took" not in text


def test_failures_of_a_test_that_failed_are_told_with_its_own_name(tmp_path):
    code, text = outcome(BLAMED, tmp_path, "-o", "bocpy_failures=error")
    assert code == 1, text
    assert "1 failed, 1 passed" in text
    assert "error" not in text.splitlines()[-1]
    _, _, told = text.partition("exceptions of behaviors that nobody took")
    assert "test_suite.py::test_fails_itself\nBehavior scheduled at:" in told


@pytest.mark.parametrize("nth", [1, 2])
def test_the_suite_of_the_documentation_passes(nth, tmp_path):
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?: {3}.*\n|\n)+)",
        PAGE.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    suite, *conftests = map(textwrap.dedent, blocks)
    assert len(conftests) == 2
    (tmp_path / "conftest.py").write_text(conftests[nth - 1], encoding="utf-8")
    code, text = outcome(suite, tmp_path)
    assert code == 0, text
    assert "1 passed" in text


ASSERTING = """
from bocpy import Cown, wait, when

def failure_of(result):
    wait()
    try:
        result.unwrap()
    except AssertionError as error:
        return error.args, error.__cause__.text

def test_asserts(bocpy_runtime):
    cown = Cown(3)

    @when(cown)
    def bare(cown):
        assert cown.value == 4

    args, text = failure_of(bare)
    assert args == () and "assert cown.value == 4" in text

    @when(cown)
    def told(cown):
        assert cown.value == 4, cown.value

    assert failure_of(told)[0] == (3,)
"""


def test_asserts_in_bodies_run_as_they_are_written(backend, tmp_path):
    code, text = outcome(ASSERTING, tmp_path)
    assert code == 0, text
