"""Run very many behaviors, and tell whether the process keeps its size.

    python benchmarks/soak.py
    python benchmarks/soak.py --behaviors 1000000 --workers 1 --backend threads

Chains of behaviors each schedule the next one. Now and then a body also makes cowns
and drops them, schedules what fails, sends and receives messages and writes to the
noticeboard. One line is printed for each part of the way; the exit code is 1 if a
behavior was lost, or if the process has grown since the first tenth of the way.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from bocpy import (
    TIMEOUT,
    Cown,
    drain,
    notice_read,
    notice_write,
    receive,
    send,
    start,
    wait,
    when,
)
from options import Help, count

TAG = "soak"
CHORES_EVERY = 1_000
TELL_EVERY = 10_000
CHAINS = 8
PARTS = 20
PATIENCE = 120.0
"""Seconds without news after which the run counts as hanging."""


def hop(left: Cown[int]) -> None:
    """Schedule the next behavior of a chain that has `left` behaviors to run."""

    @when(left)
    def _(cown: Any) -> None:
        now = cown.value - 1
        cown.value = now
        if now % CHORES_EVERY == 0:
            chores(now)
        if now % TELL_EVERY == 0:
            send(TAG, TELL_EVERY)
        if now > 0:
            hop(cown)


def chores(now: int) -> None:
    """Use what a program uses besides bodies and numbers."""
    box = Cown({n: [str(n)] for n in range(8)})
    names = Cown([box, "x" * (now % 50)])

    @when(box, [names, Cown(now)])
    def both(one: Any, others: Any) -> Any:
        one.value[now % 8] = [now]
        others[0].value.append((now, one.value))
        return [Cown(now), bytearray(64)]

    @when(both)
    def failed(result: Any) -> None:
        raise ValueError(result.value[1])

    @when(failed, both)
    def _(error: Any, result: Any) -> None:
        error.exception = False
        result.value = None

    send("chores", {now: "sent"})
    receive("chores", 0)
    notice_write("chores", [now])
    notice_read("chores")


def resident() -> float:
    """Give the memory of this process in MiB; its peak where that is all there is."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        scale = 2**20 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def watch(total: int, begun: float) -> list[tuple[int, float]]:
    """Print how far it is until all have run; give the sizes on the way."""
    seen, told, sizes = 0, 0, []
    while seen < total:
        tag, count = receive(TAG, PATIENCE)
        if tag == TIMEOUT:
            sys.exit(f"no news for {PATIENCE:g} s after {seen} behaviors")
        seen += count
        if seen * PARTS // total > told:
            told = seen * PARTS // total
            sizes.append((seen, resident()))
            seconds = time.monotonic() - begun
            print(
                f"{seen:>13,} behaviors  {seconds:8.1f} s  "
                f"{1e6 * seconds / seen:6.3f} us each  {sizes[-1][1]:7.1f} MiB",
                flush=True,
            )
    return sizes


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    add = parser.add_argument
    add("--behaviors", type=count, default=100_000_000, help="of all runs")
    add("--workers", type=count, default=2, help="of each run")
    add("--backend", choices=("interpreters", "threads"), help="(default: as start())")
    add("--isolation", choices=("copy", "share"), help="(default: as start())")
    add("--runs", type=count, default=4, help="starts and stops")
    add("--growth", type=float, default=8.0, help="MiB allowed")
    return parser.parse_args(arguments)


def main() -> int:
    """Soak, and judge."""
    options = parse()
    each = max(options.behaviors // (options.runs * CHAINS * TELL_EVERY), 1)
    per_run = each * CHAINS * TELL_EVERY
    sizes: list[tuple[int, float]] = []
    for run in range(options.runs):
        start(
            worker_count=options.workers,
            backend=options.backend,
            isolation=options.isolation,
        )
        begun = time.monotonic()
        print(f"run {run + 1} of {options.runs}, {resident():.1f} MiB", flush=True)
        chains = [Cown(each * TELL_EVERY) for _ in range(CHAINS)]
        for chain in chains:
            hop(chain)
        sizes += watch(per_run, begun)
        wait(PATIENCE)
        lost = 0
        for chain in chains:
            with chain as left:
                lost += left
        if lost != 0:
            sys.exit(f"{lost} behaviors have not run")
        drain([TAG, "chores"])
    early = sizes[len(sizes) // 10][1]
    grown = sizes[-1][1] - early
    print(f"all ran; grown by {grown:+.1f} MiB since {early:.1f} MiB")
    return int(grown > options.growth)


if __name__ == "__main__":
    sys.exit(main())
