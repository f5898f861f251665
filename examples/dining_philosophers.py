"""Philosophers share forks without a lock, an order of forks or a waiter."""

from __future__ import annotations

import argparse
import logging
from dataclasses import dataclass

from bocpy import Cown, receive, send, wait, when
from bocpy.examples._options import at_least, level


@dataclass
class Fork:
    """Lies between two philosophers, each of whom needs it `hunger` times."""

    hunger: int
    uses: int = 0


def eat(index: int, hunger: int, left: Cown[Fork], right: Cown[Fork]) -> None:
    """Take one bite with both forks, then the next, until no longer hungry."""

    @when(left, right)
    def _(left: Cown[Fork], right: Cown[Fork]) -> None:
        left.value.uses += 1
        right.value.uses += 1
        send("report", ("bite", index))
        if hunger > 1:
            eat(index, hunger - 1, left, right)
        else:
            send("report", ("full", index))


def listen(philosophers: int) -> None:
    """Tell what the philosophers report until all of them are full."""
    while philosophers > 0:
        _, (what, index) = receive("report")
        if what == "bite":
            print(f"Philosopher {index} has taken a bite")
        else:
            print(f"Philosopher {index} is full")
            philosophers -= 1


def main() -> None:
    """Seat the philosophers, feed them, and count how often each fork was used."""
    parser = argparse.ArgumentParser(description=__doc__)
    whole = at_least(1)
    parser.add_argument("--hunger", "-g", type=whole, default=4, help="bites for each")
    parser.add_argument("--philosophers", "-p", type=whole, default=5)
    parser.add_argument("--loglevel", "-l", type=level, default="WARNING")
    args = parser.parse_args()
    logging.basicConfig(level=args.loglevel)

    forks = [Cown(Fork(args.hunger)) for _ in range(args.philosophers)]
    for index, left in enumerate(forks):
        eat(index, args.hunger, left, forks[(index + 1) % len(forks)])
    listen(args.philosophers)
    wait()
    for index, cown in enumerate(forks):
        with cown as fork:
            print(f"Fork {index}: uses={fork.uses}, hunger={fork.hunger}")


if __name__ == "__main__":
    main()
