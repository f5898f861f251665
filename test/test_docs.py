"""What the documentation shows works, and it shows every public name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bocpy
from bocpy import _core
from programs import output_of

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
REFERENCE = ROOT / "sphinx/source/reference"


def readme_program():
    [program] = re.findall(
        r"^```python\n(.*?)^```", README.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    return program


def test_the_program_of_the_readme_prints_what_it_says(tmp_path):
    program = readme_program()
    printed = re.search(r"print\(.*\)  # (.*)", program)[1]
    assert output_of(program, tmp_path) == [printed]


def test_the_program_of_the_readme_is_a_short_one():
    lines = [line for line in readme_program().splitlines() if line.strip()]
    assert len(lines) <= 10


@pytest.mark.parametrize("name", [*bocpy.__all__, "__version__"])
def test_every_public_name_is_in_the_reference_with_an_example(name):
    pages = [page.read_text("utf-8") for page in REFERENCE.glob("*.rst")]
    entry = rf"^\.\. (?:auto)?(?:class|function|data|exception):: {name}\b"
    assert any(re.search(entry, page, re.MULTILINE) for page in pages)
    shown = "\n".join(
        line.strip()
        for page in pages
        for line in page.splitlines()
        if line.strip().startswith((">>>", "..."))
    )
    assert re.search(rf"\b{name}\b", shown)


def test_every_member_of_a_cown_is_in_the_reference_with_an_example():
    page = (REFERENCE / "cowns.rst").read_text("utf-8")
    listed = re.search(r"autoclass:: Cown\n   :members: (.*)", page)[1].split(", ")
    members = {name for name in dir(bocpy.Cown) if not name.startswith("_")}
    assert set(listed) == members
    examples = "\n".join(re.findall(r"(?:>>>|\.\.\.) (.*)", page))
    assert {name for name in members if f".{name}" not in examples} == set()


def test_every_key_of_the_statistics_is_told():
    bocpy.send("anything", 1)
    bocpy.drain("anything")
    bocpy.start(worker_count=1)
    keys = {*bocpy.wait(stats=True)[0], *_core.queue_stats()[0]}
    page = (REFERENCE / "statistics.rst").read_text("utf-8")
    assert set(re.findall(r"^ +\* - ``(\w+)``", page, re.MULTILINE)) == keys


def test_every_module_has_its_place_in_the_internals():
    page = (ROOT / "sphinx/source/internals/layers.rst").read_text("utf-8")
    package = Path(bocpy.__file__).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__"}
    assert {name for name in modules if f"bocpy.{name}" not in page} == set()


def test_every_header_of_the_matrix_has_its_place_in_the_internals():
    page = (ROOT / "sphinx/source/internals/matrix.rst").read_text("utf-8")
    headers = {path.name for path in (ROOT / "src/bocpy/_math").glob("*.h")}
    assert {name for name in headers if f"``{name}``" not in page} == set()


@pytest.mark.parametrize("page", sorted((ROOT / "sphinx/source").rglob("*.rst")))
def test_code_on_a_page_is_run_or_taken_from_what_is_run(page):
    """The doctest builder runs testcode and >>>; the rest must be told apart here."""
    text = page.read_text("utf-8")
    pasted = re.findall(r"^\.\. code-block:: (\w+)", text, re.MULTILINE)
    allowed = {"console", "ini", "sh", "text"}
    if page.name == "testing.rst":  # test_pytest_plugin runs it
        allowed |= {"python"}
    assert set(pasted) <= allowed
    for target in re.findall(r"^\.\. literalinclude:: (.*)", text, re.MULTILINE):
        assert (page.parent / target).resolve().is_file()
