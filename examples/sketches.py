"""Two sketches on one stage: independent cowns, so both play at the same time.

In the shop every cheese has just run out; in the café every dish has turnip in it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from bocpy import Cown, wait, when
from bocpy.examples._options import CommandLine

EXCUSES = ("The van broke down", "Sold the last one", "The cat had it", "Mondays only")


def read_lines(name: str) -> list[str]:
    """Read a data file that lies beside this program."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return text.splitlines()


def ask_for_cheese(shop: Cown[int], wishes: list[str]) -> None:
    """Ask for one cheese after the other; the cown counts the disappointments."""

    @when(shop)
    def _(shop: Cown[int]) -> None:
        log = logging.getLogger("shop")
        log.info("Do you have any %s?", wishes[0])
        log.info("%s, I am afraid.", EXCUSES[shop.value % len(EXCUSES)])
        shop.value += 1
        if len(wishes) > 1:
            ask_for_cheese(shop, wishes[1:])


def read_the_menu(cafe: Cown[list[str]], dishes: list[str]) -> None:
    """Offer one dish after the other; the cown collects what can be eaten."""

    @when(cafe)
    def _(cafe: Cown[list[str]]) -> None:
        log = logging.getLogger("cafe")
        log.info("We have %s.", dishes[0])
        if "turnip" in dishes[0]:
            log.info("Anything without turnip?")
        else:
            log.info("That one!")
            cafe.value.append(dishes[0])
        if len(dishes) > 1:
            read_the_menu(cafe, dishes[1:])


def main() -> None:
    """Play both sketches."""
    CommandLine(__doc__).read()
    logging.basicConfig(level=logging.INFO)
    shop: Cown[int] = Cown(0)
    cafe: Cown[list[str]] = Cown([])
    ask_for_cheese(shop, read_lines("cheese.txt"))
    read_the_menu(cafe, read_lines("menu.txt"))
    wait()
    print(f"The customer left after {shop.value} cheeses, with a loaf of bread.")
    print(f"The guest had {' and '.join(cafe.value)}, with turnip syrup.")


if __name__ == "__main__":
    main()
