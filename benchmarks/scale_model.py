"""Simulate the scheduler on more workers than there are here.

    python benchmarks/scale_model.py
    python benchmarks/scale_model.py --workload hops --workers 1,32,128 --counted

A simulation of single steps, in nanoseconds, seeded. Each worker has a private slot, a
budget for it, and a queue of four parts that others steal; a behavior takes its cowns,
runs, schedules its successor and leaves. A cache line that another core had last costs
a transfer, and transfers of one line queue up: that is what limits many workers. Costs
are what `costs.py` and `instructions.py --atomics` measure. Threads of the operating
system, memory bandwidth, clock rates and the collector are not in it.
"""

from __future__ import annotations

import argparse
import heapq
import random
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from options import Help, count, counts, some_of

PARTS = 4
"""Queues of a worker; a thief takes one of them."""

RAN, SCHEDULED, ENDED = range(3)

BUDGET = 100
"""Items in a row from the private slot."""


class Costs(NamedTuple):
    """Nanoseconds of each step on one worker, and of a line's way to another core."""

    schedule: float
    run: float
    local: float
    transfer: float
    value_lines: int
    wake: float
    search: float
    kept: bool


class Shape(NamedTuple):
    """A workload: chains of behaviors, each of which schedules the next."""

    body: float
    per_worker: int
    ring: int
    group: int
    main: bool = False


SHAPES = {
    "ring": Shape(body=10e6, per_worker=32, ring=128, group=2),
    "ring without bodies": Shape(body=3e3, per_worker=32, ring=128, group=2),
    "hops": Shape(body=0, per_worker=16, ring=0, group=1),
    "from main": Shape(body=0, per_worker=0, ring=0, group=1, main=True),
}


@dataclass
class Line:
    """A cache line that many write: who had it last, and until when it travels."""

    owner: int = -1
    free: float = 0.0

    def write(self, core: int, now: float, costs: Costs) -> float:
        """Return when this core has written the line."""
        if self.owner == core:
            return max(now, self.free) + costs.local
        self.free = max(now, self.free) + costs.transfer
        self.owner = core
        return self.free


@dataclass
class Chain:
    """Where one chain is; a behavior is a chain at one of its steps."""

    number: int
    head: int
    cowns: list[Line]


@dataclass
class Worker:
    """A worker: its slot, its queue, and what it did."""

    slot: Chain | None = None
    parts: list[deque[Chain]] = field(
        default_factory=lambda: [deque() for _ in range(PARTS)]
    )
    back: Line = field(default_factory=Line)
    turn: int = 0
    budget: int = BUDGET
    idle: bool = False
    kept: bool = False
    done: int = 0
    stolen: int = 0

    def push(self, chain: Chain) -> None:
        """Put an item into the next part of the queue."""
        self.parts[self.turn % PARTS].append(chain)
        self.turn += 1

    def pop(self) -> Chain | None:
        """Take the next item: from the slot, and now and then from the queue."""
        chain = self.slot
        if chain is not None and self.budget > 0:
            self.slot = None
            self.budget -= 1
            return chain
        self.budget = BUDGET
        for _ in range(PARTS):
            self.turn += 1
            part = self.parts[self.turn % PARTS]
            if part:
                return part.popleft()
        self.slot = None
        return chain


class Simulation:
    """Runs one workload on a number of workers for some time."""

    def __init__(self, shape: Shape, workers: int, costs: Costs, seed: int) -> None:
        """Give each worker its chains."""
        self.shape = shape
        self.costs = costs
        self.random = random.Random(seed)  # noqa: S311 - a simulation
        self.workers = [Worker() for _ in range(workers)]
        self.pending = Line()  # the terminator's count
        self.produced = 0.0
        for number in range(workers * shape.per_worker):
            self.workers[number % workers].push(self.chain(number))

    def chain(self, number: int) -> Chain:
        """Make a chain, in a ring with its neighbours if there are rings."""
        shape = self.shape
        if shape.ring == 0:
            return Chain(number, 0, [Line()])
        together = shape.ring // (shape.group * 8)
        if number % together == 0:
            self.cowns = [Line() for _ in range(shape.ring)]
        return Chain(number, number % together * shape.ring // together, self.cowns)

    def steal(self, thief: int, now: float) -> tuple[Chain | None, float]:
        """Ask each other worker once; what was found, and when."""
        count = len(self.workers)
        first = self.random.randrange(count)
        for step in range(count):
            victim = self.workers[(first + step) % count]
            if victim is self.workers[thief]:
                continue
            now += self.costs.search
            part = max(victim.parts, key=len)
            if part:
                now = victim.back.write(thief, now, self.costs)
                taken = part.popleft()
                mine = self.workers[thief]
                while part:
                    mine.push(part.popleft())
                mine.stolen += 1
                return taken, now
        return None, now

    def acquire(self, chain: Chain, core: int, now: float) -> float:
        """Return when all cowns of the next step are with this core."""
        for place in range(self.shape.group):
            line = chain.cowns[(chain.head + place) % len(chain.cowns)]
            moved = line.owner not in (core, -1)
            now = line.write(core, now, self.costs)
            if moved:
                now += self.costs.value_lines * self.costs.transfer
        return now

    def wake(self, now: float) -> None:
        """Wake one idle worker."""
        for index, worker in enumerate(self.workers):
            if worker.idle:
                worker.idle = False
                heapq.heappush(self.events, (now + self.costs.wake, index, 0, None))
                return

    def run(self, until: float) -> float:
        """Return behaviors per second."""
        self.events: list[tuple[float, int, int, Chain | None]] = [
            (0.0, index, 0, None) for index in range(len(self.workers))
        ]
        if self.shape.main:
            self.events.append((0.0, -1, 0, None))
        heapq.heapify(self.events)
        while self.events and self.events[0][0] < until:
            now, core, stage, chain = heapq.heappop(self.events)
            if core < 0:
                self.produce(now)
            elif chain is None:
                self.look(core, now)
            else:
                self.advance(core, stage, chain, now)
        return sum(worker.done for worker in self.workers) / until * 1e9

    def produce(self, now: float) -> None:
        """Let the main thread schedule one behavior over a cown of its own."""
        target = int(self.produced) % len(self.workers)
        self.produced += 1
        now = self.pending.write(-2, now, self.costs)
        worker = self.workers[target]
        now = worker.back.write(-2, now, self.costs)
        worker.push(Chain(target, 0, [Line(owner=-2)]))
        if worker.idle:
            worker.idle = False
            heapq.heappush(self.events, (now + self.costs.wake, target, 0, None))
        heapq.heappush(self.events, (now + self.costs.schedule, -1, 0, None))

    def look(self, core: int, now: float) -> None:
        """Find the next behavior, or become idle."""
        worker = self.workers[core]
        chain = worker.pop()
        if chain is None:
            chain, now = self.steal(core, now)
        if chain is None:
            if worker.kept:
                self.pending.write(core, now, self.costs)
            worker.idle, worker.kept = True, False
            return
        now = self.acquire(chain, core, now)
        body = self.shape.body * self.random.uniform(0.95, 1.05)
        heapq.heappush(self.events, (now + body + self.costs.run / 2, core, RAN, chain))

    def advance(self, core: int, stage: int, chain: Chain, now: float) -> None:
        """Go on with a behavior: count its successor in, dispatch it, count it out."""
        worker = self.workers[core]
        if stage == RAN:
            if not self.shape.main:
                if not worker.kept:
                    now = self.pending.write(core, now, self.costs)
                worker.kept = False
                now += self.costs.schedule
            heapq.heappush(self.events, (now, core, SCHEDULED, chain))
        elif stage == SCHEDULED:
            if not self.shape.main:
                self.dispatch(worker, chain, now)
            heapq.heappush(self.events, (now + self.costs.run / 2, core, ENDED, chain))
        else:
            if worker.kept or not self.costs.kept:
                now = self.pending.write(core, now, self.costs)
            else:
                worker.kept = True
            worker.done += 1
            heapq.heappush(self.events, (now, core, RAN, None))

    def dispatch(self, worker: Worker, chain: Chain, now: float) -> None:
        """Put the next step of a chain into the slot; what lay there is queued."""
        after = Chain(chain.number, chain.head + 1, chain.cowns)
        older, worker.slot = worker.slot, after
        if older is not None:
            worker.push(older)
            self.wake(now)


def main() -> None:
    """Print the curve of each workload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    add, every = parser.add_argument, ",".join(SHAPES)
    add("--workload", type=some_of(SHAPES), default=every, help="with commas")
    several = "1,2,3,4,5,6,7,8,16,32,64,128"
    add("--workers", type=counts, default=several, help="with commas")
    add("--schedule", type=float, default=400, help="ns to schedule a behavior")
    add("--run", type=float, default=250, help="ns to run one, without its body")
    add("--local", type=float, default=5, help="ns to write a line of one's own")
    add("--transfer", type=float, default=60, help="ns to get that of another core")
    add("--value-lines", type=int, default=4, help="cache lines of a value")
    add("--wake", type=float, default=30_000, help="ns to wake a worker")
    add("--search", type=float, default=40, help="ns to look for work once")
    add("--behaviors", type=count, default=400, help="of each worker")
    parser.add_argument(
        "--counted",
        dest="kept",
        action="store_false",
        help="as if each behavior wrote the one count of what is pending",
    )
    add("--seed", type=int, default=1, help="of the simulation")
    options = parser.parse_args()
    costs = Costs(*(getattr(options, name) for name in Costs._fields))
    print(f"{'workers':>8}" + "".join(f"{name:>30}" for name in options.workload))
    first: dict[str, float] = {}
    for workers in options.workers:
        row = f"{workers:8}"
        for name in options.workload:
            shape = SHAPES[name]
            until = options.behaviors * (shape.body + costs.schedule + costs.run)
            rate = Simulation(shape, workers, costs, options.seed).run(until)
            first.setdefault(name, rate)
            row += f"{f'{rate:,.0f}/s x{rate / first[name]:.2f}':>30}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
