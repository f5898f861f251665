"""Prepares, in the primary, what workers need of the program's modules."""

from __future__ import annotations

import marshal
import os
import sys
from types import ModuleType

from bocpy._modules import ALIAS, MAIN, Shape, is_cown, main_label, state
from bocpy._reduce import Reduction, reduce_source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

__all__ = ["describe_main", "module_shape"]

# Reductions by module name, with the path, time and size of the file they are of.
_reductions: dict[str, tuple[tuple[str, int, int], Reduction]] = {}


class _Source:
    """Where a module is written; *text* only if that is no file of its own."""

    __slots__ = ("path", "stamp", "text")

    def __init__(self, path: str, time: int, size: int, text: str | None) -> None:
        self.path = path
        self.stamp = path, time, size
        self.text = text

    def read(self) -> str | bytes:
        if self.text is not None:
            return self.text
        with open(self.path, "rb") as file:  # noqa: PTH123
            return file.read()


def _source(module: str, path: str | None) -> _Source | None:
    """Find the source of *module*; None when it has none."""
    given = path or getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(given, str):
        return None
    full = os.path.abspath(given)  # noqa: PTH100
    try:
        status = os.stat(full)  # noqa: PTH116
    except OSError:
        if path is not None:
            raise
        text = _loaded_text(module)
        return None if text is None else _Source(full, 0, hash(text), text)
    return _Source(full, status.st_mtime_ns, status.st_size, None)


def _loaded_text(module: str) -> str | None:
    """Ask the loader of *module*, which may have it from an archive."""
    live = sys.modules.get(module)
    spec = getattr(live, "__spec__", None)
    get_source = getattr(getattr(live, "__loader__", None), "get_source", None)
    if get_source is None:
        return None
    try:
        text = get_source(getattr(spec, "name", module))
    except (ImportError, OSError, SyntaxError, UnicodeDecodeError):
        return None
    return text if isinstance(text, str) else None


def _reduction(module: str, source: _Source) -> Reduction:
    known = _reductions.get(module)
    if known is None or known[0] != source.stamp:
        text = source.read()
        try:
            label = main_label(module, source.path)
            known = source.stamp, reduce_source(text, source.path, label)
        except (SyntaxError, ValueError) as error:
            message = f"Error parsing {source.path}: {error}"
            raise SyntaxError(message) from error
        _reductions[module] = known
    return known[1]


def module_shape(module: str, path: str | None = None) -> Shape:
    """Return what workers bind in *module*: nothing when it has no source."""
    try:
        source = _source(module, path)
        if source is None:
            return Shape()
        found = _reduction(module, source)
    except (OSError, SyntaxError):
        return Shape()
    kept = found.kept
    if module != MAIN and _importable(module, source.path):
        kept = found.names.assigned - found.bound
    names = found.names
    return Shape(found.bound, kept, names.assigned, names.rebound, star=names.star)


def _importable(module: str, path: str) -> bool:
    """Tell whether workers get the file at *path* when they import *module*."""
    parent = sys.modules.get(module.rpartition(".")[0])
    package = getattr(parent, "__path__", None)
    if "." in module and package is None:
        return False
    for finder in sys.meta_path:
        spec = finder.find_spec(module, package)
        if spec is not None:
            return spec.origin is not None and os.path.abspath(spec.origin) == path  # noqa: PTH100
    return False


def _is_made_up(module: str) -> bool:
    """Tell whether *module* is but the name that some console gives to its globals."""
    if module in sys.modules:
        return False
    import importlib.util  # noqa: PLC0415

    try:
        return importlib.util.find_spec(module) is None
    except (ImportError, ValueError):
        return True


def describe_main(
    starter: str = MAIN, path: str | None = None, *, eager: bool = False
) -> tuple[bytes, tuple[tuple[str, str, Any], ...]]:
    """Gather what ``worker.prepare_main`` needs in every worker.

    Args:
        starter: name of the module that starts the runtime.
        path: its source file, if not the one it was loaded from.
        eager: whether workers load a starter that is not ``__main__`` at once, so
            that what is wrong with it stops the start; ``__main__`` always is.

    Returns:
        The payload for ``prepare_main``, and ``(module, name, value)`` of every value
        that workers take from the live modules, for ``bind_live``, each by its own;
        values that do not cross are left out. The name of an attribute of a class has
        a dot.

    Raises:
        FileNotFoundError: if there is no file at *path*.
        SyntaxError: if the source cannot be parsed.

    """
    if starter == ALIAS or (path is None and _is_made_up(starter)):
        starter = MAIN
    source = _source(starter, path)
    state.starter = starter
    state.starter_path = None if source is None else source.path
    records = []
    live: list[tuple[str, str, Any]] = []
    for module in dict.fromkeys((MAIN, starter)):
        source = _source(module, path if module == starter else None)
        found = None if source is None else _reduction(module, source)
        state.shapes.pop(module, None)
        state.shapes[module] = shape = module_shape(
            module, path if module == starter else None
        )
        values = vars(sys.modules.get(module, ModuleType(module)))
        names = _live_names(found, shape, values)
        live += [(module, name, values[name]) for name in names]
        live += [(module, *found) for found in _class_cowns(module, shape, values)]
        steps = None
        if (
            source is not None
            and found is not None
            and (module == MAIN or not _importable(module, source.path))
        ):
            steps = _steps(found, names)
        elif module == MAIN:
            steps = ()
        at_once = starter == MAIN or (eager and module == starter)
        dunders = _dunders(module, values, source)
        sets = (shape.bound, shape.kept, shape.assigned, shape.rebound)
        records.append(
            (module, at_once, dunders, (tuple(map(tuple, sets)), shape.star), steps)
        )
    paths = tuple(entry for entry in sys.path if isinstance(entry, str))
    start = starter, state.starter_path
    payload: Any = (start, paths, tuple(sys.argv), _log_level(), tuple(records))
    return marshal.dumps(payload), tuple(live)


def _log_level() -> int | None:
    """Return the root logger's level; None if the program has not set logging up."""
    logging = sys.modules.get("logging")
    if logging is None or not logging.root.handlers:
        return None
    level: int = logging.root.level
    return level


def _live_names(
    found: Reduction | None, shape: Shape, values: dict[str, Any]
) -> list[str]:
    """List names whose value in the live module workers must have."""
    if found is None:
        return []
    cowns = {name for name in shape.kept if is_cown(values.get(name))}
    return sorted(name for name in cowns | found.live if name in values)


def _class_cowns(
    module: str, shape: Shape, values: dict[str, Any]
) -> Iterator[tuple[str, Any]]:
    """Find the cowns that classes make when they are defined, once in each worker."""
    for name in sorted(shape.bound):
        kind = values.get(name)
        if isinstance(kind, type) and kind.__module__ == module:
            for attribute, value in list(vars(kind).items()):
                if _holds_cown(value):
                    yield f"{name}.{attribute}", value


def _holds_cown(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_cown(item) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(_holds_cown(item) for item in value)
    return is_cown(value)


def _steps(found: Reduction, live: Iterable[str]) -> tuple[tuple[Any, ...], ...]:
    """Return what workers execute: not what makes a value they get from here."""
    taken = set(live)
    return tuple(
        (step.mode, step.names, step.code)
        for step in found.steps
        if not (step.assignment and taken.issuperset(step.names))
    )


def _dunders(
    module: str, values: dict[str, Any], source: _Source | None
) -> tuple[str | None, ...]:
    """Return ``__doc__``, ``__package__``, ``__file__``, spec name and source path."""
    spec = values.get("__spec__")
    found = [values.get(name) for name in ("__doc__", "__package__", "__file__")]
    if source is not None and found[2] is None:
        found[2] = source.path
    if module != MAIN and found[1] is None:
        found[1] = module.rpartition(".")[0]
    found += [getattr(spec, "name", None), None if source is None else source.path]
    return tuple(value if isinstance(value, str) else None for value in found)
