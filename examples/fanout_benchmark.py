"""Fan-out: producers that schedule many small behaviors at once, for others to steal.

A step of a producer makes fresh cowns, schedules one child for each and then itself
again. Children report by message; when the queue is full they try again, so any number
of them may be on the way.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from typing import Any

from bocpy import TIMEOUT, Cown, Matrix, receive, start, wait, when
from bocpy.examples._messages import try_send
from bocpy.examples._options import CommandLine, refusing
from bocpy.examples._plot import check_plot, draw
from bocpy.examples._sweep import (
    Inputs,
    Program,
    Record,
    Sweep,
    add_options,
    check_payload,
    default_output,
    derive,
    exit_code,
    parse_values,
)


def report(tag: str, contents: object) -> None:
    """Send a message, waiting while the queue is full."""
    while not try_send(tag, contents):
        time.sleep(0.001)


def child(payload: Cown[Matrix], iters: int) -> None:
    """Schedule one unit of work."""

    @when(payload)
    def _(payload: Cown[Matrix]) -> None:
        for _ in range(iters):
            payload.value = payload.value @ payload.value
        report("child", 1)


def produce(state: Cown[int], number: int, inputs: Inputs) -> None:
    """Schedule one step of a producer, which schedules the next."""

    @when(state)
    def _(state: Cown[int]) -> None:
        shape = (inputs["payload_rows"], inputs["payload_cols"])
        for _ in range(inputs["fanout_width"]):
            fresh = Cown(Matrix.uniform(0.0, 1.0, shape))
            child(fresh, inputs["child_iters"])
        state.value += 1
        if state.value < inputs["producer_steps"]:
            produce(state, number, inputs)
        else:
            report("producer_done", (number, state.value * inputs["fanout_width"]))


def measure(inputs: Inputs) -> Record:
    """Run one point in this process."""
    start(worker_count=inputs["workers"])
    states = [Cown(0) for _ in range(inputs["producers"])]
    limit = max(60, 0.001 * expected(inputs))
    wall, began = time.time_ns(), time.perf_counter()
    for number, state in enumerate(states):
        produce(state, number, inputs)
    completed = dispatched = finished = 0
    elapsed = all_done = 0.0
    while finished < len(states) or completed < dispatched:
        tag, contents = receive(["child", "producer_done"], limit)
        all_done = time.perf_counter() - began
        if tag == TIMEOUT:
            raise RuntimeError(f"no news for {limit} s after {completed} children")
        if tag == "child":
            completed += contents
        else:
            finished += 1
            dispatched += contents[1]
            elapsed = all_done
    stats = wait(stats=True) or []
    if completed != dispatched:
        raise RuntimeError(f"{dispatched} children dispatched, {completed} completed")
    return {
        "inputs": inputs,
        "completed_children": completed,
        "elapsed_s": elapsed,
        "throughput": completed / elapsed,
        "corrected_throughput": completed / all_done,
        "wall_clock_ns_start": wall,
        "scheduler_stats": stats,
        "derived": derive(stats, completed, "pushed_local", "dispatched_to_pending")
        | fairness(stats),
    }


def fairness(stats: list[Record]) -> Record:
    """Tell how evenly the workers shared the behaviors."""
    counts = [row["popped_local"] + row["popped_via_steal"] for row in stats]
    mean = statistics.mean(counts)
    apart = sum(abs(one - other) for one in counts for other in counts)
    return {
        "fairness_cv": statistics.pstdev(counts) / mean if mean else 0.0,
        "fairness_gini": apart / (2 * len(counts) ** 2 * mean) if mean else 0.0,
        "worker_pop_min": min(counts),
        "worker_pop_max": max(counts),
        "worker_pop_mean": mean,
        "worker_pop_counts": counts,
    }


def expected(inputs: Inputs) -> int:
    """Return how many children a point has."""
    steps: int = inputs["producer_steps"]
    width: int = inputs["fanout_width"]
    return steps * width * int(inputs["producers"])


def resolve(inputs: Inputs) -> Inputs:
    """Fill in what follows from the workers; raises ValueError if it does not fit."""
    filled = dict(inputs)
    if inputs["producers"] is None:
        filled["producers"] = max(1, inputs["workers"] // 4)
    if inputs["fanout_width"] is None:
        filled["fanout_width"] = 4 * inputs["workers"]
    for key, value in filled.items():
        if value < 1:
            raise ValueError(f"{key} ({value}) must be at least 1")
    check_payload(inputs)
    return filled


def seconds(inputs: Inputs) -> tuple[float, float]:
    """Return how long a repeat takes and when to give it up."""
    children = expected(inputs)
    return 1 + 20e-6 * children, max(120, 0.002 * children + 30)


PROGRAM = Program(
    name="fanout_benchmark",
    marker="FANOUT",
    unit="children",
    resolve=resolve,
    seconds=seconds,
    derived=("producers", "fanout_width"),
)

AXES: dict[str, list[Any]] = {
    "workers": sorted({1, 2, 4, 8, min(16, os.cpu_count() or 1)}),
    "fanout-width": [1, 2, 4, 8, 16, 32],
    "producers": [1, 2, 4, 8],
    "child-iters": [1, 2, 4, 8],
    "producer-steps": [100, 500, 1000, 5000],
    "none": [None],
}


def axis_values(axis: str, text: str | None) -> list[Any]:
    """Parse the values of an axis, or return the usual ones."""
    return AXES[axis] if text is None else list(parse_values(axis, text))


def parser() -> CommandLine:
    """Describe the command line."""
    found = CommandLine(__doc__, "bocpy.examples.fanout_benchmark")
    add_options(found, AXES)
    found.count("--workers", 1, 4, "of points where it does not vary")
    found.count("--repeats", 1, 1, "of each point")
    found.count("--producers", 1, None, "how many (default: one for four workers)")
    found.count("--fanout-width", 1, None, "of a step (default: four for each worker)")
    found.count("--producer-steps", 1, 1000, "of each producer")
    found.count("--child-iters", 1, 1, "multiplications of a behavior")
    found.count("--payload-rows", 1, 16, "of each matrix")
    found.count("--payload-cols", 1, 16, "of each matrix, as many as rows")
    return found


def main() -> int:
    """Sweep, or measure one point for the parent."""
    options = parser().read()
    keys = ["workers", "producers", "fanout_width", "child_iters", "producer_steps"]
    keys += ["payload_rows", "payload_cols", "repeats"]
    base = {key: getattr(options, key) for key in keys}
    with refusing("fanout_benchmark", ValueError, OSError):
        values = axis_values(options.sweep_axis, options.sweep_values)
        sweep = Sweep(PROGRAM, options.sweep_axis, values, base)
        sweep.check()
        check_plot(options.plot)
    if options.json_stdout:
        print(PROGRAM.frame(measure(resolve(base))))
        return 0
    sweep.output = options.output or default_output("fanout")
    sweep.quiet = options.quiet
    with refusing("fanout_benchmark", OSError):
        document = sweep.run()
        if options.plot:
            draw(document, options.plot)
    code: int = exit_code(document)
    return code


if __name__ == "__main__":
    sys.exit(main())
