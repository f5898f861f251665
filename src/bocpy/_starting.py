"""Prepares, in the primary, what workers need of the program's modules."""

from __future__ import annotations

import marshal
import sys
from types import ModuleType

from bocpy._modules import ALIAS, MAIN, Shape, is_cown, state
from bocpy._shapes import find_source, importable, module_shape, reduction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from bocpy._reduce import Reduction
    from bocpy._shapes import Source

__all__ = ["describe_main"]


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

    Also loads what the first ``@when`` needs: workers are only starting.

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
    source = find_source(starter, path)
    state.starter = starter
    state.starter_path = None if source is None else source.path
    records = []
    live: list[tuple[str, str, Any]] = []
    for module in dict.fromkeys((MAIN, starter)):
        source = find_source(module, path if module == starter else None)
        found = None if source is None else reduction(module, source)
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
            and (module == MAIN or not importable(module, source.path))
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
    logs = _log_level(), state.listener
    payload: Any = (start, paths, tuple(sys.argv), logs, tuple(records))
    import bocpy._plan  # noqa: F401, PLC0415

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
        if issubclass(type(kind), type) and kind.__module__ == module:
            for attribute, value in list(vars(kind).items()):
                if _holds_cown(value):
                    yield f"{name}.{attribute}", value


def _holds_cown(value: Any) -> bool:
    kind = type(value)  # proxies may fail to tell their __class__
    if issubclass(kind, dict):
        return any(_holds_cown(item) for item in value.values())
    if issubclass(kind, (list, tuple, set, frozenset)):
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
    module: str, values: dict[str, Any], source: Source | None
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
