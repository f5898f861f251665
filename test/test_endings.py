"""Programs that end beside work that does not: what they tell, and how long they wait.

The children wait shorter than programs do, so that the tests take no minutes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import threading

import pytest

import blocking
from programs import HEAD, environment, run_program

SHORTLY = """
from bocpy import _exit
_exit._SOON, _exit._LATER, _exit._PATIENCE = 0.5, 0.5, 2.0
"""
STUCK = """
if __name__ == "__main__":
    @when()
    def stuck():
        send("begun", None)
        receive("gate", 600)
        @when()
        def more():
            @when()
            def last():
                print("ran", flush=True)
    receive("begun", 60)
"""
TOLD = "bocpy: the program has ended, but not all of its work:\n"

DEATHS = {
    "raises": ("raise LookupError('in main')", 1),
    "gives up": ("quiesce(0.1)", 1),
    "is interrupted": ("raise KeyboardInterrupt", 130),
}


@pytest.mark.parametrize("death", DEATHS)
def test_a_program_that_died_tells_what_it_waits_for_and_ends(backend, death, tmp_path):
    line, code = DEATHS[death]
    ended = run_program(f"{HEAD}{SHORTLY}{STUCK}    {line}\n", tmp_path)
    assert (ended.code, ended.out) == (code, ""), ended.err
    trace, _, rest = ended.err.partition(TOLD)
    assert "Traceback" in trace
    told, _, last = rest.partition("It waits 2 s for that. Ctrl-C")
    assert "worker 0 runs stuck (" in told.replace("worker 1", "worker 0")
    assert "bocpy: the program ends although work is left\n" in last
    assert " runs stuck (" in last


def test_a_program_that_died_still_runs_what_takes_no_time(backend, tmp_path):
    opens = "    send('gate', None)\n    raise LookupError('in main')\n"
    ended = run_program(HEAD + STUCK + opens, tmp_path)
    assert (ended.code, ended.out) == (1, "ran\n"), ended.err
    assert "bocpy:" not in ended.err


class Child:
    """A program that ends while something keeps it, until it is told to go on."""

    def __init__(self, source, folder, **changes):
        """Run it."""
        path = folder / "program.py"
        path.write_text(source, encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, str(path)],
            env=environment(**changes),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._timer = threading.Timer(60, self._process.kill)

    def __enter__(self):
        """Limit the time."""
        self._timer.start()
        return self

    def __exit__(self, *_):
        """End it, if it runs still."""
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def told(self):
        """Give what it writes to stderr until it says that it waits."""
        seen = ""
        while "It waits " not in seen:
            line = self._process.stderr.readline()
            assert line, seen
            seen += line
        return seen

    def go_on(self):
        """Let it end; give its exit code and output."""
        out, _ = self._process.communicate("\n")
        return self._process.returncode, out

    def interrupt(self):
        """Send it a signal; give its exit code and what it writes to stderr."""
        self._process.send_signal(signal.SIGINT)
        _, err = self._process.communicate()
        return self._process.returncode, err


OPENER = """
def open_gate():
    os.read(0, 1)
    send("gate", None)
if __name__ == "__main__":
    threading.Thread(target=open_gate, daemon=True).start()
"""

ENDS = {
    "ends": ("pass", 0),
    "exits": ("sys.exit(3)", 3),
    "caught a deadline": ("try: quiesce(0.1)\n    except TimeoutError: pass", 0),
    "was a console": ("sys.ps1, sys.last_value = '>>> ', LookupError()", 0),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_program_that_simply_ends_tells_that_it_waits_and_runs_all(
    backend, end, tmp_path
):
    line, code = ENDS[end]
    source = f"{HEAD}{SHORTLY}_exit._PATIENCE = 0.1\n{OPENER}{STUCK}    {line}\n"
    with Child(source, tmp_path) as child:
        told = child.told()
        assert told.startswith(TOLD)
        assert " runs stuck (" in told
        assert told.endswith("It waits for that. Ctrl-C ends it.\n")
        assert child.go_on() == (code, "ran\n")


@pytest.mark.skipif(not blocking.POSIX, reason="needs POSIX signals")
def test_interrupt_ends_a_program_that_waits_at_its_end(backend, tmp_path):
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with Child(HEAD + SHORTLY + STUCK + "    sys.exit(3)\n", tmp_path) as child:
            child.told()
            code, err = child.interrupt()
    finally:
        signal.signal(signal.SIGINT, former)
    assert code == 130, err
    assert "interrupted although work is left" in err
    assert " runs stuck (" in err


@pytest.mark.skipif("interpreters" not in str(blocking.settings()), reason="one GIL")
def test_a_program_tells_of_a_worker_that_cannot_end(tmp_path):
    source = """
if __name__ == "__main__":
    @when()
    def leaves_a_thread():
        import os, threading
        threading.Thread(target=os.read, args=(0, 1)).start()
"""
    child = Child(HEAD + SHORTLY + source, tmp_path, BOCPY_BACKEND="interpreters")
    with child:
        told = child.told()
        assert told.startswith(TOLD)
        assert " ends for " in told
        assert child.go_on() == (0, "")
