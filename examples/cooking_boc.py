"""An omelette by behaviors: name what a step needs, and the order follows.

Compare `cooking_threads`, which makes the same dish with threads and locks.
"""

from __future__ import annotations

from dataclasses import dataclass

from bocpy import Cown, start, wait, when
from bocpy.examples._options import CommandLine


@dataclass
class Ingredient:
    """Something to prepare before it goes into the pan."""

    name: str
    state: str = "raw"


@dataclass
class Tool:
    """Something that one cook can use at a time."""

    name: str


def say(line: str) -> None:
    """Print in one piece, for others print at the same time."""
    print(f"{line}\n", end="", flush=True)


def prepare(verb: str, tool: Cown[Tool], ingredient: Cown[Ingredient]) -> None:
    """Work on an ingredient as soon as the tool and the ingredient are free."""

    @when(tool, ingredient)
    def _(tool: Cown[Tool], ingredient: Cown[Ingredient]) -> None:
        item = ingredient.value
        say(f"{verb} {item.state} {item.name}")
        item.state = "prepared"


def main() -> None:
    """Prepare four ingredients with three tools, then cook."""
    CommandLine(__doc__).read()
    start(worker_count=2)
    knife, whisk, grater = (Cown(Tool(name)) for name in ("knife", "whisk", "grater"))
    onion, pepper = Cown(Ingredient("onion")), Cown(Ingredient("pepper"))
    eggs, cheese = Cown(Ingredient("eggs", "3 raw")), Cown(Ingredient("cheese"))

    prepare("Dicing", knife, onion)
    prepare("Chopping", knife, pepper)
    prepare("Beating", whisk, eggs)
    prepare("Grating", grater, cheese)

    @when([onion, pepper, eggs, cheese])
    def _(ingredients: list[Cown[Ingredient]]) -> None:
        if all(item.value.state == "prepared" for item in ingredients):
            say("All ingredients ready, cooking omelette")

    wait()


if __name__ == "__main__":
    main()
