"""Ctrl-C: what the first ends, and what the second does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from programs import HEAD, environment, run_command, run_program

BUSY = """
@when()
def busy():
    send("begun", None)
    receive("never", 600)
receive("begun", 60)
"""

POSIX = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")


@pytest.fixture(autouse=True)
def interruptible():
    """Let children be interrupted although a shell started pytest in the background."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def interrupted(source, folder, after="busy", times=1, **changes):
    """Run a program, interrupt it once it has printed `after`, give how it ended."""
    path = folder / "program.py"
    path.write_text(HEAD + source)
    with subprocess.Popen(
        [sys.executable, str(path)],
        env=environment(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        timer = threading.Timer(60, child.kill)
        timer.start()
        try:
            while after not in (line := child.stdout.readline()):
                assert line, child.stderr.read()
            begun = time.monotonic()
            for _ in range(times):
                child.send_signal(signal.SIGINT)
            out, err = child.communicate()
        finally:
            timer.cancel()
            child.kill()
    return child.returncode, out, err, time.monotonic() - begun


@POSIX
def test_interrupt_ends_wait(tmp_path):
    source = (
        BUSY
        + """
try:
    print("busy", flush=True)
    wait()
except KeyboardInterrupt:
    print("interrupted", flush=True)
    os._exit(5)
"""
    )
    code, out, err, _ = interrupted(source, tmp_path)
    assert (code, out) == (5, "interrupted\n"), err


@POSIX
@pytest.mark.parametrize(
    "blocking",
    ["receive('never')", "receive('never', 600)", "receive(['never', 'ever'], 600)"],
)
def test_interrupt_ends_receive(tmp_path, blocking):
    source = f"""
try:
    print("ready", flush=True)
    {blocking}
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    code, out, err, took = interrupted(source, tmp_path, after="ready")
    assert (code, out) == (0, "interrupted\n"), err
    assert took < 20


@POSIX
def test_interrupt_ends_a_program_with_a_receiving_main(tmp_path):
    source = """
start(worker_count=1)
print("ready", flush=True)
receive("never")
"""
    code, _, err, _ = interrupted(source, tmp_path, after="ready")
    assert code in {1, 130, -signal.SIGINT}
    assert "KeyboardInterrupt" in err


@POSIX
def test_wait_may_be_repeated_after_an_interrupt(tmp_path):
    source = """
@when()
def busy():
    send("begun", None)
    receive("gate", 60)
    return "ended well"
receive("begun", 60)
try:
    print("busy", flush=True)
    wait()
except KeyboardInterrupt:
    send("gate", None)
wait(30)
with busy as value:
    print(value)
"""
    code, out, err, _ = interrupted(source, tmp_path)
    assert (code, out) == (0, "ended well\n"), err


def errors_until(child, text):
    """Read what a program writes to stderr until `text` comes."""
    seen = ""
    while text not in seen:
        line = child.stderr.readline()
        assert line, seen
        seen += line
    return seen


STUCK = """
if __name__ == "__main__":
    @when()
    def stuck():
        send("begun", None)
        receive("never", 600)
    receive("begun", 60)
    print("busy", flush=True)
"""


def interrupted_twice(source, folder):
    """Interrupt a program, and again once it says what it waits for."""
    path = folder / "program.py"
    path.write_text(HEAD + source)
    with subprocess.Popen(
        [sys.executable, str(path)],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        timer = threading.Timer(60, child.kill)
        timer.start()
        try:
            assert "busy" in child.stdout.readline()
            child.send_signal(signal.SIGINT)
            first = errors_until(child, "Ctrl-C again")
            child.send_signal(signal.SIGINT)
            _, second = child.communicate()
        finally:
            timer.cancel()
            child.kill()
    return child.returncode, first, second


@POSIX
@pytest.mark.parametrize("blocking", ["wait()", "receive('never')"])
def test_second_interrupt_ends_what_the_first_does_not(backend, blocking, tmp_path):
    code, first, second = interrupted_twice(STUCK + f"    {blocking}\n", tmp_path)
    assert code == 130, first + second
    assert "KeyboardInterrupt" in first
    assert "runs stuck (" in first
    assert "interrupted although work is left" in second
    assert "runs stuck (" in second


@POSIX
def test_second_interrupt_ends_a_program_with_a_stuck_noticeboard(tmp_path):
    source = """
def stay(value):
    print("busy", flush=True)
    threading.Event().wait(600)
if __name__ == "__main__":
    start(worker_count=1)
    notice_update("key", stay, 0)
    notice_sync(600)
"""
    code, first, second = interrupted_twice(source, tmp_path)
    assert code == 130, first + second
    assert "KeyboardInterrupt" in first
    assert "applies a change of 'key' by stay (" in first
    assert "interrupted although work is left" in second


@POSIX
def test_interrupt_ends_a_program_that_died_beside_a_stuck_body(backend, tmp_path):
    end = "    import atexit; atexit.register(print, 'ending', flush=True)\n"
    source = f"{STUCK}{end}    raise LookupError('in main')\n"
    code, _, err, _ = interrupted(source, tmp_path, after="ending")
    assert code == 130, err
    assert "LookupError: in main" in err
    assert "interrupted although work is left" in err
    assert "runs stuck (" in err


@pytest.mark.parametrize("times", [1, 3])
def test_interrupt_as_the_end_begins_ends_the_program(backend, times, tmp_path):
    source = f"""
import _thread, atexit, signal
left = {times}
def interrupt(*_):
    global left
    left -= 1
    if left:
        _thread.interrupt_main()
    raise KeyboardInterrupt
{STUCK}
    signal.signal(signal.SIGINT, interrupt)
    atexit.register(_thread.interrupt_main)
    sys.exit(3)
"""
    path = tmp_path / "program.py"
    path.write_text(HEAD + source)
    done = run_command(str(path))
    assert done.code == 130, done.err
    assert "interrupted although work is left" in done.err
    assert "runs stuck (" in done.err


@POSIX
def test_interrupt_ends_notice_sync(tmp_path):
    source = """
gate = threading.Event()
def stay(value):
    print("busy", flush=True)
    gate.wait(600)
if __name__ == "__main__":
    start(worker_count=1)
    try:
        notice_update("key", stay, 0)
        notice_sync(None)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    gate.set()
"""
    code, out, err, _ = interrupted(source, tmp_path)
    assert (code, out) == (0, "interrupted\n"), err


@POSIX
@pytest.mark.skipif(sys.version_info < (3, 12), reason="workers load no program")
def test_interrupt_ends_a_start_whose_worker_is_stuck(tmp_path):
    (tmp_path / "stuck.py").write_text(
        "import bocpy._core, threading\n"
        "class Base: pass\n"
        "if not bocpy._core.is_primary():\n"
        "    print('busy', flush=True)\n"
        "    threading.Event().wait(600)\n"
    )
    source = """
import stuck
class Derived(stuck.Base):
    pass
if __name__ == "__main__":
    try:
        start(worker_count=1)
    except KeyboardInterrupt:
        print("interrupted")
    try:
        start(worker_count=1)
    except RuntimeError as error:
        print(str(error).splitlines()[0])
    sys.exit(7)
"""
    code, out, err, _ = interrupted(source, tmp_path, BOCPY_BACKEND="interpreters")
    assert code == 1, err
    told = "1 worker(s) of a start that failed have not ended:"
    assert out.splitlines() == ["interrupted", told]
    assert "a worker starts for" in err


INTERRUPTED_START = """
from unittest.mock import patch
begin = threading.Thread.start
name, moment = sys.argv[1:]

def interrupted(thread):
    if moment == "after" or thread.name != name:
        begin(thread)
    if thread.name == name:
        raise KeyboardInterrupt

if __name__ == "__main__":
    with patch.object(threading.Thread, "start", interrupted):
        try:
            start(worker_count=2)
        except KeyboardInterrupt:
            print("interrupted")
    for _ in range(2):
        start(worker_count=2)
        wait(60)
    print("ended well")
"""


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["bocpy-worker-1", "bocpy-noticeboard"])
def test_interrupt_of_a_start_leaves_no_thread_behind(backend, name, moment, tmp_path):
    ended = run_program(HEAD + INTERRUPTED_START, tmp_path, name, moment)
    assert (ended.code, ended.lines) == (0, ["interrupted", "ended well"]), ended.err
