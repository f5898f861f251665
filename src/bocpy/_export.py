"""Writes a module as the text that runs its behaviors by name."""

from __future__ import annotations

import ast
import builtins
import copy
import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from bocpy._finder import bare, free_names
from bocpy._scope import IMPORTS, WhenNames

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

__all__ = [
    "MODULE_DUNDERS",
    "BOCModuleTransformer",
    "BehaviorInfo",
    "ExportResult",
    "WhenTransformer",
    "export_main",
    "export_module",
    "export_module_from_file",
]

MODULE_DUNDERS = frozenset(
    {"__name__", "__doc__", "__package__", "__spec__", "__loader__"}
)


class BehaviorInfo(NamedTuple):
    """The exported name of a behavior and the names that it captures."""

    name: str
    captures: list[str]


class ExportResult(NamedTuple):
    """An exported module; ``behaviors`` is by the line of the ``when(...)`` call."""

    code: str
    classes: set[str]
    functions: set[str]
    behaviors: dict[int, BehaviorInfo]


class BOCModuleTransformer(ast.NodeTransformer):
    """Leaves of a module its imports, classes, functions and constants."""

    def __init__(self) -> None:
        """Start with no names."""
        self.imports: set[str] = set()
        self.classes: set[str] = set()
        self.functions: set[str] = set()
        self._when = WhenNames()

    def known_vars(self) -> set[str]:
        """Return the names that the exported module binds itself."""
        roots = {name.partition(".")[0] for name in self.imports}
        return self.classes | self.functions | self.imports | roots

    def visit_Module(self, node: ast.Module) -> ast.Module:
        """Reduce *node* in place."""
        self._when = WhenNames(node)
        node.body = [child for child in node.body if self._keeps(child)]
        return node

    def _keeps(self, node: ast.stmt) -> bool:
        if isinstance(node, IMPORTS):
            self._import(node)
        elif isinstance(node, ast.ClassDef):
            self.classes.add(node.name)
        elif isinstance(node, ast.FunctionDef):
            if self._when.call(node) is None:
                self.functions.add(node.name)
        elif isinstance(node, ast.Assign):
            return _is_constant(node)
        else:
            return False
        return True

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        names = {alias.asname or alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module == "bocpy":
            bare_names = {a.name for a in node.names if a.asname is None}
            if not bare_names & {"whencall", "*"}:
                node.names.append(ast.alias(name="whencall"))
            names.add("whencall")
            if "*" in names:
                import bocpy  # noqa: PLC0415

                names.update(getattr(bocpy, "__all__", ()))
        self.imports |= names - {"*"}


def _is_constant(node: ast.Assign) -> bool:
    if isinstance(node.value, ast.Constant):
        return True
    name = node.targets[0]
    return len(node.targets) == 1 and isinstance(name, ast.Name) and name.id.isupper()


class WhenTransformer(ast.NodeTransformer):
    """Takes behaviors out of a tree; ``whencall`` stands where they were.

    The functions taken out are in ``behavior_functions``, inner before outer.
    """

    def __init__(
        self,
        known_vars: AbstractSet[str],
        path: str | None = None,
        when: WhenNames | None = None,
    ) -> None:
        """Capture what is not among *known_vars*; ``__file__`` is that of *path*."""
        self.known_vars: set[str] = set(known_vars)
        self.behaviors: dict[int, BehaviorInfo] = {}
        self.behavior_functions: list[ast.FunctionDef] = []
        self.calls: int = 0
        self._path = None if path is None else os.path.abspath(path)  # noqa: PTH100
        self._when = when or WhenNames()
        self._class = ""
        self._inside = False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """Put the path of the source for ``__file__``."""
        if node.id == "__file__" and self._path is not None:
            return ast.copy_location(ast.Constant(self._path), node)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        """Remember the class: names of its members may be private to it."""
        outer = self._class, self._inside
        self._class, self._inside = node.name, False
        self.generic_visit(node)
        node.body = node.body or [ast.Pass()]
        self._class, self._inside = outer
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        """Look inside; the function itself is never a behavior."""
        return self._enter(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        """Take a behavior out, or look inside a plain function."""
        call = self._when.call(node)
        nested = self._inside
        self._enter(node)
        if call is None:
            return node
        info, arguments = self._take(node, call)
        if not nested:
            return None
        self.calls += 1
        site = ast.Assign(
            targets=[ast.Name(node.name, ast.Store())],
            value=ast.Call(
                func=ast.Name("whencall", ast.Load()),
                args=[
                    ast.Constant(info.name),
                    ast.Tuple(list(call.args), ast.Load()),
                    ast.Tuple(arguments, ast.Load()),
                ],
                keywords=[],
            ),
        )
        return ast.fix_missing_locations(ast.copy_location(site, node))

    def _enter(self, node: ast.AST) -> ast.AST:
        outer, self._inside = self._inside, True
        self.generic_visit(node)
        self._inside = outer
        return node

    def _take(
        self, node: ast.FunctionDef, call: ast.Call
    ) -> tuple[BehaviorInfo, list[ast.expr]]:
        """Write the function of a behavior; returns the values it is called with."""
        given = node.args
        defaults: list[ast.expr] = [*given.defaults, *filter(None, given.kw_defaults)]
        plain = bare(_mangled(node, self._class))
        names = sorted(free_names(plain) - self.known_vars - {"__file__", "whencall"})
        _extend(plain, names)
        plain.name = f"__behavior__{len(self.behavior_functions)}"
        self.behavior_functions.append(ast.fix_missing_locations(plain))
        info = BehaviorInfo(plain.name, [*map(ast.unparse, defaults), *names])
        self.behaviors[call.lineno] = info
        return info, [*defaults, *(ast.Name(name, ast.Load()) for name in names)]


def _extend(node: ast.FunctionDef, names: list[str]) -> None:
    """Append parameters for captures: keyword-only ones first, then *names*."""
    given = node.args
    extra = [*given.kwonlyargs, *(ast.arg(name) for name in names)]
    given.kwonlyargs, given.kw_defaults = [], []
    if given.vararg is None:
        given.args += extra
    elif extra:
        rest = given.vararg.arg
        inner = ", ".join([f"*{rest}", *(argument.arg for argument in extra)])
        split = ast.parse(f"[{inner}] = {rest}; {rest} = tuple({rest})")
        node.body[:0] = split.body


class _Mangler(ast.NodeTransformer):
    def __init__(self, class_name: str) -> None:
        self._prefix = "_" + class_name.lstrip("_")

    def _private(self, name: str) -> str:
        hidden = name.startswith("__") and not name.endswith("__") and "." not in name
        return self._prefix + name if hidden else name

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for field in ("id", "attr", "arg", "name"):
            value = getattr(node, field, None)
            if isinstance(value, str) and not isinstance(node, ast.keyword):
                setattr(node, field, self._private(value))
        return super().generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node


def _mangled(node: ast.FunctionDef, class_name: str) -> ast.FunctionDef:
    """Return *node* with private names as they are inside *class_name*."""
    if not class_name.strip("_"):
        return node
    mangled: ast.FunctionDef = _Mangler(class_name).visit(copy.deepcopy(node))
    return mangled


def export_module(tree: ast.Module, path: str | None = None) -> ExportResult:
    """Export a module: its behaviors become functions ``__behavior__N`` at the end."""
    when = WhenNames(tree)
    module = BOCModuleTransformer()
    module.visit(tree)
    safe = set(vars(builtins)) - MODULE_DUNDERS
    transformer = WhenTransformer(module.known_vars() | safe, path, when)
    transformer.visit(tree)
    if transformer.calls and "whencall" not in module.imports:
        place = sum(
            isinstance(s, ast.ImportFrom) and s.module == "__future__"
            for s in tree.body
        )
        names = [ast.alias(name="whencall")]
        tree.body.insert(place, ast.ImportFrom("bocpy", names, 0))
    tree.body += transformer.behavior_functions
    code = ast.unparse(ast.fix_missing_locations(tree))
    return ExportResult(code, module.classes, module.functions, transformer.behaviors)


def export_module_from_file(path: str) -> ExportResult:
    """Export the module in the file at *path*.

    Raises:
        SyntaxError: if it cannot be parsed.

    """
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        source = file.read()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError) as error:
        raise SyntaxError(f"Error parsing {path}: {error}") from error
    return export_module(tree, path)


def export_main() -> ExportResult:
    """Export the running script."""
    path: str = getattr(sys.modules["__main__"], "__file__")  # noqa: B009
    return export_module_from_file(path)
