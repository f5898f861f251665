"""Names at the top level of a module: who binds them, and what is a behavior."""

from __future__ import annotations

import _ast as ast

from bocpy._scan import assigned_names, global_use
from bocpy._tree import imports, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType
    from typing import TypeGuard

__all__ = [
    "Names",
    "WhenNames",
    "definitions",
    "guards_main",
    "is_literal",
    "targets",
]

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (*FUNCTIONS, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
TRIES: tuple[type[ast.stmt], ...] = (ast.Try, getattr(ast, "TryStar", ast.Try))
ALIASES: tuple[type[ast.stmt], ...] = (
    (getattr(ast, "TypeAlias"),) if hasattr(ast, "TypeAlias") else ()  # noqa: B009
)


def imports_from_bocpy(node: ast.AST) -> TypeGuard[ast.ImportFrom]:
    """Tell whether *node* is ``from bocpy import ...``, or from a module of it."""
    if not isinstance(node, ast.ImportFrom) or node.level:
        return False
    return (node.module or "").partition(".")[0] == "bocpy"


class WhenNames:
    """The spellings of ``when`` that a module's imports introduce."""

    def __init__(self, tree: ast.AST | None = None) -> None:
        """Start with the bare ``when``; read the imports below *tree*, if given."""
        self.functions: set[str] = {"when"}
        self.modules: set[str] = set()
        for node in imports(tree) if tree is not None else ():
            self.read(node)

    def read(self, node: ast.AST) -> None:
        """Take note of one import statement."""
        if imports_from_bocpy(node):
            self.functions.update(
                a.asname or a.name for a in node.names if a.name == "when"
            )
        elif isinstance(node, ast.Import):
            self.modules.update(
                a.asname or "bocpy"
                for a in node.names
                if a.name == "bocpy" or (a.name.startswith("bocpy.") and not a.asname)
            )

    def matches(self, decorator: ast.expr) -> bool:
        """Tell whether *decorator* is a call of ``when``."""
        if not isinstance(decorator, ast.Call):
            return False
        func = decorator.func
        if isinstance(func, ast.Name):
            return func.id in self.functions
        return (
            isinstance(func, ast.Attribute)
            and func.attr == "when"
            and isinstance(func.value, ast.Name)
            and func.value.id in self.modules
        )

    def call(self, node: ast.AST) -> ast.Call | None:
        """Return the ``when(...)`` among the decorators of *node*, if it has one."""
        for decorator in getattr(node, "decorator_list", ()):
            if self.matches(decorator):
                found: ast.Call = decorator
                return found
        return None


class Names:
    """Names that a module's source assigns, and those its functions rebind."""

    __slots__ = ("assigned", "rebound", "star")

    def __init__(self, code: CodeType, tree: ast.Module) -> None:
        """Read the names of a compiled module."""
        self.assigned: frozenset[str] = assigned_names(code)
        self.rebound: frozenset[str] = global_use(code).stores
        self.star: bool = any(
            isinstance(node, ast.ImportFrom) and node.names[0].name == "*"
            for node in imports(tree)
        )


def guards_main(test: ast.expr) -> bool:
    """Tell whether *test* asks if the module is the program, alone or in an ``and``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(guards_main(value) for value in test.values)
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1):
        return False
    sides = (test.left, test.comparators[0])
    return any(isinstance(s, ast.Name) and s.id == "__name__" for s in sides) and any(
        isinstance(s, ast.Constant) and s.value == "__main__" for s in sides
    )


def is_literal(node: ast.expr | None) -> bool:
    """Tell whether evaluating *node* needs no name at all."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return all(is_literal(item) for item in node.elts)
    if isinstance(node, ast.Dict):
        keys = [key for key in node.keys if key is not None]
        return len(keys) == len(node.keys) and all(map(is_literal, keys + node.values))
    if isinstance(node, ast.UnaryOp):
        return is_literal(node.operand)
    if isinstance(node, ast.BinOp):
        return is_literal(node.left) and is_literal(node.right)
    return False


def targets(statement: ast.stmt) -> set[str]:
    """Return the plain names that an assignment binds."""
    if isinstance(statement, ast.Assign):
        nodes = statement.targets
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        nodes = [statement.target]
    else:
        return set()
    return {
        name.id
        for node in nodes
        for name in walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    }


def binds_names(statement: ast.Assign) -> bool:
    """Tell whether an assignment binds names only: no attribute, no item."""
    return not any(
        isinstance(node, (ast.Attribute, ast.Subscript))
        for target in statement.targets
        for node in walk(target)
    )


def blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the statement lists of a compound statement that runs in its module."""
    if isinstance(statement, (*DEFINITIONS, *ALIASES)):
        return
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if block:
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body


def definitions(statements: Iterable[ast.stmt], when: WhenNames) -> Iterator[str]:
    """Yield the names bound by imports, functions, classes and type aliases."""
    for statement in statements:
        if isinstance(statement, IMPORTS):
            for alias in statement.names:
                name = alias.asname or alias.name
                yield name if alias.asname else name.partition(".")[0]
        elif isinstance(statement, DEFINITIONS):
            if when.call(statement) is None:
                yield statement.name
        elif isinstance(statement, ALIASES):
            yield getattr(statement, "name").id  # noqa: B009
        for block in blocks(statement):
            yield from definitions(block, when)
