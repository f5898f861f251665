"""Every example does what its documentation shows, as a user would run it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from bocpy import receive, send
from programs import run_program

EXAMPLES = Path(__file__).parents[1] / "examples"
PROGRAMS = list(EXAMPLES.glob("[a-z]*.py"))
SECONDS = 120
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX system")


def run(name, *arguments, code=0, **environment):
    """Run one example as a child process and return what it printed."""
    command = [sys.executable, "-m", f"bocpy.examples.{name}", *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done


def lines_of(name, *arguments, **environment):
    """Run one example that has nothing to complain about and return its lines."""
    done = run(name, *arguments, **environment)
    assert not done.stderr
    return done.stdout.splitlines()


def account(name, balance):
    return f"Account(name={name!r}, balance={balance}, frozen=False)"


@pytest.mark.parametrize(
    ("arguments", "amount", "verdict", "alice", "bob"),
    [
        ([], 50, "success", 50, 50),
        (["-a", "100"], 100, "failure", 100, 0),
        (["-a", "-5"], -5, "failure", 100, 0),
    ],
)
def test_bank_moves_money_only_if_there_is_more(arguments, amount, verdict, alice, bob):
    assert lines_of("bank", *arguments) == [
        f"src (before transfer): {account('Alice', 100)}",
        f"dst (before transfer): {account('Bob', 0)}",
        f"attempting to transfer {amount} from Alice to Bob",
        verdict,
        f"src (after transfer): {account('Alice', alice)}",
        f"dst (after transfer): {account('Bob', bob)}",
    ]


def test_bank_runs_as_a_plain_script():
    command = [sys.executable, str(EXAMPLES / "bank.py"), "--amount", "10"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=SECONDS, check=True
    )
    assert "success" in done.stdout.splitlines()


@pytest.mark.parametrize(("philosophers", "hunger"), [(5, 4), (2, 1), (1, 2)])
def test_dining_philosophers_all_eat_their_fill(philosophers, hunger):
    lines = lines_of("dining_philosophers", "-p", str(philosophers), "-g", str(hunger))
    everyone = range(philosophers)
    expected = [f"Philosopher {i} is full" for i in everyone]
    expected += [f"Fork {i}: uses={2 * hunger}, hunger={hunger}" for i in everyone]
    expected += [f"Philosopher {i} has taken a bite" for i in everyone] * hunger
    assert sorted(lines) == sorted(expected)
    assert lines[-philosophers:] == expected[philosophers : 2 * philosophers]


@pytest.mark.parametrize(("n", "value"), [(0, 0), (4, 3), (10, 55), (16, 987)])
def test_fibonacci_agrees_with_the_loop(n, value):
    assert lines_of("fibonacci", str(n)) == [f"fib({n}): {value} (expected: {value})"]


@pytest.mark.parametrize("name", ["cooking_boc", "cooking_threads"])
def test_cooking_prepares_everything_before_the_pan(name):
    *steps, last = lines_of(name)
    assert sorted(steps) == [
        "Beating 3 raw eggs",
        "Chopping raw pepper",
        "Dicing raw onion",
        "Grating raw cheese",
    ]
    assert last == "All ingredients ready, cooking omelette"


def test_sketches_play_side_by_side():
    done = run("sketches")
    cheeses = (EXAMPLES / "cheese.txt").read_text(encoding="utf-8").splitlines()
    asked = re.findall(r"INFO:shop:Do you have any (.*)\?", done.stderr)
    assert asked == cheeses
    assert f"after {len(cheeses)} cheeses" in done.stdout
    assert "The guest had pancakes" in done.stdout


def test_calculator_counts_every_operation():
    lines = lines_of("calculator", "-n", "3", "-a", "5")
    assert lines[:2] == ["# client: 3", "# ops/client: 5"]
    assert "Total operations: 15" in lines
    assert lines[-1].startswith("Final value: ")


def test_clients_give_up_when_the_calculator_has():
    lines = lines_of("calculator", "-n", "2", "-a", "20000", "-t", "0")
    assert "Timed out" in lines


INTERRUPTED_PRIMES = """
import signal, sys, threading
from bocpy.examples import primes

receive = primes.receive

def interrupted(tag):
    if threading.current_thread() is threading.main_thread():
        signal.raise_signal(signal.SIGINT)
    return receive(tag)

primes.receive = interrupted
primes.main()
"""


def test_primes_end_at_ctrl_c(tmp_path):
    ended = run_program(INTERRUPTED_PRIMES, tmp_path)
    assert "KeyboardInterrupt" in ended.err
    assert ended.code != 0


def test_primes_prints_one_count():
    [line] = lines_of("primes", "-w", "2", "-m", "500", "-n", "1000")
    assert re.fullmatch(r"Number of primes: \d+", line)


def test_prime_factor_finds_the_factors():
    lines = lines_of("prime_factor", "-c", "300", "--bits", "12")
    result = re.fullmatch(r"result: (\d+) = (\d+) x (\d+)", lines[-1])
    assert result, lines
    n, d, e = map(int, result.groups())
    assert n == d * e
    assert 1 < d < n


def test_prime_factor_wants_two_primes():
    done = run("prime_factor", "-c", "1", code=2)
    assert "error: too few for a product" in done.stderr


@pytest.mark.parametrize(
    "line",
    [
        "bank -l bogus",
        "calculator -n -1",
        "calculator -a -1",
        "dining_philosophers -g 0",
        "dining_philosophers -p -2",
        "dining_philosophers -l bogus",
        "fibonacci -- -1",
        "fibonacci -l bogus",
        "prime_factor --lanes 0",
        "prime_factor -c 0",
        "prime_factor -b 0",
        "prime_factor --bits 2",
        "prime_factor -l bogus",
        "primes -w 0",
        "primes -m 0",
        "primes -n 0",
        "boids --boids 0",
        "boids --width -1",
        "boids --fps 0",
        "boids --duration 0",
        "boids --scale inf",
        "benchmark --rings -3",
        "benchmark --rings 0",
        "benchmark --chains-per-ring 0",
        "benchmark --workers 0",
        "benchmark --duration nan",
        "benchmark --duration inf",
        "benchmark --warmup -1",
        "fanout_benchmark --fanout-width 0",
        "fanout_benchmark --producers 0",
    ],
)
def test_an_option_that_makes_no_sense_is_named(line):
    name, *arguments = line.split()
    done = run(name, *arguments, code=2)
    option = "n" if "--" in arguments else arguments[0]
    assert re.search(rf"error: argument \S*{option}\b", done.stderr), done.stderr


@pytest.mark.parametrize("name", ["bank", "fibonacci"])
def test_levels_of_logging_are_known_by_name(name):
    lines_of(name, "-l", "info")


def sweep(name, tmp_path, *arguments, code=0, **environment):
    output = tmp_path / "results.json"
    done = run(name, "--output", str(output), *arguments, code=code, **environment)
    return json.loads(output.read_text(encoding="utf-8")), done.stdout


@pytest.mark.slow
def test_benchmark_sweeps_workers_and_prints_a_table(tmp_path):
    quick = ["--duration", "0.2", "--warmup", "0.05", "--iters", "1", "--table"]
    document, table = sweep(
        "benchmark", tmp_path, "--sweep-values", "1,2", "--ring-size", "16", *quick
    )
    assert document["schema_version"] == 1
    assert document["sweep"]["axis"] == "workers"
    assert "workers" not in document["sweep"]["fixed"]
    for workers, point in zip([1, 2], document["points"], strict=True):
        assert point["error"] is None
        assert point["inputs"]["workers"] == workers
        assert point["inputs"]["rings"] == 16 * workers
        [repeat] = point["repeats"]
        assert {"completed_behaviors", "corrected_throughput"} <= repeat.keys()
        assert repeat["scheduler_stats"] is None
    header, _, *rows = table.splitlines()
    columns = ["workers", "throughput", "stdev", "speedup", "efficiency", "corrected"]
    assert header.replace(" ", "").split("|") == columns
    assert [row.split()[0] for row in rows] == ["1", "2"]


@pytest.mark.slow
def test_benchmark_ends_with_more_rings_than_the_noticeboard_has_room_for(tmp_path):
    many = ["--rings", "130", "--ring-size", "4", "--chains-per-ring", "1"]
    quick = ["--duration", "0.1", "--warmup", "0", "--null-payload"]
    document, _ = sweep(
        "benchmark", tmp_path, "--sweep-axis", "none", *many, *quick, "--quiet"
    )
    [point] = document["points"]
    assert point["error"] is None
    assert point["inputs"]["rings"] == 130


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--sweep-axis", "none", "--sweep-values", "1"], "must be empty"),
        (["--sweep-axis", "group-size", "--sweep-values", "128"], "would collide"),
        (["--sweep-values", "0"], "workers (0)"),
        (["--sweep-values", "many"], "many"),
    ],
)
def test_benchmark_refuses_what_makes_no_sense(arguments, complaint):
    done = run("benchmark", *arguments, code=2)
    assert complaint in done.stderr


@pytest.mark.parametrize("axis", ["fanout-width", "producers", "workers"])
def test_fanout_benchmark_does_not_take_a_zero_for_what_is_derived(axis):
    done = run("fanout_benchmark", "--sweep-axis", axis, "--sweep-values", "0", code=2)
    assert f"{axis}=0 is invalid" in done.stderr


NOTHING = {"missing.json": None, "empty.json": "", "other.json": "[1]"}


@pytest.mark.parametrize("name", NOTHING)
def test_a_table_of_no_results_is_an_error_of_one_line(tmp_path, name):
    if NOTHING[name] is not None:
        (tmp_path / name).write_text(NOTHING[name], encoding="utf-8")
    done = run("benchmark", "--print-table", str(tmp_path / name), code=2)
    [line] = done.stderr.splitlines()
    assert line.startswith("benchmark: no results in ")


QUICK = {
    "benchmark": ["--duration", "0.1", "--warmup", "0", "--null-payload"],
    "fanout_benchmark": ["--producer-steps", "1"],
}


@pytest.mark.parametrize("name", QUICK)
def test_a_point_without_a_result_fails_the_run(tmp_path, name):
    bad = {"BOCPY_BACKEND": "bogus"}  # what makes the children fail
    one = ["--sweep-axis", "none", *QUICK[name]]
    document, _ = sweep(name, tmp_path, *one, code=1, **bad)
    [point] = document["points"]
    assert "bogus" in point["error"]["stderr_tail"]


@pytest.mark.parametrize("name", QUICK)
def test_a_picture_that_cannot_be_drawn_is_refused_before_the_sweep(tmp_path, name):
    hidden = "raise ImportError('No module named matplotlib')"
    (tmp_path / "matplotlib.py").write_text(hidden, encoding="utf-8")
    output = tmp_path / "results.json"
    options = ["--plot", str(tmp_path / "plot.svg"), "--output", str(output)]
    done = run(name, *options, code=2, PYTHONPATH=str(tmp_path))
    assert done.stderr.splitlines() == [f'{name}: no --plot: pip install "bocpy[plot]"']
    assert not output.exists()


@POSIX
def test_an_interrupted_sweep_keeps_what_it_has_and_says_so(tmp_path):
    output = tmp_path / "results.json"
    module = [sys.executable, "-m", "bocpy.examples.benchmark"]
    long = ["--sweep-axis", "none", "--duration", "1000", "--output", str(output)]
    with subprocess.Popen([*module, *long], stderr=subprocess.PIPE, text=True) as child:
        killer = threading.Timer(SECONDS, child.kill)
        killer.start()
        try:
            while "repeat 1/1" not in child.stderr.readline():
                assert child.poll() is None
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=SECONDS)
        finally:
            killer.cancel()
            child.kill()
    assert child.returncode == 130
    document = json.loads(output.read_text(encoding="utf-8"))
    assert document["metadata"]["interrupted"]


@pytest.mark.slow
def test_fanout_benchmark_completes_every_child(tmp_path):
    quick = ["--producer-steps", "20", "--sweep-axis", "none", "--workers", "2"]
    document, _ = sweep("fanout_benchmark", tmp_path, *quick)
    [point] = document["points"]
    [repeat] = point["repeats"]
    assert point["error"] is None
    assert repeat["completed_children"] == 20 * 8
    assert sum(repeat["derived"]["worker_pop_counts"]) >= 20 * 8


@pytest.mark.parametrize(
    ("module", "function", "tag", "first"),
    [
        ("fanout_benchmark", "report", "child", "child"),
        ("calculator", "tell", "calculator", threading.main_thread()),
    ],
)
def test_senders_wait_while_the_queue_is_full(module, function, tag, first):
    tell = getattr(importlib.import_module(f"bocpy.examples.{module}"), function)
    for _ in range(16384):
        send(tag, 1)
    sender = threading.Thread(target=tell, args=(first, 2), daemon=True)
    sender.start()
    assert receive(tag, SECONDS) == (tag, 1)
    sender.join(SECONDS)
    assert not sender.is_alive()
    rest = [receive(tag, 0)[1] for _ in range(16384)]
    assert rest[-1] == 2


def shown_on_a_terminal(*command):
    """Run a command whose stderr is a terminal; give what it wrote there."""
    import pty  # noqa: PLC0415 -- absent on Windows

    controller, terminal = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=terminal) as child:
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # the other end has been closed
            while chunk := os.read(controller, 4096):
                shown += chunk
        os.close(controller)
        assert child.wait(SECONDS) == 0, shown.decode()
    return shown.decode()


@POSIX
@pytest.mark.slow
def test_a_sweep_shows_on_a_terminal_how_far_it_is(tmp_path):
    quick = ["--sweep-values", "1", "--duration", "0.5", "--warmup", "0"]
    output = ["--output", str(tmp_path / "results.json"), "--null-payload"]
    module = [sys.executable, "-m", "bocpy.examples.benchmark"]
    shown = shown_on_a_terminal(*module, *quick, *output)
    assert re.search(r"\[#+\.*\] +\d+% workers=1, \d+ s left", shown), shown
    assert shown_on_a_terminal(*module, *quick, *output, "--quiet") == ""


@pytest.mark.slow
def test_boids_film_without_a_window(tmp_path):
    frames = ["--mode", "video", "--duration", "0.2", "--fps", "10", "-b", "30"]
    small = ["--width", "200", "--height", "120", "-o", str(tmp_path / "new/flock.png")]
    lines = lines_of("boids", *frames, *small)
    assert lines[0].startswith("average behavior rate: ")
    first, last = tmp_path / "new/flock-00001.png", tmp_path / "new/flock-00002.png"
    assert lines[1] == f"frames written: 2 ({first} to {last.name})"
    for path in (first, last):
        assert path.read_bytes().startswith(b"\x89PNG")


ENCODER = """#!{python}
import pathlib, sys
pathlib.Path(sys.argv[-1]).write_bytes(sys.stdin.buffer.read())
"""


@POSIX
@pytest.mark.slow
def test_boids_pipe_their_frames_to_ffmpeg(tmp_path):
    encoder = tmp_path / "ffmpeg"
    encoder.write_text(ENCODER.format(python=sys.executable), encoding="utf-8")
    encoder.chmod(0o755)
    frames = ["--mode", "video", "--duration", "0.3", "--fps", "10", "-b", "9"]
    film = tmp_path / "flock.mp4"
    small = ["--width", "20", "--height", "10", "--scale", "2", "-o", str(film)]
    lines = lines_of("boids", *frames, *small, PATH=str(tmp_path))
    assert lines[1] == f"frames written: 3 ({film})"
    assert len(film.read_bytes()) == 3 * 4 * 40 * 20


def test_boids_without_a_window_or_an_encoder_say_what_to_do(tmp_path):
    hidden = "raise ImportError('No module named pyglet')"
    (tmp_path / "pyglet.py").write_text(hidden, encoding="utf-8")
    done = run("boids", code=1, PYTHONPATH=str(tmp_path))
    assert 'pip install "bocpy[boids]"' in done.stderr
    assert "Traceback" not in done.stderr
    done = run("boids", "--mode", "video", "-b", "1", code=1, PATH=str(tmp_path))
    assert done.stderr.splitlines() == ["no ffmpeg here: use --output NAME.png"]


@POSIX
@pytest.mark.parametrize("name", ["plain/flock.png", "plain/flock.mp4"])
def test_boids_tell_in_one_line_that_a_film_cannot_be_written(tmp_path, name):
    (tmp_path / "plain").touch()
    (tmp_path / "ffmpeg").write_text(ENCODER.format(python=sys.executable))
    (tmp_path / "ffmpeg").chmod(0o755)
    film = ["--mode", "video", "-b", "1", "-o", str(tmp_path / name)]
    done = run("boids", *film, code=2, PATH=str(tmp_path))
    [line] = done.stderr.splitlines()
    assert re.match(r"boids: .*plain", line)


@POSIX
def test_boids_tell_in_one_line_that_their_encoder_failed(tmp_path):
    encoder = tmp_path / "ffmpeg"
    encoder.write_text(f"#!{sys.executable}\nraise SystemExit(1)", encoding="utf-8")
    encoder.chmod(0o755)
    film = ["--mode", "video", "-b", "1", "-o", str(tmp_path / "flock.mp4")]
    done = run("boids", *film, code=2, PATH=str(tmp_path))
    assert done.stderr.splitlines() == ["boids: ffmpeg failed"]


def test_boids_refuse_a_picture_without_pixels():
    small = ["--width", "1", "--height", "1", "--scale", "0.1"]
    done = run("boids", *small, code=2)
    assert done.stderr.endswith("error: --scale leaves 0x0 pixels\n")


@pytest.mark.skipif(sys.platform != "linux", reason="others always have a display")
def test_boids_without_a_display_point_to_the_video():
    pytest.importorskip("pyglet")
    done = run("boids", code=1, DISPLAY="")
    [line] = done.stderr.splitlines()
    assert re.fullmatch(r"no window \(.*\): use --mode video", line)


FLOCK = """
import pyglet, sys
pyglet.options["headless"] = True
import bocpy
from bocpy.examples import _window, boids

class Flock(boids.Simulation):
    steps = 0

    def step(self, width, height):
        super().step(width, height)
        self.steps += 1
        if self.steps == 3:
            pyglet.app.exit()

if __name__ == "__main__":
    try:
        window = _window.open_window((100, 80))
    except OSError as error:
        sys.exit(f"no EGL: {error}")
    flock = Flock(5, 50, 40)
    _window.show(flock, window, 30, 2.0)
    bocpy.wait()
    print(flock.steps)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="pyglet needs EGL for this")
def test_boids_fly_in_a_window(tmp_path):
    pytest.importorskip("pyglet")
    ended = run_program(FLOCK, tmp_path)
    if "no EGL" in ended.err:
        pytest.skip(ended.err)
    assert (ended.code, ended.out, ended.err) == (0, "3\n", "")


PAGE = EXAMPLES.parent / "sphinx/source/examples.rst"


def test_every_console_script_is_on_the_page_of_examples():
    text = (EXAMPLES.parent / "pyproject.toml").read_text(encoding="utf-8")
    scripts = re.findall(r"^(bocpy-\S+) =", text, flags=re.MULTILINE)
    page = PAGE.read_text(encoding="utf-8")
    assert [script for script in scripts if f"``{script}``" not in page] == []


@pytest.mark.parametrize("name", sorted(path.stem for path in PROGRAMS))
def test_every_option_is_on_the_page_of_examples(name):
    if "ArgumentParser" not in (EXAMPLES / f"{name}.py").read_text(encoding="utf-8"):
        return
    options = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", run(name, "--help").stdout))
    page = PAGE.read_text(encoding="utf-8")
    hidden = {option for option in options if f"``{option}``" not in page}
    assert hidden <= {"-h", "--help"}


def test_every_variable_of_the_benchmarks_is_on_the_page_of_examples():
    sources = "".join(path.read_text("utf-8") for path in EXAMPLES.glob("*.py"))
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"BOCPY_BENCH_\w+", sources)) == set(
        re.findall(r"``(BOCPY_BENCH_\w+)``", page)
    )


def test_every_example_is_run_here():
    text = Path(__file__).read_text(encoding="utf-8")
    names = {path.stem for path in PROGRAMS}
    assert {name for name in names if f'"{name}"' not in text} == set()


def test_every_console_script_has_a_main():
    pyproject = Path(__file__).parents[1] / "pyproject.toml"
    scripts = re.findall(
        r'^bocpy-\S+ = "(bocpy\.examples\.\w+):main"$',
        pyproject.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    assert len(scripts) == 11
    for module in scripts:
        assert importlib.util.find_spec(module), module
        source = EXAMPLES / f"{module.rpartition('.')[2]}.py"
        assert re.search(r"^def main\(", source.read_text("utf-8"), flags=re.MULTILINE)
