"""Philosophers share forks without a lock, an order of forks or a waiter."""

from __future__ import annotations

from dataclasses import dataclass

from bocpy import TIMEOUT, Cown, receive, wait, when
from bocpy.examples._messages import try_send
from bocpy.examples._options import CommandLine


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
        if not report("bite", index):
            return
        if hunger > 1:
            eat(index, hunger - 1, left, right)
        else:
            report("full", index)


def report(what: str, index: int) -> bool:
    """Send word, waiting while too many words are unread; tell if anybody listens."""
    while not try_send("report", (what, index)):
        if receive("closing", 0.001)[0] != TIMEOUT:
            return False
    return True


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
    parser = CommandLine(__doc__)
    parser.count("--hunger -g", 1, 4, "bites for each")
    parser.count("--philosophers -p", 1, 5, "who sit at the table")
    parser.loglevel()
    args = parser.read()

    forks = [Cown(Fork(args.hunger)) for _ in range(args.philosophers)]
    for index, left in enumerate(forks):
        eat(index, args.hunger, left, forks[(index + 1) % len(forks)])
    try:
        listen(args.philosophers)
    except KeyboardInterrupt:
        for _ in forks:
            try_send("closing", None)
        raise
    wait()
    for index, cown in enumerate(forks):
        with cown as fork:
            print(f"Fork {index}: uses={fork.uses}, hunger={fork.hunger}")


if __name__ == "__main__":
    main()
