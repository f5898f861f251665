"""Time Matrix beside numpy, and optionally beside another build of the package.

    python benchmarks/matrix.py
    python benchmarks/matrix.py --other path/to/another/python --only product

Every figure is a ratio of medians: below 1 means that Matrix (or this build) is faster.
All runs use one thread.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import timeit
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from bocpy import Matrix  # noqa: E402 - numpy reads the environment once

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

SIZES = (4, 64, 256, 1000)
LARGEST_PRODUCT = 512
REPEATS = 9
SECONDS = 0.01

Task = tuple[str, int, "Callable[[], Any]", "Callable[[], Any] | None"]


def numbers(size: int, seed: int) -> list[float]:
    """Return size * size reproducible numbers between 0 and 1."""
    state = seed
    result = []
    for _ in range(size * size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        result.append((state >> 11) / 2**53)
    return result


def pairs(size: int) -> dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]]:
    """Return name -> (with Matrix, with numpy) for square matrices of one size."""
    flat = numbers(size, 1)
    a, b = Matrix(size, size, flat), Matrix(size, size, numbers(size, 2))
    o = Matrix.zeros((size, size))
    x = y = p = q = None
    if np is not None:
        x, y = (np.array(v).reshape(size, size) for v in (flat, numbers(size, 2)))
        p, q = np.zeros((size, size)), x < y
    table: dict[str, tuple[str, str]] = {
        "a + b": ("a + b", "x + y"),
        "a * 2.5": ("a * 2.5", "x * 2.5"),
        "a += b": ("a.__iadd__(b)", "x.__iadd__(y)"),
        "a / b": ("a / b", "x / y"),
        "add out": ("a.add(b, out=o)", "np.add(x, y, out=p)"),
        "-a": ("-a", "-x"),
        "abs": ("abs(a)", "abs(x)"),
        "floor": ("a.floor()", "np.floor(x)"),
        "sqrt": ("a.sqrt()", "np.sqrt(x)"),
        "sum": ("a.sum()", "x.sum()"),
        "sum 0": ("a.sum(0)", "x.sum(0)"),
        "sum 1": ("a.sum(1)", "x.sum(1)"),
        "mean": ("a.mean()", "x.mean()"),
        "min": ("a.min()", "x.min()"),
        "max 0": ("a.max(0)", "x.max(0)"),
        "transpose": ("a.T", "np.ascontiguousarray(x.T)"),
        "copy": ("a.copy()", "x.copy()"),
        "less": ("a.less(b)", "x < y"),
        "less float": ("a.less(b)", "(x < y).astype(float)"),
        "where": ("Matrix.where(m, a, b)", "np.where(q, x, y)"),
        "a[1]": ("a[1]", "x[1:2].copy()"),
        "a[1, 2]": ("a[1, 2]", "x[1, 2]"),
        "take 8": ("a.take([0, 3, 1, 2, 0, 1, 2, 3])", "x[[0, 3, 1, 2, 0, 1, 2, 3]]"),
        "from list": ("Matrix(n, n, flat)", "np.array(flat).reshape(n, n)"),
    }
    if size <= LARGEST_PRODUCT:
        table["product"] = ("a @ b", "x @ y")
    names = {"a": a, "b": b, "o": o, "x": x, "y": y, "p": p, "q": q, "np": np}
    names |= {"Matrix": Matrix, "n": size, "flat": flat}
    names["m"] = a.less(b) if hasattr(a, "less") else None
    done: dict[str, tuple[Callable[[], Any], Callable[[], Any] | None]] = {}
    for name, (ours, theirs) in table.items():
        run = eval(f"lambda: {ours}", names)  # noqa: S307 - our own table
        other = eval(f"lambda: {theirs}", names) if np is not None else None  # noqa: S307
        try:
            run()
        except AttributeError:
            continue
        done[name] = (run, other)
    return done


def tasks(only: str) -> Iterator[Task]:
    """Yield what there is to time."""
    for size in SIZES:
        for name, (ours, theirs) in pairs(size).items():
            if only in name:
                yield name, size, ours, theirs


def seconds(run: Callable[[], Any], count: int) -> float:
    """Return the seconds for one call, from one batch of calls."""
    return timeit.Timer(run).timeit(count) / count


def batch(run: Callable[[], Any]) -> int:
    """Return how many calls fill the time of one batch."""
    return max(1, int(SECONDS / max(seconds(run, 3), 1e-9)))


def beside_numpy(only: str) -> None:
    """Print the ratio to numpy of each task."""
    for name, size, ours, theirs in tasks(only):
        if theirs is None:
            sys.exit("numpy is not installed")
        count, other_count = batch(ours), batch(theirs)
        mine, other = [], []
        for _ in range(REPEATS):
            mine.append(seconds(ours, count))
            other.append(seconds(theirs, other_count))
        ratio = statistics.median(mine) / statistics.median(other)
        micro = statistics.median(mine) * 1e6
        print(f"{name:12} {size:5} {ratio:7.2f}   {micro:10.2f} us", flush=True)


def measure(only: str) -> None:
    """Print the seconds of each task as JSON."""
    result = {
        f"{name:12} {size:5}": min(seconds(run, batch(run)) for _ in range(5))
        for name, size, run, _ in tasks(only)
    }
    json.dump(result, sys.stdout)


def beside(other: str, only: str) -> None:
    """Print the ratio to the package of another interpreter, in alternating runs."""
    runs: dict[str, list[dict[str, float]]] = {sys.executable: [], other: []}
    for _ in range(3):
        for python, results in runs.items():
            command = [python, __file__, "--measure", "--only", only]
            output = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
            results.append(json.loads(output.stdout))
    for key in runs[other][0]:
        mine, theirs = (
            statistics.median(result[key] for result in results)
            for results in runs.values()
        )
        print(f"{key} {mine / theirs:7.2f}   {mine * 1e6:10.2f} us")


def main() -> None:
    """Run the comparison that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", help="interpreter with another build of the package")
    parser.add_argument("--only", default="", help="part of the name of a task")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.only)
    elif arguments.other:
        beside(arguments.other, arguments.only)
    else:
        beside_numpy(arguments.only)


if __name__ == "__main__":
    main()
