"""Reports of what the runtime is doing: what they tell, when, and where to."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading

import pytest

import blocking
from bocpy import (
    Cown,
    dump,
    dump_on_signal,
    notice_update,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect
from programs import HEAD, environment, run_program

POSIX = pytest.mark.skipif(not blocking.POSIX, reason="needs POSIX signals")
LINES = pytest.mark.skipif(not blocking.TELLS_LINES, reason="threads cannot be asked")
THIS = re.escape(__file__)


def told():
    """Give the text of a report."""
    file = io.StringIO()
    dump(file)
    return file.getvalue()


@pytest.fixture
def gate():
    """Have a gate, open at the end."""
    made = blocking.Gate()
    yield made
    made.open(8)
    wait(PATIENCE)
    made.close()


def test_dump_without_a_runtime_tells_that_nothing_is_pending():
    assert told() == "behaviors that have not ended: 0\n"


def test_first_report_may_be_a_behaviors(backend, tmp_path):
    source = """
import io
@when()
def _():
    file = io.StringIO()
    dump(file)
    send("told", file.getvalue())
print("worker 0 runs" in receive("told", 60)[1])
wait(60)
"""
    ended = run_program(HEAD + source, tmp_path)
    assert (ended.code, ended.lines) == (0, ["True"]), ended.err


def test_dump_tells_what_runs_and_what_it_holds_and_who_waits(backend, gate):
    start(worker_count=2)
    held, other = Cown(1), Cown(2)

    @when(held, other)
    def holder(h, o):
        send("state", "entered")
        receive("gate", 60)

    expect("state")
    for _ in range(5):

        @when(held)
        def follower(h):
            pass

    @when(holder)
    def reader(r):
        pass

    text = told()
    assert text.startswith("behaviors that have not ended: at most 7\n")
    assert re.search(
        rf"^worker \d runs holder \({THIS}:\d+\) for \d+\.\d s$", text, re.MULTILINE
    )
    assert re.search(
        rf"^  scheduled at {THIS}:\d+ in test_dump_tells_what", text, re.MULTILINE
    )
    assert len(re.findall(r"^  holds Cown\(0x", text, re.MULTILINE)) == 2
    assert text.count(", for which 5 wait:\n    follower (") == 1
    assert "and others" in text
    assert "has a result, for which 1 wait:\n    reader (" in text
    idle = r"^(worker \d runs nothing|a worker starts for \d+\.\d s)$"
    assert re.search(idle, text, re.MULTILINE)


@LINES
@pytest.mark.parametrize(("state", "backend"), blocking.settings())
def test_dump_tells_the_line_in_every_state(state, backend, gate):
    start(worker_count=1, backend=backend)
    body, end = getattr(blocking, state), gate.read_end

    @when()
    def outer():
        body(end)

    expect("state")
    text = told()
    assert re.search(
        rf'File ".*blocking.py", line \d+ in {state}$', text, re.MULTILINE
    ), text
    assert re.search(rf'File "{THIS}", line \d+ in outer$', text, re.MULTILINE), text
    assert "_threads.py" not in text


def test_dump_works_in_a_body(backend):
    start(worker_count=1)

    @when()
    def inside():
        return told()

    wait(PATIENCE)
    assert "runs inside (" in inside.value


entered, leave = threading.Event(), threading.Event()


def stay(value):
    """Hold the thread of the noticeboard."""
    entered.set()
    leave.wait(60)
    return value


def test_dump_tells_what_the_noticeboard_applies():
    start(worker_count=1)
    entered.clear()
    leave.clear()
    try:
        notice_update("total", stay, 1)
        notice_update("total", stay, 1)
        assert entered.wait(PATIENCE)
        text = told()
    finally:
        leave.set()
    assert re.search(
        rf"applies a change of 'total' by stay \({THIS}:\d+\) for .* s, 1 wait", text
    )
    if blocking.TELLS_LINES:
        assert re.search(rf'File "{THIS}", line \d+ in stay$', text, re.MULTILINE)


def test_dump_writes_to_stderr_to_files_and_to_descriptors(capsys):
    expected = "behaviors that have not ended: 0\n"
    dump()
    assert capsys.readouterr().err == expected
    with tempfile.TemporaryFile("w+") as file:
        dump(file.fileno())
        file.seek(0)
        assert file.read() == expected


def test_behaviors_go_on_while_reports_are_made(backend):
    start(worker_count=2)
    cowns = [Cown(0) for _ in range(4)]

    def step(left, first, second):
        @when(first, second)
        def _(a, b):
            a.value += 1
            b.value += 1
            if left:
                step(left - 1, b, a)

    for index in range(4):
        step(150, cowns[index], cowns[index - 1])
    over = threading.Event()

    def watch():
        while not over.is_set():
            told()

    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for each in watchers:
        each.start()
    try:
        wait(PATIENCE)
    finally:
        over.set()
        for each in watchers:
            each.join()
    total = 0
    for cown in cowns:
        with cown as value:
            total += value
    assert total == 4 * 151 * 2


def test_the_signal_of_a_program_that_wants_it_is_left_alone(tmp_path):
    if not blocking.POSIX:
        return
    source = """
    import os, signal
    from bocpy import dump, receive, send, wait, when
    got = []
    signal.signal(signal.SIGURG, lambda *_: got.append(1))
    @when()
    def busy():
        send("entered", 1)
        receive("gate", 60)
    receive("entered", 60)
    dump(1)
    os.kill(os.getpid(), signal.SIGURG)
    send("gate", 1)
    wait(60)
    print(got)
    """
    ended = run_program(source, tmp_path)
    assert ended.code == 0, ended.err
    assert "runs busy (" in ended.out
    assert "File" not in ended.out
    assert ended.lines[-1] == "[1]"


DEAF = """
import os, sys
from bocpy import *
def block(end):
    import ctypes
    ctypes.PyDLL(None).read(end, ctypes.create_string_buffer(1), 1)
if __name__ == "__main__":
    end, other = os.pipe()
    if sys.argv[1:]:
        import signal
        dump_on_signal(getattr(signal, sys.argv[1]))
    start(worker_count=1, backend="threads")
    @when()
    def stuck():
        os.write(1, b"stuck\\n")
        block(end)
    wait()
"""


END = b"in stuck\n" if blocking.TELLS_LINES else b"runs stuck ("


def report_at(number, folder, *args, **env):
    """Run a program that keeps its GIL, send it a signal, give what it writes."""
    path = folder / "deaf.py"
    path.write_text(DEAF, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(path), *args],
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        timer = threading.Timer(PATIENCE, child.kill)
        timer.start()
        try:
            assert child.stdout.readline() == b"stuck\n"
            text = b""
            while END not in text:
                child.send_signal(number)
                text += os.read(child.stderr.fileno(), 1 << 16)
                assert child.poll() is None, text
        finally:
            timer.cancel()
            child.kill()
    return text.decode()


@POSIX
def test_a_signal_dumps_while_the_gil_is_kept(tmp_path):
    text = report_at(signal.SIGUSR1, tmp_path, "SIGUSR1")
    assert "runs stuck (" in text
    if blocking.TELLS_LINES:
        assert re.search(r"line \d+ in block$", text, re.MULTILINE), text


@POSIX
def test_the_environment_chooses_a_signal(tmp_path):
    text = report_at(signal.SIGUSR2, tmp_path, BOCPY_DUMP_SIGNAL="usr2")
    assert "runs stuck (" in text


def test_an_unknown_signal_in_the_environment_is_refused(tmp_path):
    source = "import bocpy; bocpy.start()"
    ended = run_program(source, tmp_path, BOCPY_DUMP_SIGNAL="MONDAY")
    assert ended.code == 1
    assert "BOCPY_DUMP_SIGNAL=MONDAY names no signal" in ended.err


@POSIX
def test_a_signal_is_chosen_moved_and_given_back(tmp_path):
    former = signal.getsignal(signal.SIGUSR1)
    caught = []
    signal.signal(signal.SIGUSR1, lambda number, _: caught.append(number))
    read_end, write_end = os.pipe()
    try:
        dump_on_signal(signal.SIGUSR1, write_end)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert os.read(read_end, 100).startswith(b"behaviors that have not ended")
        dump_on_signal(signal.SIGUSR2, write_end)
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
        assert os.read(read_end, 100).startswith(b"behaviors that have not ended")
        assert caught == [signal.SIGUSR1]
    finally:
        dump_on_signal(None)
        os.close(read_end)
        os.close(write_end)
        signal.signal(signal.SIGUSR1, former)


@POSIX
def test_signals_that_tell_of_crashes_or_do_not_exist_are_refused():
    with pytest.raises(ValueError, match="faulthandler"):
        dump_on_signal(signal.SIGSEGV)
    with pytest.raises(OSError, match="Invalid"):
        dump_on_signal(10_000, sys.__stderr__)
    with pytest.raises(OSError, match="Invalid"):
        dump_on_signal(signal.SIGKILL, sys.__stderr__)
    for nonsense in "USR1", True, False:
        with pytest.raises(TypeError):
            dump_on_signal(nonsense, sys.__stderr__)


def test_signals_are_chosen_by_the_main_interpreter(backend):
    start(worker_count=1)

    @when()
    def inside():
        dump_on_signal(None)

    wait(PATIENCE)
    with inside as error:
        assert isinstance(error, RuntimeError)
        assert "primary interpreter" in str(error)
        inside.exception = False


FORKED = """
import os, signal, warnings
from bocpy import *
warnings.simplefilter("ignore")
start(worker_count=1, backend="threads")
read_end, write_end = os.pipe()
dump_on_signal(signal.SIGUSR1, write_end)
@when()
def busy():
    send("entered", 1)
    receive("gate", 60)
receive("entered", 60)
child = os.fork()
if child == 0:
    os.kill(os.getpid(), signal.SIGUSR1)
    dump(1)
    dump_on_signal(signal.SIGUSR1, write_end)
    os.kill(os.getpid(), signal.SIGUSR1)
    os.read(read_end, 10)
    os._exit(3)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
send("gate", 1)
wait(60)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_reports_for_itself(tmp_path):
    ended = run_program(FORKED, tmp_path)
    assert ended.code == 0, ended.err
    assert ended.lines[-1] == "child 3", ended.out
    assert "runs busy" not in ended.out
