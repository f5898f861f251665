"""Stand-ins for functions, modules and classes that do not pickle by reference."""

from __future__ import annotations

import importlib
import marshal
import sys
from types import CellType, CodeType, FunctionType, ModuleType

from bocpy._modules import ALIAS, DUNDERS, MAIN, module_values, namespace
from bocpy._scan import global_use
from bocpy._shapes import shape_of
from bocpy.errors import CaptureError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    # How a bundle writes a value: by itself, or as a function of the bundle.
    Item = tuple[int, Any]

__all__ = ["portable"]

_VALUE, _FUNCTION = 0, 1


def portable(value: Any) -> Any:
    """Return what crosses in place of *value*.

    Raises:
        CaptureError: if no worker can have it.

    """
    if isinstance(value, ModuleType):
        return _Module(value)
    if isinstance(value, type):
        _check_class(value)
    elif type(value) is FunctionType and not _by_reference(value):
        return _Bundle(value)
    return value


class _Module:
    def __init__(self, module: ModuleType) -> None:
        self._name = module.__name__
        if sys.modules.get(self._name) is not module:
            raise TypeError(f"module {self._name!r} cannot be imported by workers")

    def __reduce__(self) -> tuple[Any, ...]:
        return importlib.import_module, (self._name,)


def _check_class(value: type) -> None:
    if value.__module__ in (MAIN, ALIAS) and not _bound_in_main(value.__qualname__):
        raise CaptureError(
            f"Cannot resolve capture: {value.__name__}: workers have no source of "
            "this class; define it in a module, or at the top level of the script, or "
            'use start(backend="threads")'
        )


def _bound_in_main(qualname: str) -> bool:
    shape = shape_of(MAIN)
    return qualname.partition(".")[0] in shape.bound | shape.kept


def _by_reference(func: FunctionType) -> bool:
    module = func.__module__ or MAIN
    found: Any = sys.modules.get(module)
    for part in func.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is func and (
        module not in (MAIN, ALIAS) or _bound_in_main(func.__qualname__)
    )


class _Bundle:
    """A function with those it calls in the same namespace, as code and values."""

    def __init__(self, root: FunctionType) -> None:
        self._globals = root.__globals__
        self._module = root.__module__ or MAIN
        self._places: dict[int, int] = {}
        self._functions: list[Any] = []
        self._values: dict[str, Item] = {}
        self._bound: set[str] = set()
        self._add(root)

    def _add(self, func: FunctionType) -> int:
        """Write *func* down; returns its place in the bundle."""
        if id(func) in self._places:
            return self._places[id(func)]
        place = self._places[id(func)] = len(self._functions)
        self._functions.append(None)
        self._functions[place] = (
            marshal.dumps(func.__code__),
            func.__name__,
            func.__qualname__,
            self._items(func.__defaults__),
            {k: self._item(v) for k, v in (func.__kwdefaults__ or {}).items()},
            self._items(tuple(map(_content, func.__closure__ or ()))),
        )
        use = global_use(func.__code__)
        for name in (use.loads | use.maybe).difference(DUNDERS):
            self._add_name(name)
        return place

    def _add_name(self, name: str) -> None:
        if name in self._values or name not in self._globals:
            return
        if self._module in (MAIN, ALIAS) and shape_of(MAIN).binds(name, self._globals):
            self._bound.add(name)
            return
        self._values[name] = (_VALUE, None)
        self._values[name] = self._item(self._globals[name])

    def _items(self, values: tuple[Any, ...] | None) -> tuple[Item, ...] | None:
        return None if values is None else tuple(map(self._item, values))

    def _item(self, value: Any) -> Item:
        own = type(value) is FunctionType and value.__globals__ is self._globals
        if own and not _by_reference(value):
            return _FUNCTION, self._add(value)
        return _VALUE, portable(value)

    def list_members(self) -> Iterator[tuple[str, Any]]:
        """Yield what the functions of the bundle refer to, and how."""
        for name, (kind, value) in self._values.items():
            if kind == _VALUE:
                yield f".__globals__[{name!r}]", value
        for _, name, _, defaults, kwdefaults, cells in self._functions:
            for place, items in (
                ("__defaults__", enumerate(defaults or ())),
                ("__kwdefaults__", kwdefaults.items()),
                ("__closure__", enumerate(cells)),
            ):
                for key, (kind, value) in items:
                    if kind == _VALUE:
                        yield f" -> {name}.{place}[{key!r}]", value

    def __reduce__(self) -> tuple[Any, ...]:
        dunders = {k: self._globals.get(k) for k in ("__doc__", "__package__")}
        dunders["__file__"] = self._globals.get("__file__")
        dunders["__name__"] = self._module
        return _rebuild, (
            dunders,
            tuple(sorted(self._bound)),
            self._functions,
            self._values,
        )


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        raise CaptureError(
            "Cannot resolve capture: a function refers to a variable without value"
        ) from None


def _rebuild(
    dunders: dict[str, Any],
    bound: tuple[str, ...],
    functions: list[Any],
    values: dict[str, Item],
) -> FunctionType:
    """Make the functions of a bundle in this interpreter; returns the first."""
    module = dunders["__name__"]
    home = module_values(module, "of a captured function") if bound else dunders
    own = namespace(module, home, bound)
    own.update((k, v) for k, v in dunders.items() if k not in own)
    made = []
    for code, name, qualname, _, _, cells in functions:
        body: CodeType = marshal.loads(code)  # noqa: S302
        closure = tuple(CellType() for _ in cells) if body.co_freevars else None
        func = FunctionType(body, own, name, None, closure)
        func.__qualname__ = qualname
        made.append(func)

    def read(item: Item) -> Any:
        return made[item[1]] if item[0] == _FUNCTION else item[1]

    for func, (_, _, _, defaults, kwdefaults, cells) in zip(
        made, functions, strict=True
    ):
        func.__defaults__ = None if defaults is None else tuple(map(read, defaults))
        func.__kwdefaults__ = {k: read(v) for k, v in kwdefaults.items()} or None
        for cell, item in zip(func.__closure__ or (), cells, strict=True):
            cell.cell_contents = read(item)
    own.update((name, read(item)) for name, item in values.items())
    return made[0]
