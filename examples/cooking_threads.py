"""The omelette of `cooking_boc` by threads and locks, for comparison.

Every step must take its locks, in the same order as every other step; nothing but
care keeps two cooks from waiting for each other, and joining stands for "all ready".
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from bocpy.examples._options import CommandLine


@dataclass
class Guarded:
    """A tool or an ingredient, and the lock one has to remember to take."""

    name: str
    state: str = "raw"
    lock: threading.Lock = field(default_factory=threading.Lock)


def say(line: str) -> None:
    """Print in one piece, for others print at the same time."""
    print(f"{line}\n", end="", flush=True)


def prepare(verb: str, tool: Guarded, ingredient: Guarded) -> None:
    """Work on an ingredient: the tool's lock first, always."""
    with tool.lock, ingredient.lock:
        say(f"{verb} {ingredient.state} {ingredient.name}")
        ingredient.state = "prepared"


def cook(steps: list[tuple[str, Guarded, Guarded]]) -> None:
    """Do one cook's share of the work."""
    for verb, tool, ingredient in steps:
        prepare(verb, tool, ingredient)


def main() -> None:
    """Give two cooks two steps each, then cook."""
    CommandLine(__doc__).read()
    knife, whisk, grater = Guarded("knife"), Guarded("whisk"), Guarded("grater")
    onion, pepper = Guarded("onion"), Guarded("pepper")
    eggs, cheese = Guarded("eggs", "3 raw"), Guarded("cheese")
    shares = [
        [("Dicing", knife, onion), ("Beating", whisk, eggs)],
        [("Chopping", knife, pepper), ("Grating", grater, cheese)],
    ]

    cooks = [threading.Thread(target=cook, args=(share,)) for share in shares]
    for each in cooks:
        each.start()
    for each in cooks:
        each.join()

    if all(item.state == "prepared" for item in (onion, pepper, eggs, cheese)):
        say("All ingredients ready, cooking omelette")


if __name__ == "__main__":
    main()
