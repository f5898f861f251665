"""Builds and runs the programs of this folder against the Python-free core.

python test/native/run.py [--sanitize thread|address,undefined] [--build DIR] [NAME...]
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).parent
CORE = HERE.parents[1] / "src" / "bocpy" / "_core"
BASES = ("block_pool", "compat", "parking", "sched", "terminator", "tags", "mailbox")
FLAGS = (
    "-std=c++20 -O1 -g -pthread -UNDEBUG -Wall -Wextra -Wconversion -Wshadow -Werror"
)


def core_sources() -> list[Path]:
    """Return the sources of the layers that know nothing of Python."""
    top = [CORE / f"{base}.cpp" for base in BASES]
    return [*filter(Path.exists, top), *sorted((CORE / "sched").glob("*.cpp"))]


def compile_all(sources: list[Path], flags: list[str], build: Path) -> list[Path]:
    """Compile each source, two at a time, and return the objects."""

    def compile_one(source: Path) -> Path:
        target = build / f"{source.parent.name}-{source.stem}.o"
        command = [os.environ.get("CXX", "g++"), *flags, "-iquote", str(CORE)]
        subprocess.run([*command, "-c", str(source), "-o", str(target)], check=True)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, sources))


def link(objects: list[Path], flags: list[str], target: Path) -> Path:
    """Link one program."""
    command = [os.environ.get("CXX", "g++"), *flags, *map(str, objects)]
    subprocess.run([*command, "-o", str(target)], check=True)
    return target


def fixed_addresses() -> list[str]:
    """Return a prefix that turns address randomisation off, where there is one.

    ThreadSanitizer cannot place its shadow memory in every random layout.
    """
    tool = shutil.which("setarch")
    prefix = [tool, platform.machine(), "-R"] if tool else []
    works = tool and subprocess.run([*prefix, "true"], check=False).returncode == 0
    return prefix if works else []


def run(program: Path, seconds: float) -> bool:
    """Run one program and report on it."""
    start = time.monotonic()
    try:
        command = [*fixed_addresses(), str(program)]
        code = subprocess.run(command, check=False, timeout=seconds).returncode
        verdict = "ok" if code == 0 else f"FAILED (exit code {code})"
    except subprocess.TimeoutExpired:
        verdict = f"FAILED (still running after {seconds:.0f} s)"
    print(
        f"{program.name:28} {verdict:10} {time.monotonic() - start:6.1f} s", flush=True
    )
    return verdict == "ok"


def main() -> int:
    """Build, run, report; the exit code tells whether all went well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="programs to run (default: all tests)")
    parser.add_argument("--sanitize", default="", help="value for -fsanitize")
    parser.add_argument("--build", type=Path, help="where to put what is built")
    parser.add_argument("--timeout", type=float, default=120, help="seconds for each")
    options = parser.parse_args()
    build = options.build or Path(tempfile.mkdtemp(prefix="bocpy-native-"))
    build.mkdir(parents=True, exist_ok=True)
    flags = FLAGS.split()
    if options.sanitize:
        flags += [f"-fsanitize={options.sanitize}", "-fno-sanitize-recover=all"]
    sources = sorted(HERE.glob("*.cpp"))
    if options.names:
        sources = [source for source in sources if source.stem in options.names]
    else:
        sources = [source for source in sources if source.stem[:6] != "bench_"]
    if not sources:
        print("no native programs to run")
        return 1
    objects = compile_all([*core_sources(), *sources], flags, build)
    shared, own = objects[: -len(sources)], objects[-len(sources) :]
    programs = [link([*shared, one], flags, one.with_suffix("")) for one in own]
    good = [run(program, options.timeout) for program in programs]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
