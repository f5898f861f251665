"""Every example is a well-behaved command: its options, its end, a reader that goes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from programs import run_command, run_program

ROOT = Path(__file__).parents[1]
SECONDS = 60
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")
SCRIPTS = re.findall(
    r'^bocpy-\S+ = "bocpy\.examples\.(\w+):main"$',
    (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)
PROGRAMS = [*SCRIPTS, "fanout_benchmark"]


def run(name, *arguments):
    return run_command("-m", f"bocpy.examples.{name}", *arguments)


DEFAULTS = {
    "bank": "50 WARNING",
    "benchmark": "workers 1 2000 2 1 128 16 16 1 5.0",
    "boids": "300 1200 800 30 30.0 1.0 window boids.mp4",
    "calculator": "8 10 -1",
    "cooking_boc": "",
    "cooking_threads": "",
    "dining_philosophers": "5 4 WARNING",
    "fanout_benchmark": "workers 4 1 1000 16 16 1",
    "fibonacci": "10 WARNING",
    "prime_factor": "4 2000 100 16 WARNING",
    "primes": "8 10000 100000",
    "sketches": "",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_help_tells_what_each_option_is_unless_given(name):
    ended = run(name, "--help")
    assert (ended.code, ended.err) == (0, "")
    shown = re.findall(r"\(default:\s+(\S+)\)", ended.out)
    assert Counter(DEFAULTS[name].split()) - Counter(shown) == Counter()
    assert "None" not in shown
    assert "False" not in shown


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_option_that_there_is_not_is_refused(name):
    ended = run(name, "--bogus")
    assert ended.code == 2
    assert ended.out == ""
    assert "error: unrecognized arguments: --bogus" in ended.err


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("bank -a some", "--amount/-a: 'some' is not a whole number"),
        ("primes -w 1.5", "--num-workers/-w: '1.5' is not a whole number"),
        ("primes -w 0", "--num-workers/-w: 0 is not at least 1"),
        ("calculator -t soon", "--timeout/-t: 'soon' is not a whole number"),
        ("boids --scale big", "--scale: 'big' is not a number"),
        ("boids --scale inf", "--scale: inf is not finite"),
        ("benchmark --duration 0", "--duration: 0 is not greater than 0"),
        ("benchmark --warmup x", "--warmup: 'x' is not a number"),
    ],
)
def test_a_refusal_says_what_would_do(line, complaint):
    name, *arguments = line.split()
    ended = run(name, *arguments)
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith(f"error: argument {complaint}")


def unread(name, *arguments):
    """Run an example whose standard output nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [sys.executable, "-m", f"bocpy.examples.{name}", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(writer)


QUICK = {
    "benchmark": ["--help"],
    "boids": ["--help"],
    "primes": ["-n", "1000"],
    "dining_philosophers": ["-p", "9", "-g", "900"],
}


@POSIX
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_command_ends_quietly_when_its_reader_has_gone(name):
    ended = unread(name, *QUICK.get(name, []))
    assert ended.returncode == -signal.SIGPIPE
    assert "BrokenPipe" not in ended.stderr


INTERRUPTED_CALCULATOR = """
import signal
from bocpy.examples import calculator

calculator.tell = lambda *_: signal.raise_signal(signal.SIGINT)
calculator.main()
"""


def test_a_calculator_ends_at_ctrl_c(tmp_path):
    ended = run_program(INTERRUPTED_CALCULATOR, tmp_path, "-n", "0")
    assert "KeyboardInterrupt" in ended.err
    assert ended.code != 0


LATE_READER = """
import signal, sys, time
from bocpy import _core
from bocpy.examples import dining_philosophers

listen = dining_philosophers.listen

def listen_late(philosophers):
    while sum(row["pushed_total"] for row in _core.queue_stats()) < 16384:
        time.sleep(0.001)
    if "-g" not in sys.argv:
        signal.raise_signal(signal.SIGINT)
    listen(philosophers)

if __name__ == "__main__":
    dining_philosophers.listen = listen_late
    dining_philosophers.main()
"""


@pytest.mark.slow
def test_no_philosopher_is_lost_on_a_slow_reader(tmp_path):
    ended = run_program(LATE_READER, tmp_path, "-p", "5", "-g", "3500")
    assert (ended.code, ended.err) == (0, "")
    ends = Counter(re.sub(r"\d+", "N", line, count=1) for line in ended.lines)
    assert ends == {
        "Philosopher N has taken a bite": 5 * 3500,
        "Philosopher N is full": 5,
        "Fork N: uses=7000, hunger=3500": 5,
    }


def test_philosophers_with_much_to_say_end_at_ctrl_c(tmp_path):
    ended = run_program(LATE_READER, tmp_path, "-p", "5", "--hunger", "400000")
    assert "KeyboardInterrupt" in ended.err
    assert "Ctrl-C again" not in ended.err
    assert ended.code != 0
