"""What the tests use to look at cowns while the runtime runs.

Every worker imports this module, so it imports nothing but the package.
"""

from __future__ import annotations

from itertools import count

from bocpy import TIMEOUT, Cown, behaviors, receive, send, set_tags, start, wait, when

PATIENCE = 30.0
"""Seconds after which something that has not happened counts as never happening."""

tickets = count()


def ensure_workers(workers: int = 2) -> None:
    """Have a runtime of `workers` workers, keeping the present one if it is such."""
    running = behaviors.BEHAVIORS
    if running is not None and running.num_workers == workers:
        return
    wait(PATIENCE)
    set_tags([])
    start(worker_count=workers)


def launch(**options) -> None:
    """Start the runtime for a program whose workers need not load its module."""
    start(**options)


def expect(tag: str):
    """Receive what is sent to `tag`; fail if nothing comes."""
    got, contents = receive(tag, PATIENCE)
    assert got != TIMEOUT, f"nothing was sent to {tag!r}"
    return contents


def outcomes(*cowns: Cown) -> list:
    """Give `(failed, value)` of each cown once everything before has run on it."""
    ticket = next(tickets)

    @when(list(cowns))
    def _(group, ticket=ticket):
        seen = [(cown.exception, cown.value) for cown in group]
        send("observed", (ticket, seen))

    while True:
        answered, seen = expect("observed")
        if answered == ticket:
            return list(seen)


def bump(cown: Cown) -> Cown:
    """Add one to a number; give the result, which is the sum."""

    @when(cown)
    def total(c):
        c.value += 1
        return c.value

    return total


def values_of(*cowns: Cown) -> list:
    """Give the values of cowns, none of which may hold a failure."""
    seen = outcomes(*cowns)
    for failed, value in seen:
        if failed:
            message = f"the behavior failed with {value!r}"
            raise AssertionError(message) from value
    return [value for _, value in seen]


def value_of(cown: Cown):
    """Give the value of a cown that must not hold a failure."""
    return values_of(cown)[0]


def failure_of(cown: Cown) -> BaseException:
    """Give the exception that a behavior left in its result."""
    [(failed, value)] = outcomes(cown)
    assert failed, f"expected a failure, found the value {value!r}"
    return value
