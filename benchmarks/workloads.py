"""One workload in a process of its own, on whichever bocpy its interpreter imports.

    python benchmarks/workloads.py hop --workers 1 --count 20000

Prints JSON. `behaviors.py` runs them; nothing here is newer than bocpy 0.5.0.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import TYPE_CHECKING, Any

from bocpy import (
    Cown,
    notice_read,
    notice_write,
    noticeboard,
    receive,
    send,
    set_tags,
    start,
    wait,
    when,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RING = 64
CHAINS = 16
DICTS = 4
ENTRIES = 10_000
LOOPS = 20_000


def bump(cown: Cown[int]) -> None:
    """Add one."""

    @when(cown)
    def _(cown):
        cown.value += 1


def bump2(first: Cown[int], second: Cown[int]) -> None:
    """Add one to both."""

    @when(first, second)
    def _(first, second):
        first.value += 1
        second.value += 1


def hop(cown: Cown[int]) -> None:
    """Schedule the next behavior from within this one."""

    @when(cown)
    def _(cown):
        if cown.value > 0:
            cown.value -= 1
            hop(cown)


def hop2(first: Cown[int], second: Cown[int]) -> None:
    """Do the same over two cowns, which change places."""

    @when(first, second)
    def _(first, second):
        if first.value > 0:
            first.value -= 1
            hop2(second, first)
        elif second.value > 0:
            second.value -= 1
            hop2(second, first)


def touch(cown: Cown[dict[int, int]]) -> None:
    """Do the same over a large dict."""

    @when(cown)
    def _(cown):
        values = cown.value
        if values[0] > 0:
            values[0] -= 1
            touch(cown)


def spin(cown: Cown[int]) -> None:
    """Keep a processor busy for about a millisecond."""

    @when(cown)
    def _(cown):
        total = 0
        for number in range(LOOPS):
            total += number * number
        cown.value = total


def look(cown: Cown[int]) -> None:
    """Read the noticeboard, whole and one entry."""

    @when(cown)
    def _(cown):
        noticeboard()
        cown.value += notice_read("one", 0)


def ring(size: int) -> list[Cown[int]]:
    """Make cowns of zeros."""
    return [Cown(0) for _ in range(size)]


def over(schedule: Callable[[Cown[int]], None], size: int) -> Callable[[int], None]:
    """Schedule over cowns of a ring in turn, from the main thread."""

    def run(count: int) -> None:
        cowns = ring(size)
        for number in range(count):
            schedule(cowns[number % size])

    return run


def run_chain(count: int) -> None:
    """Schedule over one cown from the main thread."""
    cown = Cown(0)
    for _ in range(count):
        bump(cown)


def run_pairs(count: int) -> None:
    """Schedule over neighbours of a ring from the main thread."""
    cowns = ring(RING)
    for number in range(count):
        bump2(cowns[number % RING], cowns[(number + 1) % RING])


def run_hop(count: int) -> None:
    """Start one chain."""
    hop(Cown(count))


def run_hops(count: int) -> None:
    """Start several chains."""
    for _ in range(CHAINS):
        hop(Cown(count // CHAINS))


def run_hop2(count: int) -> None:
    """Start several chains over two cowns each."""
    for _ in range(CHAINS):
        hop2(Cown(count // CHAINS), Cown(0))


def run_dict(count: int) -> None:
    """Start chains over large dicts."""
    for _ in range(DICTS):
        values = {number: number for number in range(ENTRIES)}
        values[0] = count // DICTS
        touch(Cown(values))


def run_board(count: int) -> None:
    """Schedule behaviors that read the noticeboard."""
    notice_write("one", 1)
    over(look, CHAINS)(count)


WORKLOADS: dict[str, Callable[[int], None]] = {
    "hop": run_hop,
    "hops": run_hops,
    "hop2": run_hop2,
    "chain": run_chain,
    "independent": over(bump, RING),
    "pairs": run_pairs,
    "dict": run_dict,
    "board": run_board,
    "spin": over(spin, RING),
}


def run(work: Callable[[int], None], workers: int, count: int) -> dict[str, float]:
    """Run a workload from after start() until wait() returns."""
    before = time.perf_counter()
    start(worker_count=workers)
    used = time.process_time()
    started = time.perf_counter()
    work(count)
    scheduled = time.perf_counter()
    wait()
    ended = time.perf_counter()
    return {
        "us": (ended - started) / count * 1e6,
        "cpu_us": (time.process_time() - used) / count * 1e6,
        "scheduling_us": (scheduled - started) / count * 1e6,
        "start_ms": (started - before) * 1e3,
    }


def messages(count: int) -> dict[str, float]:
    """Send and receive in one thread."""
    set_tags(["ping"])
    used = time.process_time()
    before = time.perf_counter()
    for number in range(count):
        send("ping", number)
        receive("ping")
    after = time.perf_counter()
    return {
        "us": (after - before) / count * 1e6,
        "cpu_us": (time.process_time() - used) / count * 1e6,
    }


def startup(workers: int) -> dict[str, float]:
    """Start and stop."""
    used = time.process_time()
    before = time.perf_counter()
    start(worker_count=workers)
    started = time.perf_counter()
    wait()
    return {
        "us": (time.perf_counter() - before) * 1e6,
        "cpu_us": (time.process_time() - used) * 1e6,
        "start_ms": (started - before) * 1e3,
    }


def peak_mib() -> float:
    """Return the most memory that this process ever had."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            lines = [line for line in status if line.startswith("VmHWM:")]
        return int(lines[0].split()[1]) / 1024
    except (OSError, IndexError):
        import resource  # noqa: PLC0415 - not everywhere

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Run what the arguments name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=[*WORKLOADS, "messages", "startup"])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    arguments = parser.parse_args()
    result: dict[str, Any]
    if arguments.name == "messages":
        result = messages(arguments.count)
    elif arguments.name == "startup":
        result = startup(arguments.workers)
    else:
        work = WORKLOADS[arguments.name]
        result = run(work, arguments.workers, arguments.count)
    print(json.dumps(result | {"peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
