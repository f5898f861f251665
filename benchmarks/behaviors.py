"""Time behaviors under any number of interpreters, in turn, the best run of each.

    python benchmarks/behaviors.py
    python benchmarks/behaviors.py published=old/bin/python ours=new/bin/python
    python benchmarks/behaviors.py --workers 1,2 --only hops,hop2,spin --repeat 5

An interpreter needs bocpy 0.5.0 or later, or nothing for the peers. Columns are
microseconds per behavior (per start for `startup`, MiB per further worker for
`memory`), and in brackets how many times as fast the last interpreter is. With several
numbers of workers each has its row, and how many times as fast as with the first
number. `--cpu` shows processor time of all threads instead, which other load disturbs
less: it bounds what more workers can gain. Start-up is only comparable between packages
that are installed alike: an editable installation adds its own imports to every
interpreter.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from options import Help, count, counts, some_of

HERE = Path(__file__).resolve().parent
COUNTS = {
    "hop": 20_000,
    "hops": 20_000,
    "hop2": 20_000,
    "chain": 20_000,
    "independent": 20_000,
    "pairs": 20_000,
    "dict": 400,
    "board": 10_000,
    "spin": 400,
    "messages": 20_000,
    "startup": 1,
}
FURTHER = 4
"""Workers added to see what one takes."""

LIMIT = 300

NAME = 38
"""Characters of the longest name."""

Row = dict[str, float]
Table = dict[str, Row]


def ask(python: str, program: str, *arguments: object) -> dict[str, Any] | None:
    """Run one program of this folder; None if it fails."""
    command = [python, str(HERE / program), *map(str, arguments)]
    environment = dict(os.environ)
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)  # or it would run another package
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # or it would compile each time
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, check=True, env=environment, timeout=LIMIT
        )
        result: dict[str, Any] = json.loads(done.stdout.decode().splitlines()[-1])
    except (subprocess.SubprocessError, ValueError, IndexError) as error:
        print(f"{python}: {program} {arguments}: {error}", file=sys.stderr)
        return None
    return result


def keep(row: Row, label: str, value: float) -> None:
    """Remember the best."""
    row[label] = min(row.get(label, value), value)


class Comparison:
    """What is asked for, and what was measured so far."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        """Read the arguments."""
        self.pythons: dict[str, str] = dict(
            each.partition("=")[::2] for each in arguments.interpreters
        ) or {"bocpy": sys.executable}
        self.repeat: int = arguments.repeat
        self.workers: list[int] = arguments.workers
        self.unit = "cpu_us" if arguments.cpu else "us"
        self.scale: float = arguments.scale
        self.table: Table = {}

    def workload(self, name: str) -> None:
        """Time one workload for each number of workers."""
        size = max(1, int(COUNTS[name] * self.scale))
        for _ in range(self.repeat):
            for workers in self.workers:
                row = self.table.setdefault(self.key(name, workers), {})
                for label, python in self.pythons.items():
                    options = ("--workers", workers, "--count", size)
                    found = ask(python, "workloads.py", name, *options)
                    if found is not None:
                        keep(row, label, found[self.unit])

    def memory(self) -> None:
        """See what further workers take at their peak."""
        row = self.table.setdefault("memory", {})
        for label, python in self.pythons.items():
            peaks: dict[int, float] = {}
            for workers in (1, 1 + FURTHER) * self.repeat:
                options = ("--workers", workers, "--count", 1000)
                found = ask(python, "workloads.py", "independent", *options)
                if found is not None:
                    peak = found["peak_mib"]
                    peaks[workers] = min(peaks.get(workers, peak), peak)
            if len(peaks) == 1 + 1:
                row[label] = (peaks[1 + FURTHER] - peaks[1]) / FURTHER

    def peers(self) -> None:
        """Time what else there is."""
        for _ in range(self.repeat):
            for label, python in self.pythons.items():
                found = ask(python, "peers.py", "--json", "--repeat", 1)
                for name, value in (found or {}).items():
                    keep(self.table.setdefault(name, {}), label, value)

    def key(self, name: str, workers: int) -> str:
        """Name a row."""
        return name if len(self.workers) == 1 else f"{name}, {workers}"

    def cells(self, key: str) -> str:
        """Format a row: each value with what the last interpreter makes of it."""
        row = self.table[key]
        labels = list(self.pythons)
        last = row.get(labels[-1])
        first = self.table.get(f"{key.rpartition(', ')[0]}, {self.workers[0]}", {})
        text = ""
        for label in labels:
            cell = f"{row[label]:.2f}" if label in row else "-"
            if label in row and last and label != labels[-1]:
                cell += f" (x{row[label] / last:.2f})"
            if label in row and label in first:
                cell += f" [x{first[label] / row[label]:.2f}]"
            text += f"{cell:>26}"
        return text


def main() -> None:
    """Compare, and print each row when it is complete."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("interpreters", nargs="*", metavar="LABEL=PYTHON")
    text = "numbers, with commas"
    parser.add_argument("--workers", type=counts, default="1", help=text)
    parser.add_argument("--repeat", type=count, default=3, help="rounds")
    parser.add_argument("--scale", type=float, default=1.0, help="of the counts")
    every = [*COUNTS, "memory", "peers"]
    parser.add_argument(
        "--only", type=some_of(every), default=",".join(every), help="with commas"
    )
    parser.add_argument("--cpu", action="store_true", help="processor time")
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    arguments = parser.parse_args()
    comparison = Comparison(arguments)
    if not arguments.json:
        print(f"{'':{NAME}}" + "".join(f"{label:>26}" for label in comparison.pythons))
    for name in arguments.only:
        shown = len(comparison.table)
        if name in COUNTS:
            comparison.workload(name)
        else:
            getattr(comparison, name)()
        if not arguments.json:
            for key in list(comparison.table)[shown:]:
                print(f"{key:{NAME}}{comparison.cells(key)}", flush=True)
    if arguments.json:
        print(json.dumps(comparison.table, indent=1))


if __name__ == "__main__":
    main()
