"""The few tools on syntax trees that the start of a runtime needs.

The standard library's ``ast`` imports much that a program may not need otherwise.
"""

from __future__ import annotations

import _ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeVar

    Node = TypeVar("Node", bound=_ast.AST)

__all__ = ["changed", "imports", "parse", "placed", "walk"]

_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
_PLACE = ("lineno", "col_offset", "end_lineno", "end_col_offset")


def parse(source: str | bytes, filename: str) -> _ast.Module:
    """Parse a module; bytes may declare their encoding."""
    tree = compile(source, filename, "exec", _ast.PyCF_ONLY_AST, dont_inherit=True)
    assert isinstance(tree, _ast.Module)
    return tree


def walk(node: _ast.AST) -> Iterator[_ast.AST]:
    """Yield *node* and all below it."""
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        yield current
        for name in current._fields:
            value = getattr(current, name, None)
            children = value if isinstance(value, list) else (value,)
            pending.extend(c for c in children if isinstance(c, _ast.AST))


def imports(node: _ast.AST) -> list[_ast.Import | _ast.ImportFrom]:
    """Return the import statements below *node*, in no particular order."""
    found = []
    pending: list[Any] = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, (_ast.Import, _ast.ImportFrom)):
            found.append(current)
            continue
        for name in current._fields:
            if name in _BLOCKS:
                pending += getattr(current, name)
    return found


def placed(node: Node, place: _ast.AST) -> Node:
    """Give *node* the place of another one in the source."""
    for name in _PLACE:
        value = getattr(place, name, None)
        if value is not None:
            setattr(node, name, value)
    return node


def changed(node: Node, **fields: Any) -> Node:
    """Return a copy of *node* at its place, with some fields changed."""
    same = {name: getattr(node, name, None) for name in node._fields}
    return placed(type(node)(**{**same, **fields}), node)
