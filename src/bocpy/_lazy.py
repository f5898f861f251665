"""Imports of the standard library that wait until a worker first uses the module.

After ``importlib.util.LazyLoader``, which itself needs more modules than it spares.
"""

from __future__ import annotations

import builtins
import os
import sys
from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType
    from typing import Any
else:
    ModuleType = type(sys)

__all__ = ["importing"]

_STDLIB = os.path.dirname(os.__file__)  # noqa: PTH120


def importing() -> dict[str, Any]:
    """Return builtins under which ``import name`` binds a module that loads itself.

    Only for modules written in Python that come with it: what else a program imports
    may do something when it loads, or refuse to load, and must do so at once.
    """
    return {**vars(builtins), "__import__": _import}


def _import(
    name: str,
    names: Mapping[str, object] | None = None,
    local: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    plain = not fromlist and level == 0 and "." not in name
    if plain and name not in sys.modules and name in sys.stdlib_module_names:
        found = _unloaded(name)
        if found is not None:
            return found
    return __import__(name, names, local, fromlist, level)


def _unloaded(name: str) -> ModuleType | None:
    # `from importlib.machinery import` would import `warnings`, on CPython 3.14.
    import importlib.machinery as machinery  # noqa: PLC0415, PLR0402
    from importlib._bootstrap import module_from_spec  # noqa: PLC0415

    spec = machinery.PathFinder.find_spec(name)
    if spec is None or not isinstance(spec.loader, machinery.SourceFileLoader):
        return None
    origin = os.path.dirname(spec.origin or "")  # noqa: PTH120
    if origin not in (_STDLIB, os.path.join(_STDLIB, name)):  # noqa: PTH118
        return None
    module: ModuleType = module_from_spec(spec)
    spec.loader_state = _State()
    _plain_set(module, "__class__", _Unloaded)
    sys.modules[name] = module
    return module


_plain_get = ModuleType.__getattribute__
_plain_set = ModuleType.__setattr__


class _State:
    """How far a module has come; *begun* changes under *lock*."""

    __slots__ = ("begun", "lock")

    def __init__(self) -> None:
        self.lock = RLock()
        self.begun = False


class _Unloaded(ModuleType):
    """A module that is executed when something is asked of it.

    Other threads wait for that; what the module asks of itself meanwhile finds what
    it has by then.
    """

    def __getattribute__(self, name: str) -> Any:
        _load(self)
        return _plain_get(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        _load(self)
        _plain_set(self, name, value)

    def __delattr__(self, name: str) -> None:
        _load(self)
        ModuleType.__delattr__(self, name)


def _load(module: ModuleType) -> None:
    spec = _plain_get(module, "__spec__")
    state: _State = spec.loader_state
    with state.lock:
        if state.begun:
            return
        state.begun = True
        try:
            spec.loader.exec_module(module)
        except BaseException:
            state.begun = False
            raise
        _plain_set(module, "__class__", ModuleType)
