"""Finds the member of a value that does not cross."""

from __future__ import annotations

from time import monotonic

from bocpy._members import Members, crosses, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from bocpy._members import Member

__all__ = ["name"]

_PATIENCE = 1.0  # seconds
_LONGEST = 400  # characters of a path
_KEPT = 10  # steps at either end of a longer one


def name(error: Exception, value: object, what: str) -> None:
    """Let *error* tell where in *value*, called *what*, the culprit is."""
    if isinstance(error, MemoryError):
        return
    if isinstance(error, RecursionError):
        told = f"{what} is nested too deeply to cross"
    else:
        told = f"{_find(value, what)} does not cross"
    _shorten(getattr(error, "__notes__", None))
    if hasattr(error, "add_note"):
        error.add_note(told)
    elif len(error.args) == 1:
        error.args = (f"{error.args[0]}; {told}",)


def _find(value: object, what: str) -> str:
    """Return the path to the culprit, and what it is."""
    search = _Search(value)
    found = search.run(monotonic() + _PATIENCE)
    if found is None:
        return f"somewhere in {what}[...]: a member"
    if not found:
        return f"{what}: {kind_of(value)}"
    return f"{_shortened(what, search.steps())}: {kind_of(search.here)}"


def _shorten(notes: Any) -> None:
    """Leave of the notes of pickle, one a level, the first and the last."""
    if type(notes) is list and len(notes) > 2 * _KEPT:
        middle = notes[_KEPT:-_KEPT]
        if all(str(note).startswith("when serializing ") for note in middle):
            notes[_KEPT:-_KEPT] = [f"... {len(middle)} more ..."]


def _shortened(what: str, steps: list[str]) -> str:
    path = what + "".join(steps)
    left_out = len(steps) - 2 * _KEPT
    if len(path) <= _LONGEST or left_out <= 0:
        return path
    first, last = "".join(steps[:_KEPT]), "".join(steps[-_KEPT:])
    return f"{what}{first}<{left_out} more>{last}"


class _Search:
    """Goes through a value as pickle does, up to the object that stops pickle."""

    def __init__(self, value: object) -> None:
        """Begin above *value*."""
        self._members = Members()
        self._seen: dict[int, object] = {}  # they live, and so keep their identities
        # The members on the way here, the value being the second, and what is left of
        # the members of each.
        self._way: list[Member] = [(str, "", None)]
        self._left: list[Iterator[Member]] = [iter([(str, "", value)])]

    @property
    def here(self) -> Any:
        """The object that the search has reached."""
        return self._way[-1][2]

    def run(self, end: float) -> bool | None:
        """Return whether there is a culprit, and be there; None if the time is up."""
        while self._left:
            try:
                member = next(self._left[-1], None)
                if member is None:
                    self._leave()
                elif id(member[2]) not in self._seen:
                    self._enter(member)
            except Exception:  # noqa: BLE001 - whatever stops pickle
                if not crosses(self.here):
                    return True
                self._leave()
            if monotonic() > end:
                return None
        return False

    def steps(self) -> list[str]:
        """Return how one gets here."""
        return [step(key) for step, key, _ in self._way[2:]]

    def _enter(self, member: Member) -> None:
        self._seen[id(member[2])] = member[2]
        self._way.append(member)
        self._left.append(iter(()))
        self._left[-1] = iter(self._members.of(member[2]))

    def _leave(self) -> None:
        self._way.pop()
        self._left.pop()
