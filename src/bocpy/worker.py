"""What a worker interpreter does before its first behavior.

Importing this module runs nothing. Every worker interpreter calls :func:`prepare_main`
with the payload that ``_starting.describe_main`` made in the primary, :func:`bind_live`
for each live value that loads before the program is there, :func:`load_main`, and
:func:`bind_live` for the others. Workers that are threads of the primary's interpreter
call none of them.
"""

from __future__ import annotations

import builtins
import marshal
import sys

from bocpy._lazy import importing
from bocpy._modules import (
    ALIAS,
    MAIN,
    Shape,
    explain,
    main_label,
    module_values,
    state,
)
from bocpy.errors import BehaviorResolveError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, ModuleType
    from typing import Any

__all__ = [
    "bind_live",
    "find_thunk",
    "has_thunk",
    "load_main",
    "prepare_main",
]

# The modes of a step, see _reduce.
_IMPORTING, _MIXED = 0, 1

# By start: the module that started, its path, and its exported behaviors by name.
_thunks: dict[tuple[str | None, str | None], dict[str, Any]] = {}
_at_once: dict[str, _Loader] = {}  # what load_main() loads
_pending: dict[str, dict[str, Any]] = {}  # live values, by module, until that is loaded


def prepare_main(payload: bytes) -> None:
    """Make this interpreter a worker of the program that *payload* describes."""
    starter, paths, argv, (level, listener), records = marshal.loads(payload)  # noqa: S302
    sys.path[:] = paths
    sys.argv = list(argv)
    if level is not None:
        import logging  # noqa: PLC0415

        logging.basicConfig(level=level)
    state.worker = True
    state.listener = listener
    state.starter, state.starter_path = starter
    sys.modules[ALIAS] = sys.modules[MAIN]
    for record in records:
        module, at_once, dunders, shape, steps = record
        state.shapes[module] = Shape(*shape[0], star=shape[1])
        loader = _Loader(module, dunders, steps)
        if module == MAIN:
            loader.dress(sys.modules[MAIN])
        if at_once:
            _at_once[module] = loader
        else:
            state.loaders[module] = loader
            if module == MAIN:
                vars(sys.modules[MAIN])["__getattr__"] = loader.attribute


def load_main() -> None:
    """Load what the program needs from the start.

    Raises:
        BehaviorResolveError: if a module does not load; the text names the module and
            the reason, ``__cause__`` is the original error.

    """
    for module in list(_at_once):
        try:
            _at_once[module]()
        except Exception as error:
            raise BehaviorResolveError(
                f"worker bootstrap failed loading user module {module!r}: "
                f"{explain(error)}"
            ) from error
        del _at_once[module]


def bind_live(module: str, name: str, value: Any) -> None:
    """Give *name*, or an attribute of a class, the value that it has in the primary."""
    if module in state.loaders or module in _at_once:
        _pending.setdefault(module, {})[name] = value
    else:
        _bind(vars(sys.modules[module]), {name: value})


def _bind(values: dict[str, Any], live: dict[str, Any]) -> None:
    for name, value in live.items():
        owner, _, attribute = name.partition(".")
        if not attribute:
            values[name] = value
        elif isinstance(values.get(owner), type):
            type.__setattr__(values[owner], attribute, value)


def has_thunk(name: str) -> bool:
    """Tell whether the starting module, exported, has a behavior called *name*."""
    return name in _exported()


def find_thunk(name: str) -> Any:
    """Return the exported behavior *name* of the starting module.

    Raises:
        AttributeError: if there is none.

    """
    try:
        return _exported()[name]
    except KeyError:
        raise AttributeError(
            f"module {state.starter!r} has no behavior {name!r}"
        ) from None


def _exported() -> dict[str, Any]:
    start = state.starter, state.starter_path
    if start not in _thunks:
        _thunks[start] = {} if start[1] is None else _export(start[0] or MAIN, start[1])
    return _thunks[start]


def _export(module: str, path: str) -> dict[str, Any]:
    """Make the exported behaviors of a module, beside what it binds here."""
    import ast  # noqa: PLC0415

    from bocpy import behaviors, transpiler  # noqa: PLC0415

    exported = transpiler.export_module_from_file(path)
    names = {info.name for info in exported.behaviors.values()}
    tree = ast.parse(exported.code)
    tree.body = [node for node in tree.body if getattr(node, "name", "") in names]
    space = {**module_values(module, "of exported behaviors")}
    space["whencall"] = behaviors.whencall
    code = compile(tree, main_label(module, path), "exec", dont_inherit=True)
    exec(code, space)  # noqa: S102
    return {name: space[name] for name in names}


def _typed_in(name: str) -> Any:
    """Stand in for what a ``__main__`` that has no source lacks in a worker."""
    raise AttributeError(
        f"module '__main__' has no attribute {name!r} in this worker: what is typed in "
        "stays in the main interpreter. Define it in a module that can be imported, or "
        'use start(backend="threads")'
    )


class _Loader:
    """Brings one module of the program into this interpreter."""

    def __init__(
        self,
        module: str,
        dunders: tuple[str | None, ...],
        steps: tuple[tuple[int, tuple[str, ...], CodeType], ...] | None,
    ) -> None:
        self._module = module
        self._dunders = dunders
        self._steps = steps

    def __call__(self) -> None:
        live = _pending.get(self._module, {})
        if self._steps is None:
            import importlib  # noqa: PLC0415

            module = importlib.import_module(self._module)
        elif self._module == MAIN:
            module = sys.modules[MAIN]
            vars(module).pop("__getattr__", None)
            self._run(vars(module), self._steps, live)
            if self._dunders[-1] is None:
                vars(module)["__getattr__"] = _typed_in
        else:
            module = self._fresh(self._steps, live)
        _bind(vars(module), live)
        _pending.pop(self._module, None)

    def attribute(self, name: str) -> Any:
        """Stand in for an attribute of ``__main__`` until its first use loads it."""
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module '__main__' has no attribute {name!r}")
        state.loaders.pop(MAIN, None)
        self()
        return getattr(sys.modules[MAIN], name)

    def _fresh(
        self,
        steps: tuple[tuple[int, tuple[str, ...], CodeType], ...],
        live: dict[str, Any],
    ) -> ModuleType:
        module = type(sys)(self._module)
        self.dress(module)
        sys.modules[self._module] = module
        try:
            self._run(vars(module), steps, live)
        except BaseException:
            del sys.modules[self._module]
            raise
        return module

    def dress(self, module: ModuleType) -> None:
        """Give *module* the dunders of the user's module."""
        doc, package, file, spec, path = self._dunders
        values = vars(module)
        values["__doc__"] = doc
        values["__package__"] = package
        if file is not None:
            values["__file__"] = file
        if path is not None:
            import importlib.machinery as machinery  # noqa: PLC0415, PLR0402 - see _lazy

            # Tracebacks get source lines from the loader, under the name that
            # goes with it.
            values["__loader__"] = machinery.SourceFileLoader(self._module, path)
            if spec is not None:
                loader = machinery.SourceFileLoader(spec, path)
                values["__spec__"] = machinery.ModuleSpec(spec, loader, origin=path)

    def _run(
        self,
        values: dict[str, Any],
        steps: tuple[tuple[int, tuple[str, ...], CodeType], ...],
        live: dict[str, Any],
    ) -> None:
        # Classes and functions may use live values where they are defined.
        values.update((name, value) for name, value in live.items() if "." not in name)
        for mode, names, code in steps:
            self._step(values, mode, names, code)

    def _step(
        self, values: dict[str, Any], mode: int, names: tuple[str, ...], code: CodeType
    ) -> None:
        usual = values.setdefault("__builtins__", vars(builtins))
        if mode == _IMPORTING:
            values["__builtins__"] = importing()
        try:
            exec(code, values)  # noqa: S102
        except Exception as error:
            if mode == _IMPORTING or (
                mode == _MIXED and isinstance(error, ImportError)
            ):
                raise
            self._note(names, error)
        finally:
            values["__builtins__"] = usual

    def _note(self, names: tuple[str, ...], error: Exception) -> None:
        """Keep why *names* have no value, for whoever misses one."""
        why = f"of module {self._module!r} stays unbound in this worker: "
        why += explain(error)
        state.unbound.update((name, f"{name} {why}") for name in names)
        if "logging" in sys.modules:
            import logging  # noqa: PLC0415

            logging.getLogger("worker").debug("%s %s", ", ".join(names), why)
