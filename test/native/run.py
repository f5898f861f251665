"""Builds and runs the programs of this folder against the Python-free core.

    python test/native/run.py [--sanitize thread|address,undefined] [NAME...]
    python test/native/run.py --systematic|--relacy [--seeds N] [NAME...]

The second form runs those of protocols/ on a model of the machine: under seeded
schedules, one thread at a time, or under relacy, where loads see all that C++ allows.
BOCPY_SEED=N repeats the schedule that a failure names.
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
BASES = ("parking", "sched", "terminator", "tags", "mailbox")
SYSTEM = ("block_pool", "census", "compat", "look", "post", "probe")
THREAD_LOCAL = {"scheduler"}
"""Protocols that need threads of the system, which relacy has not."""
COMPILER = os.environ.get("CXX", "g++").split()
FLAGS = (
    "-std=c++20 -O1 -g -pthread -UNDEBUG -Wall -Wextra -Wconversion -Wshadow -Werror"
)


def core_sources(model: str) -> list[Path]:
    """Return what all programs share: the Python-free core, and the machine."""
    bases = BASES if model else (*BASES, *SYSTEM)
    core = [CORE / f"{base}.cpp" for base in bases]
    machine = [HERE / "model" / f"{base}.cpp" for base in ("compat", model) if model]
    return [*core, *sorted((CORE / "sched").glob("*.cpp")), *machine]


def programs_of(model: str, names: list[str]) -> list[Path]:
    """Return the sources of the programs to run."""
    found = sorted((HERE / "protocols").glob("*.cpp"))
    found = [source for source in found if source.stem != "native"]
    if model == "relacy":
        found = [source for source in found if source.stem not in THREAD_LOCAL]
    if not model:
        found += sorted(HERE.glob("*.cpp"))
    if names:
        return [source for source in found if source.stem in names]
    return [source for source in found if source.stem[:6] != "bench_"]


def compile_all(sources: list[Path], flags: list[str], build: Path) -> list[Path]:
    """Compile each source, two at a time, and return the objects."""

    def compile_one(source: Path) -> Path:
        target = build / f"{source.parent.name}-{source.stem}.o"
        folders = (CORE, HERE, HERE / "protocols", HERE / "model")
        includes = [part for folder in folders for part in ("-iquote", str(folder))]
        command = [*COMPILER, *flags, *includes, "-c", str(source)]
        subprocess.run([*command, "-o", str(target)], check=True)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(compile_one, sources))


def link(objects: list[Path], flags: list[str], target: Path) -> Path:
    """Link one program."""
    command = [*COMPILER, *flags, *map(str, objects)]
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
    options = parse()
    build = options.build or Path(tempfile.mkdtemp(prefix="bocpy-native-"))
    build.mkdir(parents=True, exist_ok=True)
    flags = FLAGS.split() + ["-DBOC_MODEL"] * bool(options.model)
    if options.sanitize:
        flags += [f"-fsanitize={options.sanitize}", "-fno-sanitize-recover=all"]
    sources = programs_of(options.model, options.names)
    if not sources:
        print("no native programs to run")
        return 1
    if options.seeds:
        os.environ["BOCPY_SEEDS"] = str(options.seeds)
    shared = core_sources(options.model)
    explorer = [] if options.model else [HERE / "protocols" / "native.cpp"]
    objects = compile_all([*shared, *explorer, *sources], flags, build)
    good = True
    for source, main_object in zip(sources, objects[-len(sources) :], strict=True):
        explored = source.parent.name == "protocols"
        parts = objects[: len(shared) + len(explorer) * explored]
        program = main_object.with_suffix("")
        good &= run(link([*parts, main_object], flags, program), options.timeout)
    return 0 if good else 1


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="programs to run (default: all tests)")
    parser.add_argument("--sanitize", default="", help="value for -fsanitize")
    parser.add_argument("--build", type=Path, help="where to put what is built")
    parser.add_argument("--timeout", type=float, default=300, help="seconds for each")
    model = parser.add_mutually_exclusive_group()
    for name in ("systematic", "relacy"):
        model.add_argument(
            f"--{name}", dest="model", action="store_const", const=name, default=""
        )
    parser.add_argument("--seeds", type=int, help="schedules of each scenario")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
