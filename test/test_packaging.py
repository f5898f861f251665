"""What is shipped: enough to build from, and nothing that users do not need."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WORKFLOWS = ROOT / ".github/workflows"
SECONDS = 900
PYTHON = Path("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def declared(key):
    """Read one text of the project's table."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    return re.search(rf'^{key} = "(.*)"$', text, flags=re.MULTILINE)[1]


def call(*command, cwd=None, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_installed_version_is_the_declared_one():
    assert metadata.version("bocpy") == declared("version")


def test_there_are_no_run_time_dependencies():
    required = metadata.requires("bocpy") or []
    assert [line for line in required if "extra ==" not in line] == []


def test_pytest_finds_the_plugin():
    plugins = metadata.distribution("bocpy").entry_points.select(group="pytest11")
    assert [plugin.value for plugin in plugins] == ["bocpy.pytest_plugin"]


def test_there_are_wheels_for_every_python_that_is_declared():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared_ones = re.findall(r'"Programming Language :: Python :: 3\.(\d+)"', text)
    built = re.findall(r"cp3(\d+)-", declared("build"))
    assert built == declared_ones


def test_a_wheel_is_tested_by_files_that_exist():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    command = re.search(r'^test-command = """(.*?)"""', text, re.MULTILINE | re.DOTALL)
    named = re.findall(r"\{project\}/(\S+\.py)", command[1])
    assert len(named) > 1
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.skipif(not WORKFLOWS.is_dir(), reason="only in the repository")
def test_every_python_that_is_declared_is_tested_with_and_without_a_gil():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    declared_ones = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', text)
    free = [python + "t" for python in declared_ones if python >= "3.13"]
    matrix = (WORKFLOWS / "test.yml").read_text(encoding="utf-8")
    [pythons] = re.findall(r"^        python: \[(.*)\]$", matrix, re.MULTILINE)
    assert sorted(re.findall(r'"(.*?)"', pythons)) == sorted(declared_ones + free)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A virtual environment that has nothing but the build tool."""
    where = tmp_path_factory.mktemp("packaging") / "env"
    venv.create(where, with_pip=True)
    call(where / PYTHON, "-m", "pip", "install", "-q", "setuptools>=77")
    return where / PYTHON


@pytest.fixture(scope="module")
def sdist(environment, tmp_path_factory):
    """The unpacked source distribution."""
    where = tmp_path_factory.mktemp("sdist")
    ignored = shutil.ignore_patterns("build", ".git", ".*cache", "*.so", "*.egg-info")
    shutil.copytree(ROOT, where / "tree", ignore=ignored)
    call(environment, "setup.py", "-q", "sdist", "-d", where, cwd=where / "tree")
    [archive] = where.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(where, filter="data")
    return where / archive.name.removesuffix(".tar.gz")


@pytest.fixture(scope="module")
def wheel(environment, sdist, tmp_path_factory):
    """A wheel built from the source distribution, although test modules are wanted."""
    where = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "-q", "--no-deps", "-w", where, sdist]
    wishes = {"BOCPY_BUILD_INTERNAL_TESTS": "1", "BOCPY_CXXFLAGS": "-O0 -w"}
    call(environment, *command, **wishes)
    [found] = where.glob("*.whl")
    return found


def names_below(folder, *suffixes):
    files = (path for path in folder.rglob("*") if path.suffix in suffixes)
    return {path.relative_to(folder).as_posix() for path in files}


@pytest.mark.slow
def test_sdist_holds_all_sources(sdist):
    for folder, suffixes in {
        "src": (".cpp", ".h", ".inl", ".py", ".pyi", ".typed"),
        "examples": (".py", ".txt"),
        "test": (".py", ".cpp"),
        "sphinx/source": (".py", ".rst"),
        "benchmarks": (".py", ".json"),
        ".ci": (".supp",),
    }.items():
        wanted = names_below(ROOT / folder, *suffixes)
        assert wanted - names_below(sdist / folder, *suffixes) == set()
    declarations = ("pyproject.toml", "setup.py")
    for name in ("LICENSE", "README.md", "CHANGELOG.md", ".ci/run", *declarations):
        assert (sdist / name).exists()


@pytest.mark.slow
def test_wheel_holds_what_runs_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if name.startswith("bocpy/")]
    allowed = {".py", ".pyi", ".so", ".pyd", ".typed", ".txt"}
    assert [name for name in names if Path(name).suffix not in allowed] == []
    assert [name for name in names if "_internal_test" in name] == []
    compiled = sorted(re.findall(r"bocpy/(\w+)\.[^/]*(?:so|pyd)", "\n".join(names)))
    assert compiled == ["_core", "_math"]
    for name in ("py.typed", "__init__.py", "_core.pyi", "examples/cheese.txt"):
        assert f"bocpy/{name}" in names


@pytest.mark.slow
def test_wheel_metadata_has_the_filtered_readme(wheel):
    with zipfile.ZipFile(wheel) as packed:
        [name] = [name for name in packed.namelist() if name.endswith("/METADATA")]
        text = packed.read(name).decode()
        licences = [name for name in packed.namelist() if "/licenses/" in name]
    assert "License-Expression: MIT" in text
    assert "Description-Content-Type: text/markdown" in text
    assert "# bocpy" in text
    assert "pypi-skip" not in text
    assert "CONTRIBUTING.md" not in text
    assert "pip install bocpy" in text
    assert "clone" not in text
    assert [Path(name).name for name in licences] == ["LICENSE"]


@pytest.mark.slow
def test_the_wheel_installs_and_runs(environment, wheel):
    call(environment, "-m", "pip", "install", "-q", "--no-deps", wheel)
    printed = call(environment, "-m", "bocpy.examples.bank", "-a", "30")
    assert "success" in printed.splitlines()
