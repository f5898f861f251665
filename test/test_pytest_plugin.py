"""The plugin for pytest, as suites of other projects use it."""

from __future__ import annotations

import re
import sys
import textwrap
from pathlib import Path

import pytest

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


def outcome(suite, folder, *options):
    """Run a suite in a process of its own; give its code and what it printed."""
    path = folder / "test_suite.py"
    path.write_text(suite, encoding="utf-8")
    plugin = ["-p", "bocpy.pytest_plugin", "-c", "empty.ini", "-o", "addopts="]
    (folder / "empty.ini").write_text("[pytest]\n", encoding="utf-8")
    ended = run_command("-m", "pytest", *plugin, *options, str(path), cwd=folder)
    return ended.code, ended.out


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


def test_the_suite_of_the_documentation_passes(tmp_path):
    blocks = re.findall(
        r"^\.\. code-block:: python\n\n((?: {3}.*\n|\n)+)",
        PAGE.read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
    suite, conftest = map(textwrap.dedent, blocks)
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    code, text = outcome(suite, tmp_path)
    assert code == 0, text
    assert "1 passed" in text
