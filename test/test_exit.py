"""How programs end: without `wait`, by exceptions, after a fork, beside others."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from programs import HEAD, environment, run_command, run_program

WORK = """
total = Cown(0)
for number in range(10):
    @when(total)
    def _(n):
        n.value += 1
@when(total)
def told(n):
    print("all of", n.value, flush=True)
"""

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


def test_forgotten_wait_runs_everything_and_ends(tmp_path):
    ended = run_program(HEAD + WORK, tmp_path)
    assert (ended.code, ended.out) == (0, "all of 10\n"), ended.err


def test_forgotten_wait_of_an_idle_runtime_ends(tmp_path):
    ended = run_program(HEAD + "start(worker_count=3)\nprint('end')", tmp_path)
    assert (ended.code, ended.out, ended.err) == (0, "end\n", "")


def test_exception_in_main_ends_the_program(tmp_path):
    ended = run_program(HEAD + WORK + "raise LookupError('in main')", tmp_path)
    assert ended.code == 1
    assert "LookupError: in main" in ended.err


@pytest.mark.parametrize("code", [0, 3])
def test_exit_keeps_its_code(tmp_path, code):
    ended = run_program(HEAD + WORK + f"sys.exit({code})", tmp_path)
    assert ended.code == code, ended.err
    ended = run_program(HEAD + f"start()\nsys.exit({code})", tmp_path)
    assert ended.code == code, ended.err


def test_failing_behaviors_do_not_keep_a_program(tmp_path):
    source = """
for number in range(5):
    @when(Cown(number))
    def failed(c):
        raise ValueError("body", c.value)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert ended.code == 0
    assert "unhandled exception" in ended.err
    assert "ValueError" in ended.err


def test_unread_failure_is_reported_on_stderr(tmp_path):
    source = """
@when(Cown(1))
def failed(c):
    raise ValueError("nobody reads this")
@when(failed)
def looked(f):
    return f.exception
del failed
wait(30)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert ended.code == 0
    assert "contains an unhandled exception: ValueError('nobody reads" in ended.err
    assert ended.err.count("unhandled exception") == 1


def test_cowns_kept_in_odd_places_do_not_keep_a_program(tmp_path):
    source = """
class Keeper:
    pass
Keeper.cown = Cown(0)
sys.kept = [Cown([1]), {"a": Cown({})}]
cycle = []
cycle.append(cycle)
cycle.append(Cown(cycle))
cycle[1].acquire()
cycle[1].value.append(cycle)
@when(Keeper.cown, *sys.kept[:1])
def result(c, d):
    c.value = d.value
Keeper.result = result
wait(30)
@when(Keeper.cown)
def again(c):
    return c.value
sys.kept.append(again)
print("end")
"""
    ended = run_program(HEAD + source, tmp_path)
    assert (ended.code, ended.out) == (0, "end\n"), ended.err


def test_daemon_threads_do_not_keep_a_program(tmp_path):
    source = """
def wait_forever():
    receive("never")
def schedule():
    while True:
        try:
            when(Cown(1))(lambda c: c.value)
        except RuntimeError:
            return
        time.sleep(0.001)
for target in (wait_forever, schedule):
    threading.Thread(target=target, daemon=True).start()
when()(lambda: None)
print("end", flush=True)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert (ended.code, ended.out) == (0, "end\n"), ended.err


def test_other_threads_may_go_on_after_main(tmp_path):
    source = """
cown = Cown(0)
def later():
    threading.main_thread().join()
    try:
        when(cown)(lambda c: print("scheduled late", flush=True))
    except RuntimeError as error:
        print("refused", flush=True)
threading.Thread(target=later).start()
start(worker_count=1)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert ended.code == 0, ended.err
    assert ended.out in {"scheduled late\n", "refused\n"}


ENDING = """
import atexit
def last_words():
    try:
        when()(lambda: None)
    except RuntimeError as error:
        print(error, flush=True)
class Late:
    def __init__(self):
        self.cycle = self
    def __del__(self):
        last_words()
"""


def test_a_program_that_ends_starts_no_runtime(tmp_path):
    for last in ("last_words", "Late"):
        source = f"atexit.register({last})\nwhen()(lambda: None)"
        ended = run_program(HEAD + ENDING + source, tmp_path)
        assert ended.code == 0, ended.err
        assert ended.out == "the program is ending: no runtime can be started\n"


def test_threads_that_bodies_leave_behind_end_with_their_program(backend, tmp_path):
    source = """
if __name__ == "__main__":
    @when()
    def leaves_a_thread():
        import threading, time
        threading.Thread(target=time.sleep, args=(0.3,)).start()
    wait(60)
    print("end")
"""
    ended = run_program(HEAD + source, tmp_path)
    assert (ended.code, ended.out) == (0, "end\n"), ended.err


FORK = """
import warnings
warnings.simplefilter("ignore")
total = Cown(1)
start(worker_count=2)
try:
    child = os.fork()
except RuntimeError as error:
    print("refused", "threads" in str(error))
else:
    if child == 0:
        sys.exit(7)
    print("exited", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
@when(total)
def result(n):
    return n.value
wait(30)
print(result.value)
"""


LEAKING = {"ASAN_OPTIONS": "detect_leaks=0"}
"""For the child of a fork: it cannot free what other threads held."""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_forked_child_of_threads_may_exit(tmp_path):
    ended = run_program(HEAD + FORK, tmp_path, BOCPY_BACKEND="threads", **LEAKING)
    assert (ended.code, ended.lines) == (0, ["exited 7", "1"]), ended.err


FORKED_BUSY = """
import signal, warnings
warnings.simplefilter("ignore")
cown = Cown(1)
start(worker_count=1, backend="threads")
@when(cown)
def busy(c):
    send("entered", None)
    receive("gate", 60)
    return c.value
receive("entered", 60)
child = os.fork()
if child == 0:
    signal.alarm(30)
    wait()
    quiesce()
    for begin in (lambda: start(worker_count=1)), (lambda: when(cown)(lambda c: 1)):
        try:
            begin()
        except RuntimeError as error:
            print(str(error).partition(",")[0], flush=True)
    sys.exit(7)
print("exited", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
send("gate", None)
wait(60)
print(busy.value)
"""

FORKED_IDLE = """
import signal, warnings
warnings.simplefilter("ignore")
total = Cown(1)
def add(n):
    @when(total)
    def added(total):
        total.value += n
        return total.value
    return added
def stay(value):
    send("staying", None)
    receive("gate", 60)
    return 2
if __name__ == "__main__":
    start(worker_count=2, backend="threads")
    add(1)
    quiesce(60)
    notice_update("key", stay, 1)
    receive("staying", 60)
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        added = add(40)
        quiesce(30)
        print(added.unwrap(), wait(30, noticeboard=True), flush=True)
        added = add(100)
        sys.exit(7)
    print("exited", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    send("gate", None)
    added = add(1)
    print(wait(60, noticeboard=True), added.value)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_forked_while_a_behavior_runs_may_exit_and_starts_nothing(tmp_path):
    ended = run_program(HEAD + FORKED_BUSY, tmp_path, **LEAKING)
    told = ["this process was forked while behaviors were pending"] * 2
    assert (ended.code, ended.lines) == (0, [*told, "exited 7", "1"]), ended.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_forked_while_nothing_is_pending_has_a_runtime_of_its_own(tmp_path):
    ended = run_program(HEAD + FORKED_IDLE, tmp_path, **LEAKING)
    lines = ["42 {}", "exited 7", "{'key': 2} 3"]
    assert (ended.code, ended.lines) == (0, lines), ended.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fork_beside_interpreters_works_or_is_refused_with_a_way_out(tmp_path):
    ended = run_program(HEAD + FORK, tmp_path, BOCPY_BACKEND=None, **LEAKING)
    assert ended.code == 0, ended.err
    assert ended.lines in (["exited 7", "1"], ["refused True", "1"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_function_in_a_child_works_or_is_refused_with_a_way_out(tmp_path):
    source = """
import subprocess
def run(hook):
    command = [sys.executable, "-c", "print(5, end='')"]
    try:
        return subprocess.run(command, stdout=-1, preexec_fn=hook, check=True).stdout
    except RuntimeError as error:
        return "start(backend" in str(error) and "preexec_fn" in str(error)
start(worker_count=1)
print(run(None), run(lambda: None) in (True, b"5"))
"""
    ended = run_program(HEAD + source, tmp_path, BOCPY_BACKEND=None)
    assert (ended.code, ended.lines) == (0, ["b'5' True"]), ended.err


def test_other_programs_may_be_run_beside_workers(tmp_path):
    source = """
import subprocess
start(worker_count=2)
print(subprocess.run([sys.executable, "-c", "print(5)"], stdout=-1).stdout)
@when()
def result():
    import subprocess
    return subprocess.run([sys.executable, "-c", "print(6)"], stdout=-1).stdout
wait(30)
with result as value:
    print(value if not result.exception else type(value).__name__)
"""
    ended = run_program(HEAD + source, tmp_path, BOCPY_BACKEND="threads")
    assert (ended.code, ended.lines) == (0, ["b'5\\n'", "b'6\\n'"]), ended.err


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_child_forked_before_the_first_start_may_schedule(tmp_path):
    source = """
cown = Cown(1)
def work():
    @when(cown)
    def result(c):
        return c.value + 1
    wait(30)
    return result.value
child = os.fork()
if child == 0:
    sys.exit(work() + 5)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status), work())
"""
    ended = run_program(HEAD + source, tmp_path)
    assert (ended.code, ended.out) == (0, "7 2\n"), ended.err


ONE_LINERS = """
import bocpy, collections
from bocpy import Cown, wait, when
def helper(x): return x * 2
limit = [3]
@when(Cown(2))
def result(c):
    @when(Cown(10))
    def inner(d):
        return helper(d.value), limit
    return helper(c.value), limit, collections.Counter("aab")["a"], inner
wait(30)
value = result.value
with value[3] as nested: print(value[:3], nested)
"""


def test_program_given_on_the_command_line(tmp_path):
    ended = run_command("-c", ONE_LINERS, cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "(4, [3], 2) (20, [3])\n"), ended.err


def test_program_piped_into_the_interpreter(tmp_path):
    ended = run_command("-", stdin=ONE_LINERS, cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "(4, [3], 2) (20, [3])\n"), ended.err
    ended = run_command(stdin=ONE_LINERS, cwd=tmp_path)
    assert (ended.code, ended.out) == (0, "(4, [3], 2) (20, [3])\n"), ended.err


@POSIX
def test_interactive_interpreter(tmp_path):
    import pty  # noqa: PLC0415 -- absent on Windows

    session = """
from bocpy import *
cown = Cown(1)
def step(c): return c.value + 1

@when(cown)
def first(c):
    c.value = step(c)
    return "first %d" % c.value

@when(cown)
def first(c):
    return "again %d" % c.value

wait(30)
print("<" + first.value + ">", "<%d>" % cown.value)
exit()
"""
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-i", "-q"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=tmp_path,
        env=environment(PYTHON_BASIC_REPL="1", TERM="dumb", PYTHONSTARTUP=None),
        start_new_session=True,
    ) as child:
        os.close(terminal)
        os.write(controller, session.encode())
        shown = b""
        try:
            while chunk := os.read(controller, 4096):
                shown += chunk
                if b"<2>" in shown and child.poll() is not None:
                    break
        except OSError:
            pass
        try:
            code = child.wait(30)
        finally:
            child.kill()
            os.close(controller)
    text = shown.decode(errors="replace")
    assert "<again 2> <2>" in text, text
    assert code == 0, text
