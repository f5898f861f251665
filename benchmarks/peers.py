"""What a user would pick instead: microseconds per task of one addition, one worker.

    python benchmarks/peers.py
    python benchmarks/peers.py --json

Every task is submitted by the main thread, which also gets its result: many at a time,
the last submitted before the first result is read, or one after the other. A future
gives its result when asked; a result of bocpy is there once nothing is pending, so the
main thread waits for that and takes it out of its cown. A bare call is what all of them
come on top of. What an interpreter does not have is left out, the package among it.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING

from options import Help, count

try:
    from bocpy import quiesce, start, wait, when
except ImportError:  # nor is it, where it has no quiesce()
    quiesce = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable

    from bocpy import Cown

CALLS = 200_000
TASKS = 5_000
BAR = 40
ALONE = ", one at a time"


def increment(number: int) -> int:
    """Be a small task."""
    return number + 1


def schedule(number: int) -> Cown[int]:
    """Be the same as a behavior."""

    @when()
    def result():
        return number + 1

    return result


def bare_call() -> dict[str, float]:
    """Call the body of a behavior, made anew each time as by `@when`, under a lock."""
    lock = threading.Lock()
    cell = [0]
    before = time.perf_counter()
    for _ in range(CALLS):

        def body(cell):
            cell[0] += 1

        with lock:
            body(cell)
    return {"bare call": (time.perf_counter() - before) / CALLS * 1e6}


def timed(name: str, run: Callable[[range], int]) -> dict[str, float]:
    """Time a sum of results, of tasks that are submitted at once and one by one."""
    run(range(1))
    costs = {}
    for label, parts in {
        name: [range(TASKS)],
        name + ALONE: [range(number, number + 1) for number in range(TASKS)],
    }.items():
        before = time.perf_counter()
        total = sum(run(part) for part in parts)
        costs[label] = (time.perf_counter() - before) / TASKS * 1e6
        if total != TASKS * (TASKS + 1) // 2:
            raise RuntimeError(f"{label}: the results do not add up")
    return costs


def pool(name: str, make: Callable[[], futures.Executor]) -> dict[str, float]:
    """Time the tasks of an executor."""
    with make() as executor:

        def run(numbers: range) -> int:
            submitted = [executor.submit(increment, number) for number in numbers]
            return sum(future.result() for future in submitted)

        return timed(name, run)


def behaviors() -> dict[str, float]:
    """Time behaviors."""

    def run(numbers: range) -> int:
        scheduled = [schedule(number) for number in numbers]
        quiesce()
        return sum(result.unwrap() for result in scheduled)

    start(worker_count=1)
    costs = timed("bocpy", run)
    wait()
    return costs


def processes() -> futures.Executor:
    """Make a pool of one process."""
    context = multiprocessing.get_context("spawn")
    return futures.ProcessPoolExecutor(1, mp_context=context)


def measure() -> dict[str, float]:
    """Time all that this interpreter has."""
    costs = bare_call()
    if quiesce is not None:
        costs |= behaviors()
    costs |= pool("ThreadPoolExecutor", lambda: futures.ThreadPoolExecutor(1))
    if hasattr(futures, "InterpreterPoolExecutor"):
        name = "InterpreterPoolExecutor"
        costs |= pool(name, lambda: futures.InterpreterPoolExecutor(1))
    return costs | pool("ProcessPoolExecutor", processes)


def show(costs: dict[str, float]) -> None:
    """Print both ways of each, and how those of many at a time compare."""
    print(f"{'':24}{'many':>10}{'one':>10}   at a time")
    most = max(cost for name, cost in costs.items() if not name.endswith(ALONE))
    for name, cost in costs.items():
        if not name.endswith(ALONE):
            alone = costs.get(name + ALONE)
            cell = "" if alone is None else f"{alone:.2f}"
            bar = "#" * max(1, round(BAR * cost / most))
            print(f"{name:24}{cost:10.2f}{cell:>10}   {bar}")


def main() -> None:
    """Print the best of some rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    parser.add_argument("--repeat", type=count, default=3, help="rounds")
    parser.add_argument("--json", action="store_true", help="print JSON, no table")
    arguments = parser.parse_args()
    rounds = [measure() for _ in range(arguments.repeat)]
    costs = {name: min(each[name] for each in rounds) for name in rounds[0]}
    if arguments.json:
        print(json.dumps(costs))
    else:
        show(costs)


if __name__ == "__main__":
    main()
