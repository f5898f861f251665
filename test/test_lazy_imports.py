"""Workers import the standard library when they use it, and all else at their start."""

from __future__ import annotations

import sys

import pytest

from programs import output_of, run_program

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 12), reason="workers are interpreters from 3.12 on"
)
INTERPRETERS = {"BOCPY_BACKEND": "interpreters", "BOCPY_WORKERS": "1"}


def outcome(imports, body, folder, **files):
    """Run `body` in the one worker of a program with `imports`; give its results."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    lines = "\n    ".join(body)
    program = f"""
from bocpy import wait, when
{imports}

@when()
def result():
    {lines}

wait()
print(*result.unwrap(), sep="\\n")
"""
    return output_of(program, folder, **INTERPRETERS)


def test_a_module_is_loaded_by_the_first_body_that_uses_it(tmp_path):
    body = [
        "import sys",
        "def loaded(): return type(sys.modules['argparse']) is type(sys)",
        "before = loaded()",
        "argparse.Namespace",
        "return before, loaded(), argparse is sys.modules['argparse']",
    ]
    assert outcome("import argparse", body, tmp_path) == ["False", "True", "True"]


def test_another_name_and_several_in_a_line_work_too(tmp_path):
    body = ["return csv.reader.__name__, js.dumps([1]), opt.Values.__name__"]
    found = outcome("import csv, json as js, optparse as opt", body, tmp_path)
    assert found == ["reader", "[1]", "Values"]


def test_names_taken_from_a_module_are_there(tmp_path):
    body = ["return dumps([1]), json.loads('2')"]
    found = outcome("import json\nfrom json import dumps", body, tmp_path)
    assert found == ["[1]", "2"]


def test_a_class_below_one_of_a_module_is_defined(tmp_path):
    imports = """
import argparse
class Mine(argparse.Namespace):
    pass
"""
    assert outcome(imports, ["return [Mine(a=1).a]"], tmp_path) == ["1"]


def test_what_is_set_on_a_module_stays(tmp_path):
    body = [
        "argparse.mine = 1",
        "del argparse.ONE_OR_MORE",
        "return argparse.mine, hasattr(argparse, 'ONE_OR_MORE')",
    ]
    assert outcome("import argparse", body, tmp_path) == ["1", "False"]


def test_threads_that_ask_at_once_find_it_whole(tmp_path):
    body = [
        "import threading",
        "found, gate = [], threading.Barrier(4)",
        "def ask():",
        "    gate.wait(30)",
        "    found.append(argparse.ArgumentParser.__name__)",
        "threads = [threading.Thread(target=ask) for _ in range(4)]",
        "for each in threads: each.start()",
        "for each in threads: each.join(30)",
        "return found",
    ]
    found = outcome("import argparse", body, tmp_path)
    assert found == ["ArgumentParser"] * 4


def test_a_module_of_the_program_is_loaded_at_once(tmp_path):
    body = ["return [own.LOADED]"]
    own = "import sys\nLOADED = 'result' not in vars(sys.modules['__main__'])\n"
    assert outcome("import own", body, tmp_path, own=own) == ["True"]


def test_a_module_of_the_program_under_a_known_name_is_loaded_at_once(tmp_path):
    body = ["import sys", "return [type(sys.modules['cmd']) is type(sys), cmd.MINE]"]
    found = outcome("import cmd", body, tmp_path, cmd="MINE = 1")
    assert found == ["True", "1"]


def test_a_module_that_does_not_load_stops_the_start(tmp_path):
    (tmp_path / "own.py").write_text(
        "import _thread\n"
        "from bocpy import _core\n"
        "if not _core.is_primary(): raise ImportError('not here')\n"
    )
    program = """
from bocpy import start
import own

start(worker_count=1)
"""
    ended = run_program(program, tmp_path, **INTERPRETERS)
    assert ended.code != 0
    assert "not here" in ended.err


def test_a_module_that_fails_is_tried_again(tmp_path):
    body = [
        "import sys",
        "loader = object.__getattribute__(argparse, '__spec__').loader",
        "whole = loader.exec_module",
        "def broken(module): raise OSError('no disk')",
        "loader.exec_module = broken",
        "try: argparse.Namespace",
        "except OSError as error: first = str(error)",
        "loader.exec_module = whole",
        "return first, argparse.Namespace.__name__",
    ]
    found = outcome("import argparse", body, tmp_path)
    assert found == ["no disk", "Namespace"]
