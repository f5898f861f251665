"""What an interpreter knows about the modules that behaviors belong to."""

from __future__ import annotations

import builtins
import importlib
import sys

from bocpy.errors import BehaviorResolveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType
    from typing import Any

__all__ = [
    "ALIAS",
    "DUNDERS",
    "MAIN",
    "SHOWS",
    "Shape",
    "explain",
    "is_cown",
    "main_label",
    "module_values",
    "namespace",
    "state",
]

MAIN = "__main__"
ALIAS = "__bocmain__"
# Every namespace has these; they are the user module's own.
DUNDERS = (
    "__name__",
    "__doc__",
    "__package__",
    "__spec__",
    "__loader__",
    "__file__",
    "__builtins__",
)
SHOWS = "__bocpy_shows__"
"""In a namespace with some names of a module: which one."""


class Shape:
    """What a worker's copy of a module binds by itself.

    Attributes:
        bound: names bound by import, def or class.
        kept: names bound by an assignment.
        assigned: names that the source assigns, by whatever means.
        rebound: names that functions rebind, through ``global``.
        star: whether there is a star import.

    """

    __slots__ = ("assigned", "bound", "kept", "rebound", "star")

    def __init__(
        self,
        bound: Iterable[str] = (),
        kept: Iterable[str] = (),
        assigned: Iterable[str] = (),
        rebound: Iterable[str] = (),
        *,
        star: bool = False,
    ) -> None:
        """Take the names of one module."""
        self.bound = frozenset(bound)
        self.kept = frozenset(kept)
        self.assigned = frozenset(assigned)
        self.rebound = frozenset(rebound)
        self.star = star

    def binds(self, name: str, values: dict[str, Any]) -> bool:
        """Tell whether workers find *name* without its value travelling."""
        return name in self.bound or (
            self.star and name not in self.assigned and name in values
        )


class _State:
    """What this interpreter knows; filled by describe() or by the worker's start."""

    def __init__(self) -> None:
        self.starter: str | None = None  # the module that started the runtime
        self.starter_path: str | None = None
        self.worker = False
        self.listener: int | None = None  # a file of failures that nobody took
        self.shapes: dict[str, Shape] = {}
        # Namespaces made here, by id, and the module each belongs to.
        self.loaders: dict[str, Callable[[], None]] = {}  # modules yet to be prepared
        self.compiled: dict[str, CodeType] = {}  # by file, see _from_source
        self.reachable: set[str] = set()
        self.unbound: dict[str, str] = {}  # names that a worker lacks, and why


state = _State()


def main_label(module: str, path: str) -> str:
    """Return the file name that tracebacks in workers show for *module*."""
    return f"<bocpy:{ALIAS if module == MAIN else module}> {path}"


def is_cown(value: object) -> bool:
    """Tell whether *value* is a cown or the capsule of one."""
    core: Any = sys.modules.get("bocpy._core")
    behaviors: Any = sys.modules.get("bocpy.behaviors")
    types = (getattr(core, "CownCapsule", None), getattr(behaviors, "Cown", None))
    known = tuple(t for t in types if isinstance(t, type))
    return issubclass(type(value), known)  # proxies may fail to tell their __class__


def namespace(
    module: str, values: dict[str, Any], bound: tuple[str, ...]
) -> dict[str, Any]:
    """Return a namespace with only the names that a body uses."""
    own = {name: values[name] for name in (*DUNDERS, *bound) if name in values}
    own["__builtins__"] = vars(builtins)
    own[SHOWS] = module
    return own


def module_values(module: str, key: str) -> dict[str, Any]:
    """Return the dictionary of *module*, prepared for behaviors.

    Raises:
        BehaviorResolveError: if it cannot be loaded here.

    """
    try:
        prepare = state.loaders.get(module)
        if prepare is not None:
            prepare()
            state.loaders.pop(module, None)
        live = sys.modules.get(module) or importlib.import_module(module)
    except Exception as error:
        raise BehaviorResolveError(
            f"cannot load module {module!r} of behavior {key}: {explain(error)}"
        ) from error
    return vars(live)


def explain(error: BaseException) -> str:
    """Describe why a module did not load; names the way out if there is one."""
    text = f"{type(error).__name__}: {error}"
    if hint := way_out(error):
        text += f"; {hint}"
    return text


def way_out(error: BaseException) -> str:
    """Return what to do about a module that refuses workers, or why a name is unbound.

    Of other errors nothing is known: then an empty string.
    """
    if isinstance(error, NameError) or (
        isinstance(error, AttributeError) and isinstance(error.obj, type(sys))
    ):
        return state.unbound.get(str(error.name), "")
    if not isinstance(error, ImportError) or "subinterpreter" not in str(error):
        return ""
    name = error.name or str(error).split()[1]
    return (
        f"extension module {name!r} does not run in sub-interpreters: "
        'use start(backend="threads") or set BOCPY_BACKEND=threads'
    )
