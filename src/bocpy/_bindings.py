"""Writes a module as the text of its bindings only."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from bocpy._scope import FUNCTIONS, IMPORTS, WhenNames, binds_names

if TYPE_CHECKING:
    from types import ModuleType

__all__ = [
    "MainBindings",
    "MainModuleBinder",
    "bind_file",
    "bind_live_module",
    "bind_main",
    "bind_module",
]

# Modules of an interactive session that nothing outside of it can use.
_CONSOLE = frozenset({"readline", "rlcompleter"})


class MainBindings(NamedTuple):
    """The text that makes a module's bindings, and the names it defines."""

    code: str
    classes: set[str]
    functions: set[str]


class MainModuleBinder(ast.NodeTransformer):
    """Leaves of a module the statements that bind its names."""

    def __init__(self) -> None:
        """Start with no names but ``when``."""
        self.imports: set[str] = set()
        self.classes: set[str] = set()
        self.functions: set[str] = set()
        self._names = WhenNames()
        self.when_aliases: set[str] = self._names.functions
        self.bocpy_module_aliases: set[str] = self._names.modules

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Reduce *node* in place."""
        for child in node.body:
            self._names.read(child)
        node.body = [child for child in node.body if self._keeps(child)]
        return node

    def _keeps(self, node: ast.stmt) -> bool:
        if isinstance(node, IMPORTS):
            self.imports.update(a.asname or a.name for a in node.names)
            return True
        if isinstance(node, ast.ClassDef):
            self.classes.add(node.name)
            return True
        if isinstance(node, FUNCTIONS):
            if self._names.call(node) is not None:
                return False
            self.functions.add(node.name)
            return True
        if isinstance(node, ast.AnnAssign):
            return isinstance(node.target, ast.Name)
        return isinstance(node, ast.Assign) and _binds(node)


def _binds(node: ast.Assign) -> bool:
    if isinstance(node.value, ast.Constant):
        return binds_names(node)
    target = node.targets[0]
    if len(node.targets) > 1:
        return False
    if isinstance(target, (ast.Tuple, ast.List)):
        return all(isinstance(item, ast.Name) for item in target.elts)
    return isinstance(target, ast.Name)


def bind_module(tree: ast.Module) -> MainBindings:
    """Reduce a syntax tree to its bindings."""
    binder = MainModuleBinder()
    binder.visit(tree)
    return MainBindings(ast.unparse(tree), binder.classes, binder.functions)


def bind_file(path: str) -> MainBindings:
    """Reduce the module in the file at *path*.

    Raises:
        SyntaxError: if it cannot be parsed.

    """
    try:
        tree = ast.parse(Path(path).read_bytes(), path)
    except (SyntaxError, ValueError) as error:
        raise SyntaxError(f"Error parsing {path}: {error}") from error
    return bind_module(tree)


def bind_live_module(module: ModuleType) -> MainBindings:
    """Write imports of the modules that a module without source refers to."""
    lines = []
    for key, value in list(vars(module).items()):
        if not issubclass(type(value), type(sys)):  # proxies may not tell __class__
            continue
        name = getattr(value, "__name__", None)
        if (
            not isinstance(name, str)
            or not isinstance(key, str)
            or not key.isidentifier()
            or (key.startswith("__") and key.endswith("__"))
            or not all(part.isidentifier() for part in name.split("."))
            or name in _CONSOLE
        ):
            continue
        what = f"import {name}" if name == key else f"import {name} as {key}"
        lines.append(f"try:\n    {what}\nexcept ImportError:\n    pass\n")
    return MainBindings("".join(lines), set(), set())


def bind_main(module_name: str = "__main__") -> MainBindings:
    """Reduce a loaded module, by its source if it has one."""
    module = sys.modules.get(module_name, sys.modules["__main__"])
    path = getattr(module, "__file__", None)
    if isinstance(path, str) and Path(path).is_file():
        return bind_file(path)
    return bind_live_module(module)
