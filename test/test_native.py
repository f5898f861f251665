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
PROGRAMS = sorted(
    path.stem for path in FOLDER.glob("*.cpp") if not path.stem.startswith("bench_")
)
SECONDS = 300

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


@pytest.mark.parametrize("sanitizer", ["", "thread", "address,undefined"])
def test_native_programs_keep_their_promises(sanitizer, tmp_path):
    if not supports(sanitizer):
        pytest.skip(f"{COMPILER} has no {sanitizer} sanitizer here")
    options = ["--build", str(tmp_path), *(["--sanitize", sanitizer] * bool(sanitizer))]
    done = subprocess.run(
        [sys.executable, str(FOLDER / "run.py"), *options, *PROGRAMS],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
