"""Ways for a body to keep an alias of a value, and to look at it later.

Every worker imports this module, so what it keeps outlives the bodies.
"""

from __future__ import annotations

import weakref

KEPT: dict = {}


def _generator(value):
    yield None
    yield value


def _paused(value):
    kept = _generator(value)
    next(kept)
    return kept


def _frame(value):
    def local():
        return value

    return local


def _default(value):
    def local(kept=value):
        return kept

    return local


class Holder:
    """An instance with the value in its namespace."""

    def __init__(self, value):
        self.value = value


KEEP = {
    "global": lambda value: value,
    "list": lambda value: [[value]],
    "dict": lambda value: {"kept": (value,)},
    "instance": Holder,
    "closure": _frame,
    "default": _default,
    "generator": _paused,
    "exception": ValueError,
    "method": lambda value: value.__len__,
    "iterator": iter,
}

LOOK = {
    "global": lambda kept: kept,
    "list": lambda kept: kept[0][0],
    "dict": lambda kept: kept["kept"][0],
    "instance": lambda kept: kept.value,
    "closure": lambda kept: kept(),
    "default": lambda kept: kept(),
    "generator": next,
    "exception": lambda kept: kept.args[0],
    "method": lambda kept: kept.__self__,
    "iterator": lambda kept: kept.__reduce__()[1][0],
}


def keep(how, value):
    """Keep an alias of `value` until `look` is called."""
    KEPT[how] = KEEP[how](value)


def look(how):
    """Give what was kept."""
    return LOOK[how](KEPT.pop(how))


def keep_weakly(value):
    """Keep a weak reference."""
    KEPT["weak"] = weakref.ref(value)


def look_weakly():
    """Give what the weak reference leads to, or None."""
    return KEPT.pop("weak")()


def _refill(value, part):
    value.clear()
    value.update({0: part})


CHANGES = {
    "item": lambda value, part: value.__setitem__(0, part),
    "update": lambda value, part: value.update({0: part}),
    "setdefault": lambda value, part: value.setdefault("new", part),
    "refilled": _refill,
}
"""Ways to put a part into a dict."""
