"""Time Matrix beside numpy, and optionally beside another build of the package.

    python benchmarks/matrix.py
    python benchmarks/matrix.py --other path/to/another/python --only product

Every ratio is of best times: below 1 means that Matrix (of this build) is faster. All
sides run in turn, in one thread, so that other load falls on all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import timeit
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

from bocpy import Matrix  # noqa: E402 - numpy reads the environment once

try:
    import numpy as np
except ImportError:
    np = None  # type: ignore[assignment]

SIZES = (4, 64, 256, 1000)
LARGEST_PRODUCT = 512
ROUNDS = 25
PROCESSES = 4
SECONDS = 0.004

# name: (with Matrix, with numpy). `less` gives 1.0 and 0.0 where numpy gives bytes, so
# there is a second row beside the same doubles, and rows of what is done with either.
TASKS = {
    "a + b": ("a + b", "x + y"),
    "a - b": ("a - b", "x - y"),
    "a * b": ("a * b", "x * y"),
    "a / b": ("a / b", "x / y"),
    "a * 2.5": ("a * 2.5", "x * 2.5"),
    "2.5 - a": ("2.5 - a", "2.5 - x"),
    "a + row": ("a + row", "x + x_row"),
    "a + column": ("a + column", "x + x_column"),
    "a += b": ("c.__iadd__(b)", "z.__iadd__(y)"),
    "add out": ("a.add(b, out=o)", "np.add(x, y, out=p)"),
    "-a": ("-a", "-x"),
    "abs": ("abs(a)", "abs(x)"),
    "floor": ("a.floor()", "np.floor(x)"),
    "round": ("a.round()", "np.round(x)"),
    "sqrt": ("a.sqrt()", "np.sqrt(x)"),
    "reciprocal": ("a.reciprocal()", "np.reciprocal(x)"),
    "sign": ("a.sign()", "np.sign(x)"),
    "clip": ("a.clip(0.25, 0.75)", "np.clip(x, 0.25, 0.75)"),
    "sum": ("a.sum()", "x.sum()"),
    "sum 0": ("a.sum(0)", "x.sum(0)"),
    "sum 1": ("a.sum(1)", "x.sum(1)"),
    "mean": ("a.mean()", "x.mean()"),
    "min": ("a.min()", "x.min()"),
    "max 0": ("a.max(0)", "x.max(0)"),
    "argmax": ("a.argmax()", "x.argmax()"),
    "argmin 0": ("a.argmin(0)", "x.argmin(0)"),
    "argmax 1": ("a.argmax(1)", "x.argmax(1)"),
    "transpose": ("a.T", "np.ascontiguousarray(x.T)"),
    "in place T": ("c.transpose(in_place=True)", "np.copyto(z, z.T)"),
    "copy": ("a.copy()", "x.copy()"),
    "full": ("Matrix(n, n, 1.5)", "np.full((n, n), 1.5)"),
    "less": ("a.less(b)", "x < y"),
    "less float": ("a.less(b)", "(x < y).astype(float)"),
    "less 0.5": ("a.less(0.5)", "(x < 0.5).astype(float)"),
    "equal": ("a.equal(b)", "(x == y).astype(float)"),
    "less where": ("Matrix.where(a.less(b), a, b)", "np.where(x < y, x, y)"),
    "less sum": ("a.less(b).sum()", "(x < y).sum()"),
    "less times": ("a.less(b) * a", "(x < y) * x"),
    "where": ("Matrix.where(m, a, b)", "np.where(q, x, y)"),
    "where 0": ("Matrix.where(m, a, 0.0)", "np.where(q, x, 0.0)"),
    "a[1]": ("a[1]", "x[1:2].copy()"),
    "a[1, 2]": ("a[1, 2]", "x[1, 2]"),
    "take 8": ("a.take([0, 3, 1, 2, 0, 1, 2, 3])", "x[[0, 3, 1, 2, 0, 1, 2, 3]]"),
    "from list": ("Matrix(n, n, flat)", "np.array(flat).reshape(n, n)"),
    "product": ("a @ b", "x @ y"),
}


class Task:
    """One statement on matrices of one size, and how long it takes at best."""

    def __init__(self, statement: str, names: dict[str, Any]) -> None:
        """Choose how often one batch runs the statement."""
        self.timer = timeit.Timer(statement, globals=names)
        self.count = max(1, int(SECONDS / max(self.timer.timeit(3) / 3, 1e-9)))
        self.best = float("inf")

    def run(self) -> None:
        """Run one batch."""
        self.best = min(self.best, self.timer.timeit(self.count) / self.count)


def numbers(size: int, seed: int) -> list[float]:
    """Return size * size reproducible numbers between 0 and 1."""
    state = seed
    result = []
    for _ in range(size * size):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        result.append((state >> 11) / 2**53)
    return result


def operands(size: int) -> dict[str, Any]:
    """Return what the statements name, for square matrices of one size."""
    flat, other = numbers(size, 1), numbers(size, 2)
    names: dict[str, Any] = {"Matrix": Matrix, "n": size, "flat": flat, "np": np}
    a, b = Matrix(size, size, flat), Matrix(size, size, other)
    names |= {"a": a, "b": b, "c": a.copy(), "o": Matrix(size, size)}
    names |= {"row": Matrix(1, size, 1.0), "column": Matrix(size, 1, 1.0)}
    names["m"] = a.less(b) if hasattr(a, "less") else None
    if np is not None:
        x, y = (np.array(v).reshape(size, size) for v in (flat, other))
        names |= {"x": x, "y": y, "z": x.copy(), "p": np.zeros((size, size))}
        names |= {"x_row": np.ones((1, size)), "x_column": np.ones((size, 1))}
        names["q"] = x < y
    return names


def tasks(only: str, side: int) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    """Yield name, size, statement and its names for what there is to time."""
    for size in SIZES:
        names = operands(size)
        for name, statements in TASKS.items():
            if only in name and (name != "product" or size <= LARGEST_PRODUCT):
                yield name, size, statements[side], names


def timed(only: str, rounds: int) -> Iterator[tuple[str, float, float]]:
    """Yield name and size of each task, and the best seconds of Matrix and of numpy."""
    for name, size, statement, names in tasks(only, 0):
        try:
            runs = [Task(statement, names)]
        except (AttributeError, TypeError):  # an older release does not have it
            continue
        if np is not None:
            runs.append(Task(TASKS[name][1], names))
        for _ in range(rounds):
            for task in runs:
                task.run()
        yield f"{name:12} {size:5}", runs[0].best, runs[-1].best


def beside_numpy(only: str) -> None:
    """Print the ratio to numpy of each task."""
    if np is None:
        sys.exit("numpy is not installed")
    print(f"{'':18} {'/ numpy':>8}")
    for key, ours, theirs in timed(only, ROUNDS):
        print(f"{key} {ours / theirs:8.2f} {ours * 1e6:12.3f} us", flush=True)


def measured(python: str, only: str) -> dict[str, list[float]]:
    """Return what `timed` yields under another interpreter."""
    command = [python, __file__, "--measure", "--only", only]
    environment = dict(os.environ)
    if python != sys.executable:
        environment.pop("PYTHONPATH", None)  # or it would run this build
    output = subprocess.run(  # noqa: S603
        command, check=True, capture_output=True, text=True, env=environment
    )
    result: dict[str, list[float]] = json.loads(output.stdout)
    return result


def beside(other: str, only: str) -> None:
    """Print the ratios to numpy and to the package of another interpreter.

    The two interpreters take turns; numpy takes turns with Matrix in this one.
    """
    ours: list[dict[str, list[float]]] = []
    theirs: list[dict[str, list[float]]] = []
    for _ in range(PROCESSES):
        ours.append(measured(sys.executable, only))
        theirs.append(measured(other, only))
    print(f"{'':18} {'/ numpy':>8} {'/ other':>8}")
    for key in ours[0]:
        mine, numpy = (min(run[key][side] for run in ours) for side in (0, 1))
        line = f"{key} {mine / numpy:8.2f}" if np is not None else f"{key} {'':8}"
        if key in theirs[0]:
            line += f" {mine / min(run[key][0] for run in theirs):8.2f}"
        else:
            line += f" {'-':>8}"
        print(f"{line} {mine * 1e6:12.3f} us")


def main() -> None:
    """Run the comparison that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", help="interpreter with another build of the package")
    parser.add_argument("--only", default="", help="part of the name of a task")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        rounds = ROUNDS // PROCESSES
        measures = {key: best for key, *best in timed(arguments.only, rounds)}
        json.dump(measures, sys.stdout)
    elif arguments.other:
        beside(arguments.other, arguments.only)
    else:
        beside_numpy(arguments.only)


if __name__ == "__main__":
    main()
