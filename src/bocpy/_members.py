"""Lists what pickle saves of an object, and how each of it is called."""

from __future__ import annotations

import copyreg
import pickle
from itertools import compress
from operator import is_, not_
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    # What makes a step of a path of a key, the key, and the member one gets to.
    Member = tuple[Callable[[Any], str], Any, Any]

__all__ = ["Members", "crosses", "kind_of"]

_PROTOCOL = 5
_LONGEST = 60  # characters of a key
_GLOBAL = (type, FunctionType, BuiltinFunctionType, ModuleType)
_PLAIN = frozenset({str, bytes, int, float, bool, type(None)})  # always cross


class Members:
    """What pickle saves of the objects of one value, but for plain members."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._ordinary: dict[type, bool] = {}
        self._globals: dict[int, object] = {}  # what crosses by name

    def of(self, value: Any) -> Iterable[Member]:
        """List the members of *value*; raises where pickle cannot go on."""
        kind = type(value)
        if kind is list or kind is tuple:
            return _items(value)
        if kind is dict:
            return _entries(value)
        if kind is set or kind is frozenset:
            return _elements(value)
        if kind not in self._ordinary:
            self._ordinary[kind] = _is_ordinary(kind)
        if self._ordinary[kind]:
            return _attributes(vars(value))
        if kind.__module__ == "bocpy._portable" and hasattr(kind, "list_members"):
            return ((str, step, member) for step, member in value.list_members())
        return self._reduced(value)

    def _reduced(self, value: Any) -> Iterable[Member]:
        """List the parts of what ``__reduce_ex__`` answers."""
        kind = type(value)
        registered = copyreg.dispatch_table.get(kind)
        if not registered and (kind is FunctionType or isinstance(value, type)):
            return self._by_name(value)
        parts = registered(value) if registered else value.__reduce_ex__(_PROTOCOL)
        if isinstance(parts, str):
            return self._by_name(value)
        made, arguments, state, listed, mapped, setter = (*parts, *[None] * 4)[:6]
        self._by_name(made)
        self._by_name(setter)
        if made in (copyreg.__newobj__, copyreg.__newobj_ex__):  # type: ignore[attr-defined]
            self._by_name(arguments[0])
            arguments = arguments[1:]
        return _parts(value, arguments, state, listed, mapped)

    def _by_name(self, value: object) -> tuple[()]:
        if id(value) not in self._globals:
            if not crosses(value):
                raise pickle.PicklingError
            self._globals[id(value)] = value
        return ()


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


class _Ordinary:
    pass


def crosses(value: object) -> bool:
    """Tell whether *value* can be pickled."""
    try:
        pickle.Pickler(_Nowhere(), _PROTOCOL).dump(value)
    except Exception:  # noqa: BLE001
        return False
    return True


def kind_of(value: object) -> str:
    """Return what an object is, for people."""
    kind = type(value)
    qualname = getattr(value, "__qualname__", None)
    if isinstance(value, _GLOBAL) and isinstance(qualname, str):
        return f"{kind.__name__} {qualname}"
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _is_ordinary(kind: Any) -> bool:
    """Tell whether pickle saves of an instance the class and the ``__dict__``."""
    return (
        kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and getattr(kind, "__getstate__", 0) is getattr(object, "__getstate__", 0)
        and not hasattr(kind, "__getnewargs__")
        and not hasattr(kind, "__getnewargs_ex__")
        and kind not in copyreg.dispatch_table
        and kind.__basicsize__ == _Ordinary.__basicsize__
        and not hasattr(kind, "__slots__")
        and kind.__itemsize__ == 0
        and crosses(kind)
    )


def _to_item(index: int) -> str:
    return f"[{index}]"


def _to_attribute(name: object) -> str:
    return f".{name}"


def _to_key(key: object) -> str:
    return f" has the key {_short(key)}"


def _to_entry(key: object) -> str:
    return f"[{_short(key)}]"


def _to_element(member: object) -> str:
    return f" has {_short(member)}"


def _short(key: object) -> str:
    if type(key) in _PLAIN:
        text = repr(key)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return kind_of(key)


def _all_plain(values: Iterable[object]) -> bool:
    return _PLAIN.issuperset(map(type, values))


def _items(values: Any, step: Callable[[int], str] = _to_item) -> Iterable[Member]:
    if _all_plain(values):
        return ()
    odd = map(not_, map(_PLAIN.__contains__, map(type, values)))
    return ((step, i, member) for i, member in compress(enumerate(values), odd))


def _entries(values: dict[Any, Any]) -> Iterable[Member]:
    if _all_plain(values) and _all_plain(values.values()):
        return ()
    return _pairs(values.items())


def _pairs(
    pairs: Iterable[tuple[Any, Any]], step: Callable[[Any], str] | None = None
) -> Iterator[Member]:
    for key, member in pairs:
        if type(key) not in _PLAIN:
            yield _to_key, key, key
        if type(member) not in _PLAIN:
            yield step or _to_entry, key, member


def _attributes(values: dict[Any, Any]) -> Iterable[Member]:
    return () if _all_plain(values.values()) else _pairs(values.items(), _to_attribute)


def _elements(values: Iterable[Any]) -> Iterator[Member]:
    return ((_to_element, m, m) for m in values if type(m) not in _PLAIN)


def _parts(
    value: object, arguments: Any, state: Any, listed: Any, mapped: Any
) -> Iterator[Member]:
    if isinstance(value, tuple) and _same(arguments, value):
        yield from _fields(value)
    else:
        for i, argument in enumerate(arguments):
            yield from _argument(value, i, argument)
    for i, member in enumerate(listed or ()):
        if type(member) not in _PLAIN:
            yield _to_item, i, member
    yield from _pairs(mapped or ())
    yield from _state(value, state)


def _argument(value: Any, i: int, argument: Any) -> Iterable[Member]:
    """List an argument, or its members where they are those of *value*."""
    kind = type(argument)
    if kind in _PLAIN:
        return ()
    if kind is tuple and isinstance(value, tuple) and _same(argument, value):
        return _fields(value)
    if kind is list and isinstance(value, (set, frozenset)):
        return _elements(argument)
    if (
        kind is dict
        and isinstance(value, dict)
        and len(argument) == dict.__len__(value)
    ):
        return _entries(argument)
    return [(_to_argument, (value, i, argument), argument)]


def _same(items: tuple[Any, ...], value: tuple[Any, ...]) -> bool:
    mine = tuple.__iter__(value)
    return len(items) == tuple.__len__(value) and all(map(is_, items, mine))


def _fields(value: tuple[Any, ...]) -> Iterable[Member]:
    items = tuple(tuple.__iter__(value))
    names = getattr(type(value), "_fields", ())
    named = type(names) is tuple and len(names) == len(items)
    return _items(items, (lambda i: f".{names[i]}") if named else _to_item)


def _state(value: object, state: Any) -> Iterator[Member]:
    parts = state if type(state) is tuple and len(state) == 2 else (state,)  # noqa: PLR2004
    if all(part is None or type(part) is dict for part in parts):
        for part in parts:
            yield from _attributes(part or {})
    elif type(state) in (list, tuple):
        for _, i, member in _items(state):
            yield _to_state, (value, member, f"[{i}]"), member
    elif type(state) not in _PLAIN:
        yield _to_state, (value, state, ""), state


def _to_argument(place: tuple[Any, int, object]) -> str:
    value, i, argument = place
    if isinstance(value, BaseException):
        given: tuple[Any, ...] = vars(BaseException)["args"].__get__(value)
        if i < len(given) and given[i] is argument:
            return f".args[{i}]"
    attribute = _attribute(value, argument)
    return f".{attribute}" if attribute else f"<argument {i}>"


def _to_state(place: tuple[Any, object, str]) -> str:
    value, member, where = place
    attribute = _attribute(value, member)
    return f".{attribute}" if attribute else f".__getstate__(){where}"


def _attribute(value: Any, member: object) -> str | None:
    """Return under which name *value* holds *member*; runs no code of the user."""
    held = {
        key: slot
        for kind in reversed(type(value).__mro__)
        for key, slot in vars(kind).items()
        if isinstance(slot, (MemberDescriptorType, GetSetDescriptorType))
    }
    for key, slot in held.items():
        try:
            if slot.__get__(value) is member:
                return key
        except AttributeError:
            continue
    names = held.get("__dict__") and vars(value)
    return next((k for k, v in (names or {}).items() if v is member), None)
