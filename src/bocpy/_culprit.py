"""Finds the member of a value that does not cross."""

from __future__ import annotations

import copyreg
import pickle
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    ModuleType,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    # How a member is reached from its owner, and the member.
    Step = tuple[str, Any]

__all__ = ["name"]

_PROTOCOL = 5
_LONGEST = 60  # characters of a key
_GLOBAL = (type, FunctionType, BuiltinFunctionType, ModuleType)
_PLAIN = (str, bytes, int, float, type(None))


def name(error: Exception, value: object, what: str) -> None:
    """Let *error* tell where in *value*, called *what*, the culprit is."""
    if isinstance(error, (MemoryError, RecursionError)):
        return
    path, culprit = _find(value, what)
    told = f"{path}: {_kind(culprit)} does not cross"
    if hasattr(error, "add_note"):
        error.add_note(told)
    elif len(error.args) == 1:
        error.args = (f"{error.args[0]}; {told}",)


def _find(value: Any, path: str) -> Step:
    """Descend to a member that does not cross although all its members do."""
    seen: list[object] = []
    while not any(value is former for former in seen):
        seen.append(value)
        for step, member in _members(value):
            if not _crosses(member):
                path, value = path + step, member
                break
    return path, value


class _Nowhere:
    def write(self, data: bytes) -> int:
        return len(data)


def _crosses(value: object) -> bool:
    try:
        pickle.Pickler(_Nowhere(), _PROTOCOL).dump(value)
    except Exception:  # noqa: BLE001
        return False
    return True


def _kind(value: object) -> str:
    kind = type(value)
    qualname = getattr(value, "__qualname__", None)
    if isinstance(value, _GLOBAL) and isinstance(qualname, str):
        return f"{kind.__name__} {qualname}"
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def _members(value: Any) -> Iterator[Step]:
    """Yield what pickle would save of *value*."""
    kind = type(value)
    if kind in (list, tuple):
        yield from _items(value)
    elif kind is dict:
        yield from _entries(value.items())
    elif kind in (set, frozenset):
        yield from ((f" has {_short(member)}", member) for member in value)
    elif hasattr(kind, "list_members"):
        yield from value.list_members()
    elif not isinstance(value, (*_GLOBAL, *_PLAIN)):
        yield from _reduced(value)


def _items(values: Any) -> Iterator[Step]:
    return ((f"[{i}]", member) for i, member in enumerate(values))


def _entries(pairs: Any) -> Iterator[Step]:
    for key, member in pairs:
        yield f" has the key {_short(key)}", key
        yield f"[{_short(key)}]", member


def _short(key: object) -> str:
    if type(key) in _PLAIN:
        text = repr(key)
        return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
    return _kind(key)


def _reduced(value: Any) -> Iterator[Step]:
    """Yield the parts of what ``__reduce_ex__`` answers."""
    try:
        registered = copyreg.dispatch_table.get(type(value))
        parts = registered(value) if registered else value.__reduce_ex__(_PROTOCOL)
        if not isinstance(parts, tuple):
            return
        made, arguments, state, listed, mapped = (*parts, None, None, None)[:5]
        if made in (copyreg.__newobj__, copyreg.__newobj_ex__):  # type: ignore[attr-defined]
            arguments = arguments[1:]
    except Exception:  # noqa: BLE001 - then it is the culprit itself
        return
    yield from _arguments(value, arguments)
    yield from _items(listed or ())
    yield from _entries(mapped or ())
    yield from _state(state)


def _arguments(value: Any, arguments: tuple[Any, ...]) -> Iterator[Step]:
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        names = [f".{f}" for f in fields] if fields else None
        for i, member in enumerate(value):
            yield names[i] if names else f"[{i}]", member
    elif isinstance(value, BaseException):
        yield from ((f".args[{i}]", member) for i, member in enumerate(arguments))
    else:
        for i, member in enumerate(arguments):
            attribute = _attribute(value, member)
            yield f".{attribute}" if attribute else f"<argument {i}>", member


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


def _state(state: Any) -> Iterator[Step]:
    parts = state if type(state) is tuple and len(state) == 2 else (state,)  # noqa: PLR2004
    if all(part is None or type(part) is dict for part in parts):
        for part in parts:
            yield from ((f".{key}", member) for key, member in (part or {}).items())
    else:
        yield ".__getstate__()", state
