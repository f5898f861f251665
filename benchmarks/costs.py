"""Time each step: scheduling, running, crossing, messages, notices, starting.

    python benchmarks/costs.py
    python benchmarks/costs.py --json

Microseconds of processor time of the thread that does it, the best of many short
rounds, so that other load disturbs little. How the instructions of a behavior divide
among its steps, `instructions.py --steps` tells.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bocpy import (
    Cown,
    Matrix,
    notice_read,
    notice_sync,
    notice_write,
    noticeboard,
    quiesce,
    receive,
    send,
    start,
    wait,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 40
SECONDS = 120


@dataclass
class Point:
    """An instance that crosses by pickle."""

    x: float
    y: float
    name: str


def values() -> dict[str, Any]:
    """Make one value of each kind."""
    return {
        "int": 7,
        "str of 10": "abcdefghij",
        "str of 10,000": "x" * 10_000,
        "bytes of 1,000,000": bytes(1_000_000),
        "tuple of 3 ints": (1, 2, 3),
        "list of 10 ints": list(range(10)),
        "list of 1,000 ints": list(range(1_000)),
        "dict of 10": {number: number for number in range(10)},
        "dict of 1,000": {number: number for number in range(1_000)},
        "dataclass instance": Point(1.0, 2.0, "here"),
        "Matrix of 4x4": Matrix(4, 4, 1.0),
        "Matrix of 1000x1000": Matrix(1000, 1000, 1.0),
        "Cown": Cown(0),
    }


def best(step: Callable[[], object], count: int) -> float:
    """Time a step that the calling thread does alone."""
    least = float("inf")
    for _ in range(ROUNDS):
        before = time.thread_time()
        for _ in range(count):
            step()
        least = min(least, time.thread_time() - before)
    return least / count * 1e6


def nothing() -> None:
    """Be what an empty loop calls."""


def over1(first) -> None:
    """Schedule over one cown."""

    @when(first)
    def _(first):
        pass


def over2(first, second) -> None:
    """Schedule over two cowns."""

    @when(first, second)
    def _(first, second):
        pass


def over4(first, second, third, fourth) -> None:
    """Schedule over four cowns."""

    @when(first, second, third, fourth)
    def _(first, second, third, fourth):
        pass


def capturing(first, number) -> None:
    """Schedule over one cown with a captured number."""

    @when(first)
    def _(first):
        first.value = number


def annotated(first: Cown[int]) -> None:
    """Schedule a body with annotations over one cown."""

    @when(first)
    def _(first: Cown[int]) -> None:
        pass


def touching(first) -> None:
    """Read and write the value."""

    @when(first)
    def _(first):
        first.value += 1


def batch(schedule: Callable[..., None], cowns: list[Cown[int]]) -> tuple[float, float]:
    """Schedule while the only worker is held, then let it run; seconds of both."""
    count = 1_000
    gate = Cown(0)

    @when(gate)
    def _(gate):
        gate.value = 1
        send("held", None)
        receive("go", SECONDS)

    receive("held", SECONDS)

    @when(gate)
    def begun(_gate):
        return time.thread_time()

    before = time.thread_time()
    for _ in range(count):
        schedule(*cowns)
    scheduled = time.thread_time() - before

    @when(gate, cowns)
    def ended(_gate, _cowns):
        return time.thread_time()

    send("go", None)
    quiesce(SECONDS)
    with begun, ended:
        return scheduled / count, (ended.value - begun.value) / count


def behaviors() -> dict[str, float]:
    """Time scheduling in the main thread and running in a worker."""
    kinds: dict[str, tuple[Callable[..., None], int]] = {
        "over one cown": (over1, 1),
        "over two cowns": (over2, 2),
        "over four cowns": (over4, 4),
        "over one, capturing a number": (lambda cown: capturing(cown, 1000), 1),
        "over one, body annotated": (annotated, 1),
        "over one, value read and written": (touching, 1),
    }
    result = {}
    for name, (schedule, width) in kinds.items():
        cowns = [Cown(0) for _ in range(width)]
        rounds = [batch(schedule, cowns) for _ in range(ROUNDS // 4)]
        result[f"schedule, {name}"] = min(each[0] for each in rounds) * 1e6
        result[f"run, {name}"] = min(each[1] for each in rounds) * 1e6
    return result


def crossings() -> dict[str, float]:
    """Time a value's way into and out of a message."""

    def there_and_back(value: Any) -> None:
        send("self", value)
        receive("self")

    return {
        f"send and receive, {name}": best(lambda value=value: there_and_back(value), 20)
        for name, value in values().items()
    }


def notices() -> dict[str, float]:
    """Time the noticeboard, and cowns in the main thread."""
    notice_write("one", 1)
    notice_sync()
    cown = Cown(0)

    def hold() -> None:
        with cown:
            pass

    return {
        "notice_read": best(lambda: notice_read("one"), 1_000),
        "noticeboard": best(noticeboard, 1_000),
        "notice_write and notice_sync": best(
            lambda: (notice_write("one", 2), notice_sync()), 20
        ),
        "Cown(0), dropped": best(lambda: Cown(0), 1_000),
        "with cown": best(hold, 1_000),
    }


STARTING = """
import time, sys
from bocpy import start, wait
workers = int(sys.argv[1])
rounds = []
for _ in range(5):
    times = [time.process_time()]
    start(worker_count=workers)
    times.append(time.process_time())
    wait()
    times.append(time.process_time())
    rounds.append([times[1] - times[0], times[2] - times[1]])
best = [min(column) for column in zip(*rounds)]
print([rounds[0][0], rounds[0][1], *best])
"""

MAKING = """
import time
import _interpreters as interpreters
best = [9.0] * 3
for _ in range(5):
    times = [time.process_time()]
    made = interpreters.create()
    times.append(time.process_time())
    interpreters.exec(made, "import bocpy.worker")
    times.append(time.process_time())
    interpreters.destroy(made)
    times.append(time.process_time())
    best = [min(b, y - x) for b, x, y in zip(best, times, times[1:])]
print(best)
"""


def printed(program: str, *arguments: object) -> list[float] | None:
    """Run a program in a process of its own; the best of a few; None if it fails."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    runs = []
    for _ in range(ROUNDS // 8):
        done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
        if done.returncode != 0:
            return None
        runs.append(json.loads(done.stdout))
    return [min(column) for column in zip(*runs, strict=True)]


def starting() -> dict[str, float]:
    """Time start and stop, and the parts of an interpreter's life."""
    result = {}
    for workers in (1, 2):
        found = printed(STARTING, workers)
        if found is not None:
            result[f"start, {workers}, first time"] = found[0] * 1e6
            result[f"start, {workers}, again"] = found[2] * 1e6
            result[f"wait, {workers}"] = found[3] * 1e6
    found = printed(MAKING)
    if found is not None:
        result["an interpreter made"] = found[0] * 1e6
        result["an interpreter's import of bocpy"] = found[1] * 1e6
        result["an interpreter ended"] = found[2] * 1e6
    return result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    arguments = parser.parse_args()
    start(worker_count=1)
    empty = best(nothing, 1_000)
    result = behaviors() | crossings() | notices()
    wait()
    result = {name: max(cost - empty, 0.0) for name, cost in result.items()}
    result |= starting()
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        for name, cost in result.items():
            print(f"{name:50}{cost:14.3f} us")


if __name__ == "__main__":
    main()
