"""The Python-free core: its programs, plain and under the sanitizers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "native"
COMPILER = os.environ.get("CXX", "g++")
SEEDS = "300"
SECONDS = 900

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which(COMPILER.split()[0]) is None, reason="needs a C++ compiler"
    ),
]


@cache
def supports(sanitizer):
    """Tell whether programs can be linked with the sanitizer."""
    flags = [f"-fsanitize={sanitizer}"] if sanitizer else []
    command = [*COMPILER.split(), *flags, "-x", "c++", "-", "-o", os.devnull]
    source = b"int main() {}"
    return subprocess.run(command, check=False, input=source).returncode == 0


@cache
def has_relacy():
    """Tell whether the compiler finds relacy's headers."""
    command = [*COMPILER.split(), "-E", "-x", "c++", "-", "-o", os.devnull]
    source = b"#include <relacy/relacy.hpp>"
    return subprocess.run(command, check=False, input=source).returncode == 0


def run_programs(folder, *options, **variables):
    """Build and run the programs; return the finished process and its output."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), "--build", str(folder), *options],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env=os.environ | variables,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("sanitizer", ["", "thread", "address,undefined"])
def test_native_programs_keep_their_promises(sanitizer, tmp_path):
    if not supports(sanitizer):
        pytest.skip(f"{COMPILER} has no {sanitizer} sanitizer here")
    code, output = run_programs(tmp_path, *["--sanitize", sanitizer] * bool(sanitizer))
    assert code == 0, output


def test_protocols_keep_their_promises_under_seeded_schedules(tmp_path):
    code, output = run_programs(tmp_path, "--systematic", "--seeds", SEEDS)
    assert code == 0, output


@pytest.mark.skipif(not has_relacy(), reason="needs relacy's headers")
def test_protocols_keep_their_promises_in_the_memory_model(tmp_path):
    code, output = run_programs(tmp_path, "--relacy", "--seeds", SEEDS)
    assert code == 0, output
