"""Lanes of behaviors sieve for primes, then race to factor the product of two."""

from __future__ import annotations

import random
from functools import partial
from math import gcd, isqrt

from bocpy import Cown, notice_read, notice_update, wait, when
from bocpy.examples._options import CommandLine


def is_prime(odd: int) -> bool:
    """Tell whether only 1 and the odd number itself divide it."""
    return odd > 1 and all(odd % divisor for divisor in range(3, isqrt(odd) + 1, 2))


def walk(lane: Cown[list[int]], n: int, batch: int) -> Cown[list[int]]:
    """Walk on for one batch of steps, unless some lane has found a factor."""

    @when(lane)
    def _(lane: Cown[list[int]]) -> None:
        step, slow, fast = lane.value  # Pollard's rho: x -> x * x + step
        for _ in range(batch):
            slow, fast = (slow**2 + step) % n, ((fast**2 + step) ** 2 + step) % n
            divisor = gcd(slow - fast, n)
            if 1 < divisor < n:
                notice_update("factor", partial(max, divisor), 0)
                lane.value = [divisor]
                return
            if divisor == n:
                step, slow, fast = random.randrange(1, n), 2, 2
        lane.value = [step, slow, fast]
        if not notice_read("factor"):
            walk(lane, n, batch)

    return lane


def main() -> None:
    """Find primes, multiply two, take the product apart again."""
    parser = CommandLine(__doc__)
    parser.count("--lanes -n", 1, 4, "chains of behaviors")
    parser.count("--candidates -c", 1, 2000, "numbers to sieve")
    parser.count("--batch -b", 1, 100, "numbers or steps in one behavior")
    parser.count("--bits", 3, 16, "of each number")
    parser.loglevel()
    args = parser.read()
    c, bits, batch, lanes = args.candidates, args.bits, args.batch, args.lanes
    print(f"sieving {c} candidates ({bits}-bit) across {lanes} lanes ...")
    odd = [random.getrandbits(bits) | 1 << bits - 1 | 1 for _ in range(c)]
    found: list[Cown[list[int]]] = [Cown([]) for _ in range(lanes)]
    for i in range(0, c, batch):

        @when(found[i // batch % lanes])
        def _(lane: Cown[list[int]], some: list[int] = odd[i : i + batch]) -> None:
            lane.value.extend(filter(is_prime, some))

    wait()
    primes = {prime for lane in found for prime in lane.unwrap()}
    print(f"found {len(primes)} primes")
    if len(primes) < 2:
        parser.error("too few for a product: ask for more --candidates")
    p, q = random.sample(sorted(primes), 2)
    print(f"factoring {p * q} (= {p} x {q})")
    print(f"Pollard's rho with {lanes} parallel walks, batch={batch}")
    walks = [walk(Cown([step, 2, 2]), p * q, batch) for step in range(1, lanes + 1)]
    wait()
    for i, state in enumerate(lane.unwrap() for lane in walks):
        if len(state) == 1:
            print(f"  lane {i} found factor {state[0]}")
            factor = state[0]
    print(f"result: {p * q} = {factor} x {p * q // factor}")


if __name__ == "__main__":
    main()
