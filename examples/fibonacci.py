"""Results are cowns: a recursive sum that is a graph of behaviors."""

from __future__ import annotations

from bocpy import Cown, wait, when
from bocpy.examples._options import CommandLine, at_least

LEAF = 4


def fib(n: int) -> int:
    """Compute a number of Fibonacci the plain way."""
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def fib_cown(n: int) -> Cown[int]:
    """Return a cown that will hold the number; nobody waits for it here."""
    if n <= LEAF:

        @when()
        def leaf() -> int:
            return fib(n)

        return leaf

    left, right = fib_cown(n - 1), fib_cown(n - 2)

    @when(left, right)
    def total(left: Cown[int], right: Cown[int]) -> int:
        return left.value + right.value

    return total


def expected(n: int) -> int:
    """Compute the same number by a loop."""
    last, this = 0, 1
    for _ in range(n):
        last, this = this, last + this
    return last


def main() -> None:
    """Compute one number both ways."""
    parser = CommandLine(__doc__)
    text = "which number"
    parser.add_argument("n", type=at_least(0), nargs="?", default=10, help=text)
    parser.loglevel()
    args = parser.read()
    result = fib_cown(args.n)
    wait()
    print(f"fib({args.n}): {result.value} (expected: {expected(args.n)})")


if __name__ == "__main__":
    main()
