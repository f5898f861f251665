"""A program schedules behaviors however it is run: by runpy, in cells, in pools."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import subprocess
import sys

import pytest

from programs import PATIENCE, environment, output_of, run_command

PROGRAM = """
from bocpy import Cown, wait, when

LIMIT = 3

class Point:
    def __init__(self, x):
        self.x = x

def limited(n):
    return min(n, LIMIT)

point = Cown(Point(2))

@when(point)
def seen(point):
    point.value.x += 5
    return limited(point.value.x), __name__

wait()
print(*seen.value, point.value.x, type(point.value) is Point)
"""

RUNNER = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name=sys.argv[2])
"""


@pytest.mark.parametrize("name", ["__main__", "something"])
def test_a_program_that_runpy_runs(tmp_path, name):
    (tmp_path / "other.py").write_text(PROGRAM, encoding="utf-8")
    path = str(tmp_path / "other.py")
    assert output_of(RUNNER, tmp_path, path, name) == [f"3 {name} 7 True"]


CELLS = """
import __main__, linecache, traceback

cells = [
    "from bocpy import *; base = 3; c = Cown(1)",
    "def plus(x): return x + base",
    '''
@when(c)
def r(c):
    c.value += 1
    return plus(c.value)
''',
    "wait(); print(r.value)",
    "base = 10",
    '''
@when(c)
def r(c):
    return plus(c.value)
''',
    "wait(); print(r.value)",
    '''
@when(c)
def r(c):
    return 1 // 0
''',
    '''
wait()
r.unwrap()
''',
    "print(c.unwrap())",
]
for number, cell in enumerate(cells):
    name = f"<cell {number}>"
    linecache.cache[name] = len(cell), None, cell.splitlines(True), name
    try:
        exec(compile(cell, name, "exec"), __main__.__dict__)
    except ZeroDivisionError:
        print("return 1 // 0" in traceback.format_exc())
"""


def test_cells_see_what_the_names_are_now_and_survive_an_error(tmp_path):
    assert output_of(CELLS, tmp_path) == ["5", "12", "True", "2"]


POOL = """
import multiprocessing, sys
from bocpy import Cown, start, wait, when

def doubled(n):
    cown = Cown(n)

    @when(cown)
    def result(cown):
        return cown.value * 2

    wait()
    return result.value

if __name__ == "__main__":
    method, moment = sys.argv[1:]
    if moment == "meanwhile":
        start(worker_count=1)
    if moment == "before":
        doubled(0)
    with multiprocessing.get_context(method).Pool(2) as pool:
        print(pool.map(doubled, range(4)))
    print(doubled(21))
"""

METHODS = ["spawn"] if sys.platform == "win32" else ["spawn", "forkserver", "fork"]
WHEN = ["before", "meanwhile"]


@pytest.mark.parametrize(
    ("method", "moment"),
    [(way, now) for way in METHODS for now in WHEN if (way, now) != ("fork", WHEN[1])],
)
def test_processes_of_a_pool_have_a_runtime_each(tmp_path, method, moment):
    assert output_of(POOL, tmp_path, method, moment) == ["[0, 2, 4, 6]", "42"]


@pytest.mark.skipif("fork" not in METHODS, reason="needs fork")
def test_processes_forked_beside_threads_have_a_runtime_each(tmp_path):
    lines = output_of(POOL, tmp_path, "fork", "meanwhile", BOCPY_BACKEND="threads")
    assert lines == ["[0, 2, 4, 6]", "42"]


LOOP = """
import asyncio
from bocpy import Cown, quiesce, receive, send, wait, when

async def main():
    count, ticks = Cown(1), []

    async def tick():
        while True:
            ticks.append(None)
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())

    @when()
    def _():
        send("done", receive("go")[1] + 1)

    while len(ticks) < 5:
        await asyncio.sleep(0.001)
    send("go", 1)
    print(await asyncio.to_thread(receive, "done", 30))

    @when(count)
    def result(count):
        return count.value + 1

    await asyncio.to_thread(quiesce, 30)
    print(result.unwrap())
    await asyncio.to_thread(wait, 30)
    ticking.cancel()

asyncio.run(main())
"""


def test_an_event_loop_goes_on_while_behaviors_run(tmp_path):
    assert output_of(LOOP, tmp_path) == ["('done', 2)", "2"]


TYPED_IN = """
from bocpy import *
base = 40
def plus(x): return x + base

c = Cown(2)
@when(c)
def r(c):
    return plus(c.value)

wait()
print(r.value)
"""

CONSOLE = """
import code, sys
console = code.InteractiveConsole()
for line in sys.argv[1].splitlines():
    console.push(line)
"""

NAMESPACE = """
import sys
exec(sys.argv[1], {"__name__": "nowhere"})
"""


@pytest.mark.parametrize("program", [CONSOLE, NAMESPACE])
def test_what_a_program_runs_under_a_name_that_is_no_module(tmp_path, program):
    assert output_of(program, tmp_path, TYPED_IN) == ["42"]


CLASS = """
from bocpy import Cown, wait, when
class Point: pass
cown = Cown([Point()])
@when(cown)
def seen(cown): return cown.value
wait()
try:
    seen.unwrap()
except AttributeError as error:
    print(error)
"""


def run_without_a_file(how, program, folder, **environment):
    """Run a program that is an argument, or that is piped in."""
    if how == "-c":
        return run_command("-c", program, cwd=folder, **environment)
    return run_command("-", stdin=program, cwd=folder, **environment)


@pytest.mark.parametrize("how", ["-c", "pipe"])
def test_functions_of_a_program_without_a_file_reach_workers(tmp_path, how):
    ended = run_without_a_file(how, TYPED_IN, tmp_path)
    assert ended.lines == ["42"], ended.err


USING = """
from bocpy import CaptureError, Cown, wait, when
class Point: pass
try:
    @when()
    def made(): return type(Point()).__name__
    wait()
    print(made.unwrap())
except CaptureError as error:
    print(error)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs worker interpreters")
@pytest.mark.parametrize("how", ["-c", "pipe"])
def test_classes_of_a_program_without_a_file_reach_threads_only(tmp_path, how):
    refused = run_without_a_file(how, USING, tmp_path, BOCPY_BACKEND="interpreters")
    assert 'start(backend="threads")' in refused.out, refused.err
    made = run_without_a_file(how, USING, tmp_path, BOCPY_BACKEND="threads")
    assert made.lines == ["Point"], made.err


@pytest.mark.skipif(
    sys.version_info < (3, 14), reason="pickle puts words of its own in their place"
)
@pytest.mark.parametrize("how", ["-c", "pipe"])
def test_a_class_that_was_typed_in_is_told_with_the_way_out(tmp_path, how):
    ended = run_without_a_file(how, CLASS, tmp_path, BOCPY_BACKEND="interpreters")
    assert "'Point'" in ended.out, ended.out + ended.err
    assert 'start(backend="threads")' in ended.out


SUITE = """
import pytest
from bocpy import Cown, wait, when

@pytest.mark.parametrize("n", range(4))
def test_doubles(n, bocpy_runtime):
    cown = Cown(n)

    @when(cown)
    def result(cown):
        return 2 * cown.value

    wait()
    assert result.value == 2 * n
"""


def test_behaviors_of_a_suite_that_is_not_importable(tmp_path):
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    options = ["--import-mode=importlib", "-c", os.devnull, "-p", "no:cacheprovider"]
    plugin = ["-p", "bocpy.pytest_plugin"]
    command = ["-m", "pytest", "-q", *options, *plugin]
    ended = run_command(*command, cwd=tmp_path, timeout=3 * PATIENCE)
    assert ended.code == 0, ended.out
    assert "4 passed" in ended.out


TYPED = """\
from bocpy import *
cown = Cown(40)
@when(cown)
def result(cown):
return cown.value + 2

wait(30); print("<%d>" % result.value)
"""


@pytest.mark.skipif(
    sys.platform == "win32" or sys.version_info < (3, 13),
    reason="the line editor is of 3.13, and Windows has no pseudo-terminals",
)
def test_the_interactive_interpreter_that_edits_lines(tmp_path):
    import pty  # noqa: PLC0415 -- absent on Windows

    env = environment(PYTHON_BASIC_REPL=None, PYTHONSTARTUP=None, TERM="xterm")
    controller, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-q"],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        cwd=tmp_path,
        env=env | {"PYTHON_HISTORY": str(tmp_path / "history")},
        start_new_session=True,
    ) as child:
        os.close(terminal)
        shown = b""

        def read_until(end):
            nonlocal shown
            while end not in shown:
                assert select.select([controller], [], [], PATIENCE)[0], shown
                shown += os.read(controller, 4096)

        try:
            read_until(b">>> ")
            os.write(controller, TYPED.replace("\n", "\r").encode())
            read_until(b"<42>")
            os.write(controller, b"exit()\r")
            with contextlib.suppress(OSError):  # the other end has been closed
                read_until(b"what is never shown")
            assert child.wait(PATIENCE) == 0
        finally:
            child.kill()
            os.close(controller)


HUNGRY = """
__attribute__((tls_model("initial-exec"))) _Thread_local char taken[1024];
char *take(void) { return taken; }
"""
AFTER_HUNGRY = """
import ctypes, sys
ctypes.CDLL(sys.argv[1])
from bocpy import Cown, Matrix, wait, when

@when(Cown(Matrix(2, 2, 1.0)))
def total(m): return m.value.sum()
wait(30)
print(total.value)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="about the loader of Linux")
def test_a_library_that_takes_most_thread_storage_was_loaded_first(tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    assert compiler, "the package was built with one"
    (tmp_path / "hungry.c").write_text(HUNGRY, encoding="ascii")
    command = [compiler, "-shared", "-fPIC", "-o", "hungry.so", "hungry.c"]
    subprocess.run(
        command,
        cwd=tmp_path,
        check=True,
        timeout=PATIENCE,
        env=environment(LD_PRELOAD=None),
    )
    library = str(tmp_path / "hungry.so")
    assert output_of(AFTER_HUNGRY, tmp_path, library) == ["4.0"]
