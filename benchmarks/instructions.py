"""Count the instructions of a behavior with callgrind, which other load cannot disturb.

    python benchmarks/instructions.py
    python benchmarks/instructions.py --only hop,chain --top 20
    python benchmarks/instructions.py --atomics
    python benchmarks/instructions.py --against main --limit 5
    python benchmarks/instructions.py --baseline benchmarks/instructions.json

`--against` builds another revision and counts it, too; the program fails if anything
takes more than `--limit` per cent more instructions than there. Both run the paths of
this folder. A git checkout and valgrind are needed, and setuptools to build.

`--baseline` compares with counts on record instead, and `--record` makes them. The exit
code is 3 if there are none of this interpreter and compiler.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import baseline
from options import Help, some_of
from paths import PATHS

HERE = Path(__file__).resolve().parent
GROUPS = ("bytecode", "bocpy", "CPython", "system")
INTERPRETER = "_PyEval_EvalFrameDefault"
LEAST = 0.05
SHOWN = 100
"""Characters of a function's name that fit into a line."""


class Part(NamedTuple):
    """What one thread ran between two marks, per step.

    `functions` are what each ran itself, `inclusive` also what it called, `atomics`
    only what locks its cache line.
    """

    total: float
    groups: dict[str, float]
    functions: dict[str, float]
    inclusive: dict[str, float]
    atomics: dict[str, float]


def group_of(module: str, function: str) -> str:
    """Say whose instructions these are."""
    if "bocpy" in module:
        return "bocpy"
    if "python" not in Path(module).name:
        return "system"
    return "bytecode" if function.startswith(INTERPRETER) else "CPython"


@functools.cache
def locking(module: str) -> frozenset[int]:
    """Find the addresses of instructions that lock their cache line."""
    if not Path(module).is_file():
        return frozenset()
    command = ["objdump", "-d", "--no-show-raw-insn", module]
    done = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    found = re.findall(
        r"^ *([0-9a-f]+):\t(?:lock .*|xchg .*\(.*)$", done.stdout.decode(), re.MULTILINE
    )
    return frozenset(int(address, 16) for address in found)


def read_part(path: Path, count: int) -> Part:
    """Read one file of callgrind's: what each function ran itself, per step."""
    costs: list[Counter[str]] = [Counter() for _ in range(4)]
    groups, functions, inclusive, atomics = costs
    module = function = label = ""
    called = False
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("ob="):
            module = line[3:]
        elif line.startswith("fn="):
            function = line[3:]
            label = f"{Path(module).name.split('.')[0]}:{function}"
        elif line.startswith("calls="):
            called = True  # the next line is what the called function ran
        elif line[:1].isdigit():
            position, text = line.split()
            cost = int(text)
            inclusive[label] += cost
            if not called:
                groups[group_of(module, function)] += cost
                functions[label] += cost
                if position[:2] == "0x" and int(position, 16) in locking(module):
                    atomics[label] += cost
            called = False
    each = [{name: n / count for name, n in one.most_common()} for one in costs]
    return Part(sum(each[0].values()), *each)


def environment(tree: Path | None) -> dict[str, str]:
    """Return an environment in which two runs do the same, on the package of a tree."""
    result = dict(os.environ, PYTHONHASHSEED="0")
    if tree is not None:
        result["PYTHONPATH"] = str(tree / "src")
    return result


def count(
    only: list[str], tree: Path | None, *, atomics: bool = False
) -> dict[str, Part]:
    """Walk the paths under callgrind; what is counted of each, by name."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "part")
        command = ["valgrind", "--tool=callgrind", "-q", "--separate-threads=yes"]
        command += ["--compress-strings=no", "--compress-pos=no"]
        command += ["--zero-before=getpgrp", "--dump-before=getppid"]
        if atomics:
            command += ["--dump-instr=yes", "--dump-line=no"]
        command += [f"--callgrind-out-file={out}", sys.executable]
        command += [str(HERE / "paths.py"), *only]
        done = subprocess.run(  # noqa: S603
            command, stdout=subprocess.PIPE, check=True, env=environment(tree)
        )
        result = {}
        for number, line in enumerate(done.stdout.decode().splitlines(), 1):
            name, steps = line.rsplit(maxsplit=1)
            (file,) = Path(folder).glob(f"part.{number}-*")
            result[name] = read_part(file, int(steps))  # the last walk is the warm one
        return result


def build(revision: str, folder: Path) -> Path:
    """Build the package as it was at a revision."""
    archive = subprocess.run(  # noqa: S603
        ["git", "-C", str(HERE.parent), "archive", revision],  # noqa: S607
        stdout=subprocess.PIPE,
        check=True,
    )
    tree = folder / "tree"
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(tree, filter="data")
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    subprocess.run(command, check=True, cwd=tree)  # noqa: S603
    return tree


def totals(parts: dict[str, Part]) -> dict[str, float]:
    """Return the sum of each."""
    return {name: part.total for name, part in parts.items()}


def show(parts: dict[str, Part], before: dict[str, float], top: int) -> None:
    """Print what was counted."""
    heads = ("all", *GROUPS, *(["before", "change"] if before else []))
    print(f"{'instructions':22}" + "".join(f"{head:>10}" for head in heads))
    for name, part in parts.items():
        cells = [part.total, *(part.groups.get(group, 0.0) for group in GROUPS)]
        row = f"{name:22}" + "".join(f"{cell:10.0f}" for cell in cells)
        if name in before:
            old = before[name]
            row += f"{old:10.0f}{(part.total / old - 1) * 100:+9.1f}%"
        print(row)
        for function, cost in list(part.functions.items())[:top]:
            print(f"{cost:12.1f}  {function[:SHOWN]}")


def show_atomics(parts: dict[str, Part]) -> None:
    """Print how many instructions lock their cache line, and in which functions."""
    print("\natomic read-modify-writes")
    for name, part in parts.items():
        print(f"{name:22}{sum(part.atomics.values()):10.1f}")
        for function, cost in part.atomics.items():
            if cost >= LEAST:
                print(f"{cost:32.1f}  {function[:SHOWN]}")


def show_steps(parts: dict[str, Part]) -> None:
    """Print what the functions of the package take, with what they call."""
    print("\ninstructions with all below")
    for name, part in parts.items():
        print(name)
        for function, cost in part.inclusive.items():
            if function.startswith("_core:") and cost >= 1:
                print(f"{cost:12.1f}  {function[:SHOWN]}")


def main() -> int:
    """Count, print, and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    every, text = ",".join(PATHS), "names of paths, with commas"
    parser.add_argument("--only", type=some_of(PATHS), default=every, help=text)
    parser.add_argument("--top", type=int, default=0, help="functions shown of each")
    parser.add_argument("--against", metavar="REV", help="revision to compare with")
    parser.add_argument("--baseline", type=Path, help="record to compare with")
    parser.add_argument("--record", type=Path, help="record to put the counts into")
    parser.add_argument("--limit", type=float, default=5.0, help="per cent allowed")
    parser.add_argument(
        "--atomics", action="store_true", help="count what locks a cache line, too"
    )
    parser.add_argument(
        "--steps", action="store_true", help="show what each step takes with all below"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    arguments = parser.parse_args()
    before: dict[str, float] = {}
    recorded = arguments.baseline or arguments.record
    key = (baseline.interpreter(), baseline.made_by()) if recorded else ("", "")
    if arguments.baseline:
        found = baseline.read(arguments.baseline, *key)
        if found is None:
            print(f"nothing on record for {': '.join(key)}")
            return 3
        before = found
    if arguments.against:
        with tempfile.TemporaryDirectory() as folder:
            built = build(arguments.against, Path(folder))
            before = totals(count(arguments.only, built))
    parts = count(arguments.only, None, atomics=arguments.atomics)
    if arguments.json:
        print(json.dumps({name: part._asdict() for name, part in parts.items()}))
    else:
        show(parts, before, arguments.top)
        if arguments.atomics:
            show_atomics(parts)
        if arguments.steps:
            show_steps(parts)
    if arguments.record:
        baseline.write(arguments.record, *key, totals(parts))
    slower = baseline.slower(totals(parts), before, arguments.limit)
    if slower:
        print(f"more than {arguments.limit} per cent more: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
