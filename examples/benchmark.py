"""Chain ring: many chains of behaviors, each walking round a ring of matrices.

A step multiplies the matrices of its window and schedules the next step. `throughput`
is comparable with published results: it counts the steps of the warm-up too.
`corrected_throughput` counts only what ran while the clock did.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from bocpy import (
    Cown,
    Matrix,
    _core,
    notice_read,
    notice_sync,
    notice_write,
    receive,
    send,
    start,
    wait,
    when,
)
from bocpy.examples._options import CommandLine, duration, positive, refusing
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
    print_table,
)

BOARD = 60
"""Noticeboard entries that the rings may take."""


class Chain(NamedTuple):
    """Where a chain of behaviors is."""

    chain: int
    ring: int
    head: int
    steps: int
    iters: int
    stride: int
    size: int
    group: int
    shelf: int


def read_window(chain: Chain) -> list[Cown[Matrix]]:
    """Find the cowns of the next step on the noticeboard."""
    shelf: list[list[Cown[Matrix]]]
    shelf = notice_read(f"ring_{chain.ring // chain.shelf}")
    ring = shelf[chain.ring % chain.shelf]
    return [
        ring[(chain.head + i * chain.stride) % chain.size] for i in range(chain.group)
    ]


def step(state: Cown[Chain], window: list[Cown[Matrix]]) -> None:
    """Schedule one step of a chain, which schedules the next."""

    @when(state, window)
    def _(state: Cown[Chain], window: list[Cown[Matrix]]) -> None:
        chain = state.value
        if not notice_read("cr_null"):
            for _ in range(chain.iters):
                for slot in window:
                    window[0].value = window[0].value @ slot.value
        head = (chain.head + chain.stride) % chain.size
        chain = chain._replace(head=head, steps=chain.steps + 1)
        state.value = chain
        if not notice_read("cr_stop"):
            step(state, read_window(chain))


def finish(states: list[Cown[Chain]]) -> None:
    """Schedule the end: sum what was done, and have no chain go on."""

    @when(states)
    def _(states: list[Cown[Chain]]) -> None:
        notice_write("cr_stop", value=True)
        send("snap", sum(state.value.steps for state in states))


def build(inputs: Inputs) -> list[Cown[Chain]]:
    """Publish the rings and return the state of each chain."""
    rings, chains, size = (inputs[k] for k in ("rings", "chains_per_ring", "ring_size"))
    shelf = -(-rings // BOARD)
    shape = (inputs["payload_rows"], inputs["payload_cols"])
    notice_write("cr_null", inputs["null_payload"])
    notice_write("cr_stop", value=False)
    for first in range(0, rings, shelf):
        board = [
            [Cown(Matrix.uniform(0.0, 1.0, shape)) for _ in range(size)]
            for _ in range(first, min(first + shelf, rings))
        ]
        notice_write(f"ring_{first // shelf}", board)
    notice_sync()
    spacing = max(1, size // chains)
    fixed = (inputs["iters"], inputs["stride"], size, inputs["group_size"], shelf)
    return [
        Cown(Chain(chain, ring, chain * spacing % size, 0, *fixed))
        for ring in range(rings)
        for chain in range(chains)
    ]


def launch(states: list[Cown[Chain]]) -> None:
    """Schedule the first step of every chain."""
    for state in states:

        @when(state)
        def _(state: Cown[Chain]) -> None:
            step(state, read_window(state.value))


def difference(before: list[Record], after: list[Record]) -> list[Record]:
    """Return what the counters gained; `parked` and the time stay as they ended."""
    kept = {"worker_index", "parked", "last_steal_attempt_ns"}
    return [
        {k: v if k in kept else v - old[k] for k, v in new.items()}
        for old, new in zip(before, after, strict=True)
    ]


def measure(inputs: Inputs) -> Record:
    """Run one point in this process."""
    start(worker_count=inputs["workers"])
    states = build(inputs)
    launch(states)
    time.sleep(inputs["warmup"])
    before = _core.scheduler_stats()
    wall, began = time.time_ns(), time.perf_counter()
    time.sleep(inputs["duration"])
    after = _core.scheduler_stats()
    window = time.perf_counter() - began
    finish(states)
    _, completed = receive("snap")
    if not completed:
        wait()
        raise RuntimeError("no behavior was completed")
    elapsed = time.perf_counter() - began
    queues = _core.queue_stats()
    stats = difference(before, wait(stats=True) or after)
    pops = ("popped_local", "popped_via_steal")
    measured = sum(row[key] for row in difference(before, after) for key in pops)
    verbose = bool(os.environ.get("BOCPY_BENCH_EMIT_SCHED_STATS"))
    return {
        "inputs": inputs,
        "completed_behaviors": completed,
        "elapsed_s": elapsed,
        "throughput": completed / elapsed,
        "corrected_behaviors": measured,
        "corrected_throughput": measured / window,
        "wall_clock_ns_start": wall,
        "derived": derive(stats, completed, "pushed_local"),
        "scheduler_stats": stats if verbose else None,
        "queue_stats": queues if verbose else None,
    }


def resolve(inputs: Inputs) -> Inputs:
    """Fill in what follows from the rest; raises ValueError if it does not fit."""
    group, stride, size = (inputs[k] for k in ("group_size", "stride", "ring_size"))
    for key in ("workers", "iters", "payload_rows", "payload_cols", "group_size"):
        if inputs[key] < 1:
            raise ValueError(f"{key} ({inputs[key]}) must be at least 1")
    if not inputs["null_payload"]:
        check_payload(inputs)
    if group * stride * 2 > size:
        spread = f"group_size*stride*2 ({group}*{stride}*2) > ring_size ({size})"
        raise ValueError(f"{spread}; chains would collide")
    chains, rings = inputs["chains_per_ring"], inputs["rings"]
    if chains is None:
        chains = max(1, size // (group * stride * 8))
    if rings is None:
        rings = max(inputs["workers"] * 16 // chains, inputs["workers"] * 4)
    return inputs | {"chains_per_ring": chains, "rings": rings}


def seconds(inputs: Inputs) -> tuple[float, float]:
    """Return how long a repeat takes and when to give it up."""
    duration, warmup = inputs["duration"], inputs["warmup"]
    limit = max(3 * duration + 30, duration + warmup + 60)
    return duration + warmup + 1, limit


PROGRAM = Program(
    name="benchmark",
    marker="BENCH",
    unit="behaviors",
    resolve=resolve,
    seconds=seconds,
    derived=("rings", "chains_per_ring"),
)


def axis_values(axis: str, text: str | None) -> list[Any]:
    """Parse the values of an axis, or return the usual ones."""
    cores = min(16, _core.physical_cpu_count() or os.cpu_count() or 1)
    usual: dict[str, list[Any]] = {
        "workers": sorted({1, 2, 4, 8, cores}),
        "iters": [250, 500, 1000, 2000, 4000, 8000],
        "group-size": [1, 2, 4, 8],
        "payload": [[n, n] for n in (4, 8, 16, 32, 64)],
        "none": [None],
    }
    return usual[axis] if text is None else list(parse_values(axis, text))


def parser() -> CommandLine:
    """Describe the command line."""
    found = CommandLine(__doc__, "bocpy.examples.benchmark")
    add_options(found, ["workers", "iters", "group-size", "payload", "none"])
    found.count("--workers", 1, 1, "of points where it does not vary")
    found.count("--repeats", 1, 1, "of each point")
    found.add_argument(
        "--duration", type=positive, default=5.0, help="seconds to measure"
    )
    text = "seconds to wait before (default: a tenth of it, 1 at most)"
    found.add_argument("--warmup", type=duration, metavar="DURATION", help=text)
    found.count("--iters", 1, 2000, "multiplications of a step")
    found.count("--payload-rows", 1, 16, "of each matrix")
    found.count("--payload-cols", 1, 16, "of each matrix, as many as rows")
    found.count("--group-size", 1, 2, "cowns of a step")
    found.count("--stride", 1, 1, "how far they lie apart")
    found.count("--ring-size", 1, 128, "cowns of a ring")
    found.count("--rings", 1, None, "how many (default: by workers and sizes)")
    found.count("--chains-per-ring", 1, None, "how many (default: by the sizes)")
    found.add_argument("--null-payload", action="store_true", help="multiply nothing")
    text = "print the points (default: on a terminal)"
    found.add_argument("--table", action=argparse.BooleanOptionalAction, help=text)
    text = "print those of an earlier file, and do nothing else"
    found.add_argument("--print-table", type=Path, metavar="FILE", help=text)
    text = "keep the counters of each run in the results"
    found.add_argument("--emit-scheduler-stats", action="store_true", help=text)
    return found


def main() -> int:
    """Sweep, or measure one point for the parent."""
    options = parser().read()
    keys = ["workers", "duration", "warmup", "iters", "group_size", "stride", "rings"]
    keys += ["chains_per_ring", "ring_size", "payload_rows", "payload_cols"]
    base = {key: getattr(options, key) for key in [*keys, "repeats", "null_payload"]}
    if base["warmup"] is None:
        base["warmup"] = min(1.0, options.duration / 10)
    with refusing("benchmark", ValueError, OSError):
        if options.print_table:
            print_table(Sweep.load(options.print_table))
            return 0
        values = axis_values(options.sweep_axis, options.sweep_values)
        sweep = Sweep(PROGRAM, options.sweep_axis, values, base)
        sweep.check()
        check_plot(options.plot)
    if options.json_stdout:
        print(PROGRAM.frame(measure(resolve(base))))
        return 0
    sweep.output = options.output or default_output("benchmark")
    sweep.quiet, sweep.with_cores = options.quiet, True
    sweep.keep_stats = options.emit_scheduler_stats
    warn(sweep)
    with refusing("benchmark", OSError):
        document = sweep.run()
        if options.plot:
            draw(document, options.plot)
    if sys.stdout.isatty() if options.table is None else options.table:
        print_table(document)
    code: int = exit_code(document)
    return code


def warn(sweep: Sweep) -> None:
    """Say what makes the figures doubtful."""
    cores = _core.physical_cpu_count()
    if sweep.base["duration"] < 1:
        sweep.say(f"warning: duration={sweep.base['duration']}s is short, expect noise")
    most = max(sweep.inputs_at(value)["workers"] for value in sweep.values)
    if cores and most > cores:
        sweep.say(f"warning: {most} workers on {cores} physical cores")


if __name__ == "__main__":
    sys.exit(main())
