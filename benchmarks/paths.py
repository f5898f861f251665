"""What `instructions.py` counts: each path once, between two marks.

    python benchmarks/paths.py hop chain

A mark is a system call that nothing else makes: the one at the start empties the
counters of the thread that makes it, the one at the end has them written.
"""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from bocpy import (
    Cown,
    Matrix,
    notice_read,
    notice_sync,
    notice_write,
    receive,
    send,
    start,
    wait,
    when,
)
from options import Help, one_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

COUNT = 1000
"""How often a path is walked between its marks."""

SECONDS = 300
"""What a wait may take at most: counting is slow."""


def hop(cown: Cown[int]) -> None:
    """Schedule a behavior that schedules its successor."""

    @when(cown)
    def _(cown):
        if cown.value > 0:
            cown.value -= 1
            hop(cown)
        else:
            os.getppid()
            send("done", None)


def hop2(first: Cown[int], second: Cown[int]) -> None:
    """Do the same over two cowns."""

    @when(first, second)
    def _(first, second):
        if first.value > 0:
            first.value -= 1
            hop2(second, first)
        elif second.value > 0:
            second.value -= 1
            hop2(second, first)
        else:
            os.getppid()
            send("done", None)


def touch(cown: Cown[dict[int, int]]) -> None:
    """Do the same over a dict."""

    @when(cown)
    def _(cown):
        values = cown.value
        if values[0] > 0:
            values[0] -= 1
            touch(cown)
        else:
            os.getppid()
            send("done", None)


def carry(cown: Cown[int], matrix: Matrix) -> None:
    """Do the same with a value that every behavior captures."""

    @when(cown)
    def _(cown):
        if cown.value > 0:
            cown.value -= 1
            carry(cown, matrix)
        else:
            os.getppid()
            send("done", None)


def look(cown: Cown[int]) -> None:
    """Do the same with a look at the noticeboard."""

    @when(cown)
    def _(cown):
        if cown.value > 0:
            cown.value -= notice_read("one", 1)
            look(cown)
        else:
            os.getppid()
            send("done", None)


def bump(cown: Cown[int]) -> None:
    """Schedule a behavior that adds one."""

    @when(cown)
    def _(cown):
        cown.value += 1


def bump2(first: Cown[int], second: Cown[int]) -> None:
    """Schedule a behavior that adds one to both."""

    @when(first, second)
    def _(first, second):
        first.value += 1
        second.value += 1


def walk(name: str, schedule: Callable[..., None], *arguments: Any) -> None:
    """Let the worker begin, and wait until it has come to the end."""
    gate = Cown(0)

    @when(gate)
    def _(gate):
        gate.value = 1
        os.getpgrp()
        schedule(*arguments)

    receive("done", SECONDS)
    print(name, COUNT)


def produce(name: str, schedule: Callable[..., None], size: int, width: int) -> None:
    """Count how the main thread schedules, then how the worker runs what it finds.

    Each of the behaviors is over `width` neighbours of `size` cowns.
    """
    cowns = [Cown(0) for _ in range(size)]
    calls = [
        tuple(cowns[(number + place) % size] for place in range(width))
        for number in range(COUNT)
    ]
    gate = Cown(0)

    @when(gate)
    def _(gate):
        gate.value = 1
        send("held", None)
        receive("go", SECONDS)
        os.getpgrp()

    receive("held", SECONDS)
    os.getpgrp()
    for call in calls:
        schedule(*call)
    os.getppid()

    @when(gate, cowns)
    def _(_gate, _cowns):
        os.getppid()
        send("done", None)

    send("go", None)
    receive("done", SECONDS)
    print(name, "scheduled", COUNT)
    print(name, "run", COUNT)


def messages(name: str) -> None:
    """Send and receive in one thread."""
    send("self", 0)
    receive("self")
    os.getpgrp()
    for number in range(COUNT):
        send("self", number)
        receive("self")
    os.getppid()
    print(name, COUNT)


def make_cowns(name: str) -> None:
    """Make cowns that nobody uses."""
    Cown(0)
    os.getpgrp()
    for number in range(COUNT):
        Cown(number)
    os.getppid()
    print(name, COUNT)


PATHS: dict[str, Callable[[str], None]] = {
    "hop": lambda name: walk(name, hop, Cown(COUNT)),
    "hop2": lambda name: walk(name, hop2, Cown(COUNT // 2), Cown(COUNT // 2)),
    "dict": lambda name: walk(name, touch, Cown(dict.fromkeys(range(1000), COUNT))),
    "matrix": lambda name: walk(name, carry, Cown(COUNT), Matrix(4, 4)),
    "board": lambda name: walk(name, look, Cown(COUNT)),
    "chain": lambda name: produce(name, bump, 1, 1),
    "independent": lambda name: produce(name, bump, 16, 1),
    "pairs": lambda name: produce(name, bump2, 16, 2),
    "messages": messages,
    "cown": make_cowns,
}


def main() -> None:
    """Walk the paths that are named, each twice: the first time warms up."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=Help)
    known = ", ".join(PATHS)
    parser.add_argument("names", nargs="*", type=one_of(PATHS), help=f"all: {known}")
    names = parser.parse_args().names
    start(worker_count=1)
    notice_write("one", 1)
    notice_sync()
    for name in names or PATHS:
        PATHS[name](name)
        PATHS[name](name)
    wait()


if __name__ == "__main__":
    main()
