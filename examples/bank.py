"""A transfer between two accounts is atomic because one behavior holds both."""

from __future__ import annotations

from dataclasses import dataclass

from bocpy import Cown, wait, when
from bocpy.examples._options import CommandLine, whole


@dataclass
class Account:
    """Money that belongs to somebody."""

    name: str
    balance: int = 0
    frozen: bool = False


def transfer(src: Cown[Account], dst: Cown[Account], amount: int) -> Cown[bool]:
    """Move money once both accounts are ours; the result tells whether it moved."""

    @when(src, dst)
    def moved(src: Cown[Account], dst: Cown[Account]) -> bool:
        giver, taker = src.value, dst.value
        if giver.frozen or taker.frozen or not 0 <= amount < giver.balance:
            return False
        giver.balance -= amount
        taker.balance += amount
        return True

    return moved


def parse_amount() -> int:
    """Read the amount from the command line."""
    parser = CommandLine(__doc__)
    parser.add_argument(
        "--amount", "-a", type=whole, default=50, help="what to transfer"
    )
    parser.loglevel()
    amount: int = parser.read().amount
    return amount


def main(amount: int | None = None) -> None:
    """Transfer an amount from Alice to Bob and show both accounts."""
    if amount is None:
        amount = parse_amount()
    alice, bob = Account("Alice", 100), Account("Bob")
    print(f"src (before transfer): {alice}")
    print(f"dst (before transfer): {bob}")
    print(f"attempting to transfer {amount} from {alice.name} to {bob.name}")
    src, dst = Cown(alice), Cown(bob)
    moved = transfer(src, dst, amount)
    wait()
    print("success" if moved.value else "failure")
    print(f"src (after transfer): {src.value}")
    print(f"dst (after transfer): {dst.value}")


if __name__ == "__main__":
    main()
