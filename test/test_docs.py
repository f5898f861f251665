"""What the documentation shows works, and it shows every public name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import bocpy
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


@pytest.mark.parametrize("name", bocpy.__all__)
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
