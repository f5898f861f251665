"""Free names of a behavior in source form, as the compiler scopes them."""

from __future__ import annotations

import ast
import copy

from bocpy._scan import global_use
from bocpy._scope import FUNCTIONS, WhenNames

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from typing import Any

__all__ = ["CapturedVariableFinder", "bare", "free_names"]


class CapturedVariableFinder(ast.NodeVisitor):
    """Collects in ``captured_vars`` what the behaviors it visits take from outside.

    A nested plain function is opaque; a nested behavior hands its own captures on.
    """

    def __init__(self, known_vars: AbstractSet[str]) -> None:
        """Leave out *known_vars*, the names that every worker has."""
        self.known_vars: set[str] = set(known_vars)
        self.captured_vars: set[str] = set()

    def clear(self) -> None:
        """Forget what was found."""
        self.captured_vars.clear()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Add the captures of one function."""
        opaque = _Opaque(WhenNames())
        plain = bare(node)
        plain.body = [opaque.visit(child) for child in plain.body]
        self.captured_vars |= free_names(plain) - self.known_vars


class _Opaque(ast.NodeTransformer):
    """Empties nested plain functions; leaves of ``@when`` only its arguments."""

    def __init__(self, when: WhenNames) -> None:
        self._when = when

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        call = self._when.call(node)
        if call is None:
            node.body = [ast.copy_location(ast.Pass(), node)]
            return node
        self.generic_visit(node)
        used: list[ast.expr] = [*call.args, *(k.value for k in call.keywords)]
        arguments = ast.Tuple(elts=used, ctx=ast.Load())
        node.decorator_list = [ast.copy_location(arguments, call)]
        return node


def bare(node: ast.FunctionDef) -> ast.FunctionDef:
    """Return a copy without decorators, annotations and defaults."""
    plain: Any = copy.copy(node)
    plain.args = copy.deepcopy(node.args)
    plain.body = copy.deepcopy(node.body)
    plain.decorator_list = []
    plain.returns = None
    plain.args.defaults = []
    plain.args.kw_defaults = [None for _ in plain.args.kwonlyargs]
    given = plain.args
    for argument in (
        *given.posonlyargs,
        *given.args,
        *given.kwonlyargs,
        *filter(None, (given.vararg, given.kwarg)),
    ):
        argument.annotation = None
    plain.body = [kept for child in plain.body if (kept := _local(child)) is not None]
    plain.body = plain.body or [ast.copy_location(ast.Pass(), node)]
    fixed: ast.FunctionDef = plain
    return fixed


class _Unbind(ast.NodeTransformer):
    def visit_Nonlocal(self, node: ast.Nonlocal) -> ast.AST:
        return ast.copy_location(ast.Pass(), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return node

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return node


def _local(statement: ast.stmt) -> ast.stmt:
    """Make a ``nonlocal`` name of the behavior its own: the value is a copy."""
    found: ast.stmt = (
        statement
        if isinstance(statement, (*FUNCTIONS, ast.ClassDef))
        else _Unbind().visit(statement)
    )
    return found


def free_names(node: ast.FunctionDef) -> set[str]:
    """Return the names that a function reads from around it."""
    tree = ast.fix_missing_locations(ast.Module([node], []))
    code = compile(tree, "<behavior>", "exec", dont_inherit=True)
    use = global_use(code)
    return {name for name in use.loads | use.maybe if name not in use.stores}
