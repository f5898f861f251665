"""Classes whose instances stay in their worker, and classes whose instances do not."""

from __future__ import annotations

import copyreg
from dataclasses import dataclass, field

MADE: list = []  # what code of a class did in this interpreter


class Plain:
    """An instance with a namespace."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


class Derived(Plain):
    """The same below another class."""


class Slotted:
    """An instance with places instead of a namespace."""

    __slots__ = ("__weakref__", "part", "room")

    def __init__(self, **attributes):
        for name, value in attributes.items():
            setattr(self, name, value)


@dataclass
class Data:
    """A dataclass."""

    room: dict = field(default_factory=dict)
    part: object = None


STAYING = [Plain, Derived, Slotted, Data]


class Reduced(Plain):
    """Pickles in a way of its own."""

    def __reduce__(self):
        return _restored, (vars(self),)


def _restored(attributes):
    MADE.append("reduced")
    return Reduced(**attributes)


class Restored(Plain):
    """Is told when it arrives."""

    def __setstate__(self, state):
        MADE.append("restored")
        vars(self).update(state)


class Stated(Plain):
    """Leaves something behind."""

    def __getstate__(self):
        return {k: v for k, v in vars(self).items() if k != "part"} or {"room": {}}


class Born(Plain):
    """Notices each new instance."""

    def __new__(cls, **_attributes):
        MADE.append("born")
        return super().__new__(cls)


class Asked(Plain):
    """Answers for attributes it does not have."""

    def __getattr__(self, name):
        raise AttributeError(name)


class Finalised(Plain):
    """Notices the end of each instance."""

    def __del__(self):
        MADE.append("finalised")


class Registered(Plain):
    """Pickles as somebody else says."""


copyreg.pickle(Registered, lambda self: (Registered, (), vars(self)))

LEAVING = [Reduced, Restored, Stated, Born, Asked, Finalised, Registered]
