"""Threads count primes among random numbers; messages carry work and results."""

from __future__ import annotations

import random
import threading
from itertools import islice
from math import isqrt
from typing import TYPE_CHECKING

from bocpy import receive, send
from bocpy.examples._options import CommandLine

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 500
"""Numbers in one message."""


def is_prime(number: int) -> bool:
    """Tell whether only 1 and the number itself divide it."""
    return number > 1 and all(number % d for d in range(2, isqrt(number) + 1))


def count_primes() -> None:
    """Answer each batch of numbers with its count of primes, until there is no more."""
    while True:
        _, numbers = receive("numbers")
        if numbers is None:
            break
        send("count", sum(map(is_prime, numbers)))


def batches(num_values: int, max_value: int) -> Iterator[list[int]]:
    """Generate random numbers, some at a time."""
    numbers = iter([random.randint(0, max_value) for _ in range(num_values)])
    while batch := list(islice(numbers, BATCH)):
        yield batch


def main() -> None:
    """Keep the threads busy, with no more than a few batches waiting for them."""
    parser = CommandLine(__doc__)
    parser.count("--num-workers -w", 1, 8, "threads that count")
    parser.count("--max-value -m", 1, 10000, "largest number")
    parser.count("--num-values -n", 1, 100000, "how many numbers")
    args = parser.read()

    workers = [  # daemons: Ctrl-C ends the program, whoever still receives
        threading.Thread(target=count_primes, daemon=True)
        for _ in range(args.num_workers)
    ]
    for worker in workers:
        worker.start()
    primes, under_way = 0, 0
    for batch in batches(args.num_values, args.max_value):
        send("numbers", batch)
        under_way += 1
        if under_way > 2 * args.num_workers:
            primes += receive("count")[1]
            under_way -= 1
    for _ in workers:
        send("numbers", None)
    primes += sum(receive("count")[1] for _ in range(under_way))
    print(f"Number of primes: {primes}")
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
