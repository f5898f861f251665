"""Decides which global names of a behavior travel with it."""

from __future__ import annotations

import builtins
import sys
from types import CodeType, FunctionType

from bocpy._modules import DUNDERS, MAIN, SHOWS, Shape, is_cown, state
from bocpy._scan import GlobalUse, global_use
from bocpy._shapes import shape_of
from bocpy.errors import CaptureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = [
    "ADRIFT",
    "HANDLE",
    "IMPORTED",
    "MAYBE",
    "OPTIONAL",
    "OWN",
    "PUBLISH",
    "Plan",
    "plan",
]

_BUILTINS = frozenset(vars(builtins))

HANDLE, OPTIONAL, PUBLISH, MAYBE = 1, 2, 4, 8  # see FLAGS of a description

OWN = 0  # the starting module: data travels, the worker binds the rest
IMPORTED = 1  # another module: the worker imports it
ADRIFT = 2  # no module to import: everything travels


class Plan:
    """How a behavior finds its global names.

    Attributes:
        kind: OWN, IMPORTED or ADRIFT.
        travel: flags by name of what travels.
        bound: names that a private namespace takes from the module.
        volatile: those of them that may change.
        dunders: of a body without module.

    """

    __slots__ = ("bound", "dunders", "kind", "travel", "volatile")

    def __init__(
        self,
        kind: int,
        travel: dict[str, int],
        bound: frozenset[str] = frozenset(),
        volatile: frozenset[str] = frozenset(),
        dunders: dict[str, str] | None = None,
    ) -> None:
        """Take one plan."""
        self.kind = kind
        self.travel = travel
        self.bound = bound
        self.volatile = volatile
        self.dunders = dunders


def plan(func: FunctionType, module: str, use: GlobalUse) -> Plan:
    """Decide where a worker finds the names in *use*."""
    values = func.__globals__
    kind = _kind(values, module)
    if kind == IMPORTED:
        _check_found(use, values)
        return Plan(kind, _handles(use, values, Shape()))
    shape = shape_of(module) if kind == OWN else Shape()
    travel, bound = _split(use, values, shape)
    if kind == ADRIFT:
        dunders = {k: v for k in DUNDERS if isinstance(v := values.get(k), str)}
        dunders["__name__"] = module
        return Plan(kind, travel, bound, frozenset(), dunders)
    for name, flags in _handles(use, values, shape).items():
        travel.setdefault(name, flags)
    return Plan(kind, travel, bound, bound & (shape.rebound | use.stores), None)


def _check_found(use: GlobalUse, values: dict[str, Any]) -> None:
    """Raise for a name that an imported module does not have."""
    for name in sorted(use.loads - use.stores - _BUILTINS):
        if name not in values:
            raise CaptureError(f"Cannot resolve capture: {name}")


def _kind(values: dict[str, Any], module: str) -> int:
    """Say where a worker finds the globals of a function of *module*."""
    live = sys.modules.get(module)
    own = live is not None and vars(live) is values
    if not own and values.get(SHOWS) != module:
        return ADRIFT
    if module in (MAIN, state.starter or module):
        return OWN
    return IMPORTED if state.worker or _reachable(module) else ADRIFT


def _reachable(module: str) -> bool:
    """Tell whether an interpreter with the same search path can import *module*."""
    live = sys.modules[module]
    if getattr(live, "__file__", None) is None or module in state.reachable:
        return True
    parent = sys.modules.get(module.rpartition(".")[0])
    path = getattr(parent, "__path__", None)
    for finder in sys.meta_path:
        if finder.find_spec(module, path) is not None:
            state.reachable.add(module)
            return True
    return False


def _split(
    use: GlobalUse, values: dict[str, Any], shape: Shape
) -> tuple[dict[str, int], frozenset[str]]:
    """Divide the names that a body uses: values that travel, names that stay."""
    travel: dict[str, int] = {}
    bound = set()
    for name in (use.loads | use.maybe | use.stores).difference(DUNDERS):
        if shape.binds(name, values) or (name in use.stores and name in shape.assigned):
            bound.add(name)
        elif name in values or name in shape.assigned or name not in _BUILTINS:
            kept = OPTIONAL if name in shape.kept else 0
            maybe = 0 if name in use.loads and name not in use.stores else MAYBE
            travel[name] = PUBLISH | kept | maybe
    return travel, frozenset(bound)


def _handles(use: GlobalUse, values: dict[str, Any], shape: Shape) -> dict[str, int]:
    """Find names that may hold cowns, in the body and in the helpers it calls."""
    found: dict[str, int] = {}
    seen: set[str] = set()
    pending = list(use.loads | use.maybe)
    while pending:
        name = pending.pop()
        if name in seen or name in DUNDERS:
            continue
        seen.add(name)
        value = values.get(name)
        if value is None or is_cown(value):
            if name in values or name in shape.assigned:
                found[name] = HANDLE | PUBLISH
        else:
            for code in _codes_of(value, values):
                inner = global_use(code)
                pending.extend(inner.loads | inner.maybe)
    return {name: flags for name, flags in found.items() if name not in shape.bound}


def _codes_of(value: object, values: dict[str, Any]) -> list[CodeType]:
    """Return the code of a function, or of a class's methods, of the same module."""
    if isinstance(value, type) and value.__module__ == values.get("__name__"):
        members = list(vars(value).values())
    else:
        members = [value]
    codes = []
    for member in members:
        plain = getattr(member, "__wrapped__", member)
        if isinstance(plain, property):
            plain = plain.fget
        if isinstance(plain, FunctionType) and (
            plain.__module__ == values.get("__name__")
        ):
            codes.append(plain.__code__)
    return codes
