"""What a user would pick instead: microseconds per task of one addition, one worker.

    python benchmarks/peers.py

Prints JSON. `behaviors.py` runs this beside the workloads; it does not need bocpy.
"""

from __future__ import annotations

import json
import multiprocessing
import threading
import time
from concurrent import futures
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CALLS = 200_000
TASKS = 5_000


def increment(number: int) -> int:
    """Be a small task."""
    return number + 1


def bare_call() -> float:
    """Call the body of a behavior, made anew each time as by `@when`, under a lock."""
    lock = threading.Lock()
    cell = [0]
    before = time.perf_counter()
    for _ in range(CALLS):

        def body(cell):
            cell[0] += 1

        with lock:
            body(cell)
    return (time.perf_counter() - before) / CALLS * 1e6


def pool(make: Callable[[], futures.Executor]) -> float:
    """Submit all tasks to an executor and wait for their results."""
    with make() as executor:
        executor.submit(increment, 0).result()
        before = time.perf_counter()
        for future in [executor.submit(increment, number) for number in range(TASKS)]:
            future.result()
        return (time.perf_counter() - before) / TASKS * 1e6


def processes() -> futures.Executor:
    """Make a pool of one process."""
    context = multiprocessing.get_context("spawn")
    return futures.ProcessPoolExecutor(1, mp_context=context)


def main() -> None:
    """Time all that this interpreter has."""
    result = {
        "bare call": bare_call(),
        "ThreadPoolExecutor": pool(lambda: futures.ThreadPoolExecutor(1)),
        "ProcessPoolExecutor": pool(processes),
    }
    if hasattr(futures, "InterpreterPoolExecutor"):
        result["InterpreterPoolExecutor"] = pool(
            lambda: futures.InterpreterPoolExecutor(1)
        )
    print(json.dumps(result))


if __name__ == "__main__":
    main()
