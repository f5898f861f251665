"""Steps of random programs, and behaviors that do what they say.

Every worker imports this module, so it imports nothing but the package.
"""

from __future__ import annotations

from typing import NamedTuple

from bocpy import when


class Step(NamedTuple):
    """One behavior: what it takes, how it ends, what it spawns."""

    singles: tuple = ()
    group: tuple = ()
    results: tuple = ()
    ending: str = "return"
    children: tuple = ()


class Planned(Exception):  # noqa: N818
    """Raised by a body because its step says so."""


def finish(ending, name, singles, cown):
    """End a body as its step says."""
    if ending == "raise":
        raise Planned(name)
    if ending == "exit":
        raise SystemExit(name)
    if ending == "cown":
        return cown
    if ending == "error":
        return Planned(name)
    if ending == "write" and singles:
        singles[0].value = [*singles[0].value, f"{name} wrote"]
    return name


def mark(name, singles, group):
    """Write a step's name into each of its cowns, once each; give what was there."""
    seen, marked = [], []
    for cown in (*singles, *group):
        if not any(cown == other for other in marked):
            marked.append(cown)
            seen.append(list(cown.value))
            cown.value.append(name)
    return seen


def schedule(step, name, cowns, earlier):
    """Schedule a step over real cowns and give its result."""
    singles = [cowns[n] for n in step.singles]
    group = [cowns[n] for n in step.group]
    results = [earlier[n] for n in step.results if n < len(earlier)]
    ending, children, other = step.ending, step.children, cowns[0]

    @when(group, results, *singles)
    def result(group, results, *singles):
        mark(name, singles, group)
        for result in results:
            result.exception = result.exception
        for number, child in enumerate(children):
            schedule(child, f"{name}.{number}", cowns, [])
        return finish(ending, name, singles, other)

    return result
