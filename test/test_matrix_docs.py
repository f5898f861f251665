"""The reference page shows every public name, and its examples are true."""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path

import pytest

from bocpy import Matrix
from bocpy._math import MatrixView

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "sphinx/source/reference/matrix.rst"
STUB = ROOT / "src/bocpy/_math.pyi"


def public_names(kind):
    return [name for name in vars(kind) if not name.startswith("_")]


def test_examples_are_true():
    pytest.importorskip("numpy")
    result = doctest.testfile(str(PAGE), module_relative=False)
    assert result.attempted > 50
    assert result.failed == 0


@pytest.mark.parametrize("kind", [Matrix, MatrixView])
def test_every_public_name_is_on_the_page_and_in_the_stub(kind):
    page, stub = PAGE.read_text("utf-8"), STUB.read_text("utf-8")
    examples = "\n".join(re.findall(r"^ *(?:>>>|\.\.\.) .*$", page, re.MULTILINE))
    for name in public_names(kind):
        assert re.search(rf"\b{name}\b", page), name
        assert re.search(rf"def {name}\(", stub), name
        if kind is Matrix:
            assert re.search(rf"\.{name}\b", examples), name


@pytest.mark.parametrize("kind", [Matrix, MatrixView])
def test_every_public_name_has_a_docstring(kind):
    for name in public_names(kind):
        member = getattr(kind, name)
        assert member.__doc__, name
        if callable(member):
            inspect.signature(member)


def test_the_page_names_what_cannot_serve_both_generations():
    page = PAGE.read_text("utf-8")
    for topic in ("clip(h)", "hash", "halves", "1x1 Matrix", "argmin(0)", "0.14"):
        assert topic in page
