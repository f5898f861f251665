"""What the house rules say that a program can check."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CORE = ROOT / "src" / "bocpy" / "_core"
PACKAGE = ROOT / "src" / "bocpy"

CPP = sorted(
    path
    for folder in ("src", "test/native")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".h", ".cpp", ".inl"}
)
PYTHON = sorted(
    path
    for folder in ("src", "examples", "test", "sphinx/source")
    for path in (ROOT / folder).rglob("*.py")
)
OWNERS_END = "traverse|clear|dealloc|drop|free|let_go|close|guarded|~"
"""Where counts may be given back by hand: slots, destructors, callbacks that free."""

SLOW_IMPORTS = {"ast", "dataclasses", "enum", "inspect", "logging", "re", "typing"}
STALE = (
    r"\b(previously|used to|no longer|formerly|legacy|refactor\w*|now-gone)\b"
    r"|[\w/]+\.(?:py|h|cpp|c):\d+|(?<!\w)#\d{1,4}\b"
)


def name_of(path):
    return path.relative_to(ROOT).as_posix()


each_cpp = pytest.mark.parametrize("path", CPP, ids=name_of)
each_python = pytest.mark.parametrize("path", PYTHON, ids=name_of)


@cache
def text_of(path):
    return path.read_text(encoding="utf-8")


@cache
def cpp_parts(path):
    """Split C++ into its code, strings blanked, and the list of its comment lines."""
    comments = []

    def blank(match):
        found = match.group()
        if found.startswith("/"):
            comments.extend(line for line in found.splitlines() if line.strip(" /*"))
            return "\n" * found.count("\n")
        return '""' if found.startswith('"') else "' '"

    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, blank, text_of(path), flags=re.DOTALL), comments


@cache
def python_parts(path):
    """Count lines of code and of docstrings; list the comments."""
    tree = ast.parse(text_of(path))
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = sum(
        len(text.splitlines())
        for node in ast.walk(tree)
        if isinstance(node, documented) and (text := ast.get_docstring(node))
    )
    tokens = tokenize.generate_tokens(io.StringIO(text_of(path)).readline)
    comments = [
        token.string
        for token in tokens
        if token.type == tokenize.COMMENT
        and not re.match(r"#!|# (noqa|type:|pragma|fmt:)", token.string)
    ]
    filled = sum(bool(line.strip()) for line in text_of(path).splitlines())
    return filled - docstrings, docstrings, comments


def layers():
    """Read the table: file pattern to layer, and layer to the layers below it."""
    where, below, layer = {}, {}, ""
    for line in text_of(CORE / "README.md").splitlines():
        if heading := re.match(r"(L\d) \w+ \(([^)]*)\)", line):
            layer = heading[1]
            below[layer] = {layer, *re.findall(r"L\d", heading[2])}
        elif entry := re.match(r"  ([\w/]+|\w+/\*)(\.h)?(/)?(\.cpp)?\s", line):
            suffixes = [entry[2], entry[4]] if entry[2] or entry[4] else [""]
            where.update(
                {
                    f"{entry[1]}{suffix}": layer
                    for suffix in suffixes
                    if suffix is not None
                }
            )
    return where, below


def layer_of(inner, where):
    """Find the layer of a file of the core, given relative to it."""
    return where.get(inner) or where.get(f"{inner.rpartition('/')[0]}/*")


def core_includes(path):
    """Return the files of the core that one of them includes."""
    return [
        name
        for name in re.findall(r'#\s*include "([^"]+)"', text_of(path))
        if (CORE / name).exists()
    ]


CORE_FILES = [path for path in CPP if CORE in path.parents]
CORE_NAMES = {path.relative_to(CORE).as_posix(): path for path in CORE_FILES}


def test_the_layer_table_lists_what_there_is():
    where, _ = layers()
    unlisted = [name for name in CORE_NAMES if layer_of(name, where) is None]
    gone = [name for name in where if "*" not in name and name not in CORE_NAMES]
    assert (unlisted, gone) == ([], [])


@pytest.mark.parametrize("name", CORE_NAMES)
def test_includes_go_down(name):
    where, below = layers()
    mine = layer_of(name, where)
    upward = [
        other
        for other in core_includes(CORE_NAMES[name])
        if layer_of(other, where) not in below.get(mine, ())
    ]
    assert upward == []


def test_headers_do_not_include_each_other():
    def reach(name, trail):
        assert name not in trail, f"{' → '.join(trail)} → {name}"
        for other in core_includes(CORE / name):
            reach(other, [*trail, name])

    for name in CORE_NAMES:
        if name.endswith(".h"):
            reach(name, [])


@pytest.mark.parametrize("name", CORE_NAMES)
def test_the_lower_layers_do_not_know_python(name):
    where, _ = layers()
    if layer_of(name, where) in {"L0", "L1"}:
        assert "Python.h" not in text_of(CORE_NAMES[name])
        assert not re.search(r"\bPy[A-Z_]\w*", cpp_parts(CORE_NAMES[name])[0])


@each_cpp
def test_counts_are_kept_by_references(path):
    code, _ = cpp_parts(path)
    if path.name in {"ref.h", "version.h"}:
        return
    function = ""
    for line in code.splitlines():
        if start := re.match(
            r"(?: {4})?(?!if|for|while|return)[\w~].*?(~?\w+)\(.*[^;]$", line
        ):
            function = start[1]
        if re.search(r"\bPy_X?(INCREF|DECREF|CLEAR|SETREF)\b", line):
            assert re.search(OWNERS_END, function), (function, line)


@each_cpp
def test_platforms_and_versions_have_one_place_each(path):
    code, _ = cpp_parts(path)
    if path.name != "version.h":
        assert not re.search(r"\bPY_VERSION_HEX\b|\bPy_GIL_DISABLED\b", code)
    if path.stem != "compat":
        assert not re.search(r"\b(_WIN32|_MSC_VER|__APPLE__|__linux__)\b", code)
    if path.name not in {"xidata.cpp", "version.h"}:
        assert "pycore_" not in text_of(path)


@each_cpp
def test_atomic_calls_name_their_order(path):
    code, _ = cpp_parts(path)
    assert not re.search(r"\bvolatile\b(?! *\()", re.sub(r"asm volatile", "", code))
    passed_on = {"_internal_test", "model"} & {*path.parts}
    if "atomic" not in code.lower() or passed_on:
        return
    pattern = r"[.>](load|store|exchange|fetch_\w+|compare_exchange_\w+)\("
    for call in re.finditer(pattern, code):
        depth, end = 1, call.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(code[end], 0)
            end += 1
        assert "memory_order" in code[call.end() : end], code[call.start() : end]


@each_cpp
def test_cpp_files_are_small_and_comments_few(path):
    code, comments = cpp_parts(path)
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(text_of(path).splitlines()) <= 500
    lock_free = path.suffix == ".h" and "atomic" in code.lower()
    assert len(comments) <= (0.8 if lock_free else 0.35) * len(lines) + 8


@each_python
def test_python_files_are_small_and_comments_few(path):
    code, docstrings, comments = python_parts(path)
    limit = 700 if path.is_relative_to(ROOT / "test") else 500
    assert len(text_of(path).splitlines()) <= limit
    assert len(comments) <= 0.10 * code + 10
    assert docstrings <= 0.7 * code + 5


@pytest.mark.parametrize("path", [*CPP, *PYTHON], ids=name_of)
def test_comments_speak_of_the_code_as_it_is(path):
    parts = cpp_parts(path)[1] if path in CPP else python_parts(path)[2]
    assert [line for line in parts if re.search(STALE, line, re.IGNORECASE)] == []


def imports(nodes):
    """Return the modules that these statements import."""
    found = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def statements(path, *, late):
    """List the statements of a module; with *late*, also those inside functions."""
    body = ast.parse(text_of(path)).body
    if not late:
        return body
    run = [n for n in body if not ast.unparse(n).startswith("if TYPE_CHECKING")]
    return [inner for node in run for inner in ast.walk(node)]


def package_graph(*, late=False):
    """Return the imports of each module of the package."""
    return {
        f"bocpy.{path.stem}" if path.stem != "__init__" else "bocpy": (
            imports(statements(path, late=late))
        )
        for path in PACKAGE.glob("*.py")
    }


def test_modules_do_not_import_in_circles():
    graph = package_graph(late=True)

    def reach(name, trail):
        assert name not in trail, f"{' → '.join(trail)} → {name}"
        for other in graph[name] & graph.keys() - {"bocpy"}:
            reach(other, [*trail, name])

    for name in graph:
        reach(name, [])


def test_importing_the_package_is_cheap():
    graph = package_graph()
    todo, seen = ["bocpy"], set()
    while todo:
        name = todo.pop()
        seen.add(name)
        todo += (graph[name] & graph.keys()) - seen
    costly = {name: graph[name] & SLOW_IMPORTS for name in seen}
    assert {name: found for name, found in costly.items() if found} == {}


def test_documentation_includes_files_that_exist():
    for page in (ROOT / "sphinx" / "source").rglob("*.rst"):
        for target in re.findall(r"literalinclude:: (\S+)", text_of(page)):
            assert (page.parent / target).resolve().exists(), (name_of(page), target)


def test_examples_are_short_and_typed():
    large = {"benchmark", "fanout_benchmark", "boids"}
    for path in (ROOT / "examples").glob("*.py"):
        if path.stem not in large and not path.stem.startswith("_"):
            assert len(text_of(path).splitlines()) <= 80, name_of(path)
        assert (
            "from __future__ import annotations" in text_of(path)
            or not path.stat().st_size
            or path.stem == "__init__"
        )
