"""Reduces a module to what its behaviors need in a worker.

Kept are imports, classes, functions and constants, also below top-level ``if``,
``try`` and ``with``; other assignments when something kept needs their name. Each
statement is compiled by itself from its syntax tree, so lines stay those of the file.
"""

from __future__ import annotations
import __future__

import _ast as ast

from bocpy._scan import assigned_names, global_use
from bocpy._scope import (
    ALIASES,
    DEFINITIONS,
    FUNCTIONS,
    IMPORTS,
    TRIES,
    Names,
    WhenNames,
    blocks,
    definitions,
    guards_main,
    imports_from_bocpy,
    is_literal,
    targets,
)
from bocpy._tree import changed, imports, parse, placed, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import CodeType
    from typing import Any

    from bocpy._scan import GlobalUse

__all__ = ["GUARDED", "IMPORTING", "MIXED", "Reduction", "Step", "reduce_source"]

IMPORTING = 0  # any failure ends the start of the worker
MIXED = 1  # an ImportError does; anything else leaves names unbound
GUARDED = 2  # a failure leaves the names unbound

_COMPOUND = (ast.If, ast.With, *TRIES)
_FUTURES = 0
for _feature in __future__.all_feature_names:
    _FUTURES |= getattr(__future__, _feature).compiler_flag

# What bocpy offers that is harmless to evaluate once per worker.
_INERT = frozenset(
    {"Matrix", "MatrixView", "REMOVED", "TIMEOUT", "WORKER_COUNT", "__version__"}
)
# Calls of these make classes that pickles refer to by module and name.
_FACTORIES = frozenset(
    {
        "Enum",
        "Flag",
        "IntEnum",
        "IntFlag",
        "NamedTuple",
        "NewType",
        "StrEnum",
        "TypedDict",
        "make_dataclass",
        "namedtuple",
        "new_class",
    }
)


class Step:
    """One statement of the reduction."""

    __slots__ = ("assignment", "code", "mode", "names")

    def __init__(self, statement: ast.stmt, code: CodeType) -> None:
        """Take a statement that workers execute."""
        self.mode = _mode(statement)
        self.assignment = isinstance(statement, ast.Assign)
        self.names = tuple(sorted(assigned_names(code)))
        self.code = code


class Reduction:
    """What a worker executes, and what it leaves to the values of the live module.

    Attributes:
        steps: what workers execute, in order.
        lines: the same as syntax trees.
        bound: names bound by import, def, class.
        kept: names bound by an assignment.
        live: names that are needed and that only the live module has.
        names: the names of the whole module.

    """

    __slots__ = ("bound", "kept", "lines", "live", "names", "steps")

    def __init__(
        self,
        lines: list[ast.stmt],
        steps: list[Step],
        bound: frozenset[str],
        names: Names,
    ) -> None:
        """Take the kept statements of a module."""
        self.lines: list[ast.stmt] = lines
        self.steps: list[Step] = steps
        self.bound: frozenset[str] = bound
        self.names: Names = names
        self.kept: frozenset[str] = (
            frozenset(n for step in steps for n in step.names) - bound
        )
        self.live: frozenset[str] = frozenset()


class _Reducer:
    def __init__(self, tree: ast.Module, label: str, names: Names) -> None:
        self._tree = tree
        self._label = label
        self._names = names
        self._when = WhenNames(tree)
        self._flags = 0
        # By identity of a source statement: its kept form; by that of a kept
        # statement: its code. The statements themselves keep identities unique.
        self._forms: dict[int, tuple[ast.stmt, ast.stmt]] = {}
        self._codes: dict[int, tuple[ast.stmt, CodeType]] = {}
        self._uses: dict[tuple[int, bool], GlobalUse] = {}  # of compiled statements
        self._needed: set[str] = set()
        self._touched: set[str] = set()
        for statement in tree.body:
            if getattr(statement, "module", None) == "__future__":
                self._flags |= self._compile(statement).co_flags & _FUTURES
        self._tainted = self._find_tainted()

    def run(self) -> Reduction:
        kept, codes = self._settle()
        steps = list(map(Step, kept, codes))
        bound = frozenset(definitions(kept, self._when))
        found = Reduction(kept, steps, bound, self._names)
        wanted = (self._needed & self._names.assigned) - bound
        found.live = frozenset(wanted - (found.kept - self._touched))
        return found

    def _settle(self) -> tuple[list[ast.stmt], list[CodeType]]:
        """Add what the kept statements need until nothing more is needed."""
        while True:
            known = len(self._needed)
            self._touched.clear()
            kept = list(self._statements(self._tree.body))
            for statement in kept:
                use = self._use(statement, annotations=True)
                self._needed |= use.loads | use.maybe
            if len(self._needed) == known:
                return kept, [self._compile(statement) for statement in kept]

    def _statements(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            if isinstance(statement, ast.If) and guards_main(statement.test):
                yield from self._main_block(statement)
            elif isinstance(statement, _COMPOUND):
                yield from self._compound(statement)
            else:
                yield from self._simple(statement)

    def _simple(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        if isinstance(statement, (*IMPORTS, *ALIASES)):
            yield statement
        elif isinstance(statement, DEFINITIONS):
            if self._when.call(statement) is None:
                yield self._form(statement)
        elif targets(statement) and self._wants(statement):
            yield self._form(statement)
        else:
            self._touch(statement)

    def _wants(self, statement: ast.stmt) -> bool:
        """Tell whether workers evaluate an assignment."""
        value: ast.expr | None = getattr(statement, "value", None)
        if is_literal(value):
            return True
        use = self._use(self._form(statement))
        if (use.loads | use.maybe) & self._tainted:
            return False
        names = targets(statement)
        constant = all(name.isupper() for name in names)
        return (
            (constant and not isinstance(statement, ast.Assign))
            or (constant and len(getattr(statement, "targets", ())) == 1)
            or bool(names & self._needed)
            or _makes_class(value)
        )

    def _main_block(self, statement: ast.If) -> Iterator[ast.stmt]:
        """Keep classes below the main guard and what they need, nothing else of it."""
        for child in statement.body:
            if isinstance(child, ast.ClassDef):
                yield self._form(child)
            elif isinstance(child, (*IMPORTS, *DEFINITIONS)):
                if self._needed & set(definitions([child], self._when)):
                    yield self._form(child)
            elif targets(child) & self._needed and self._wants(child):
                yield self._form(child)
            else:
                self._touch(child)
        yield from self._statements(statement.orelse)

    def _compound(self, statement: ast.stmt) -> Iterator[ast.stmt]:
        inner = list(_flat(statement))
        defined = set(definitions([statement], self._when))
        assigned = {name for child in inner for name in targets(child)}
        if defined:
            self._needed |= defined & assigned
            for handler in getattr(statement, "handlers", ()):
                for child in handler.body:
                    self._needed |= targets(child)
        elif isinstance(statement, ast.With) or not assigned & self._needed:
            self._touch(statement)
            return
        yield self._filtered(statement)

    def _filtered(self, statement: ast.stmt) -> ast.stmt:
        """Return a copy of a compound statement with only what workers execute."""
        fields: dict[str, Any] = {}
        for field in ("body", "orelse", "finalbody"):
            if getattr(statement, field, None):
                fields[field] = list(self._block(getattr(statement, field)))
        fields["body"] = fields["body"] or [_nothing(statement)]
        if hasattr(statement, "handlers"):
            fields["handlers"] = [
                changed(h, body=list(self._block(h.body)) or [_nothing(h)])
                for h in statement.handlers
            ]
        return changed(statement, **fields)

    def _block(self, body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in body:
            if isinstance(statement, (ast.Raise, ast.Pass)):
                yield statement
            else:
                yield from self._statements([statement])

    def _touch(self, statement: ast.stmt) -> None:
        """Note the names that a dropped statement binds or changes."""
        for node in walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self._touched.add(node.id)
            elif isinstance(node, (ast.Subscript, ast.Attribute)):
                if not isinstance(node.ctx, ast.Load):
                    self._touched.update(_base(node))
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._touched.update(_base(node.value.func))

    def _find_tainted(self) -> set[str]:
        """Collect names whose evaluation may schedule behaviors or make cowns."""
        tainted = self._when.modules | self._when.functions
        uses: dict[str, frozenset[str]] = {}
        for node in imports(self._tree):
            if imports_from_bocpy(node):
                names = [a for a in node.names if a.name not in _INERT]
                tainted |= {alias.asname or alias.name for alias in names}
        if "*" in tainted:
            tainted |= _cown_makers()
        for statement in self._tree.body:
            if isinstance(statement, DEFINITIONS):
                uses[statement.name] = self._use(statement).loads
        while True:
            more = {n for n, used in uses.items() if used & tainted} - tainted
            if not more:
                return tainted
            tainted |= more

    def _form(self, statement: ast.stmt) -> ast.stmt:
        """Return *statement* as workers execute it."""
        if id(statement) not in self._forms:
            form = statement
            if isinstance(statement, ast.AnnAssign) and statement.value is not None:
                form = ast.Assign(targets=[statement.target], value=statement.value)
                form = placed(form, statement)
            elif isinstance(statement, ast.ClassDef):
                form = _without_behaviors(statement, self._when)
            self._forms[id(statement)] = statement, form
        return self._forms[id(statement)][1]

    def _compile(self, statement: ast.stmt) -> CodeType:
        if id(statement) not in self._codes:
            tree = ast.Module([statement], [])
            code = compile(tree, self._label, "exec", self._flags, dont_inherit=True)
            self._codes[id(statement)] = statement, code
        return self._codes[id(statement)][1]

    def _use(self, statement: ast.stmt, *, annotations: bool = False) -> GlobalUse:
        key = id(statement), annotations
        if key not in self._uses:
            code = self._compile(statement)
            self._uses[key] = global_use(code, annotations=annotations)
        return self._uses[key]


def _mode(statement: ast.stmt) -> int:
    if isinstance(statement, IMPORTS):
        return IMPORTING
    imports = any(isinstance(child, IMPORTS) for child in _flat(statement))
    return MIXED if imports else GUARDED


def _flat(statement: ast.stmt) -> Iterator[ast.stmt]:
    for block in blocks(statement):
        for child in block:
            yield child
            yield from _flat(child)


def _nothing(node: ast.stmt | ast.ExceptHandler) -> ast.Pass:
    return placed(ast.Pass(), node)


def _base(node: ast.expr) -> Iterator[str]:
    """Yield the name at the root of ``name.attribute[item]...``."""
    root = node
    while isinstance(root, (ast.Attribute, ast.Subscript)):
        root = root.value
    if isinstance(root, ast.Name) and root is not node:
        yield root.id


def _makes_class(value: ast.expr | None) -> bool:
    if not isinstance(value, ast.Call):
        return False
    name = getattr(value.func, "attr", getattr(value.func, "id", ""))
    return name in _FACTORIES or (name == "type" and len(value.args) > 1)


def _cown_makers() -> set[str]:
    import bocpy  # noqa: PLC0415

    return set(getattr(bocpy, "__all__", ())) - _INERT


def _without_behaviors(statement: ast.stmt, when: WhenNames) -> ast.stmt:
    """Return a class, or a statement of one, without behaviors it would schedule."""
    if when.call(statement) is not None:
        return _nothing(statement)
    if isinstance(statement, FUNCTIONS):
        return statement
    fields: dict[str, Any] = {}
    for field in ("body", "orelse", "finalbody"):
        block = getattr(statement, field, None)
        if block:
            fields[field] = [_without_behaviors(child, when) for child in block]
    if hasattr(statement, "handlers"):
        fields["handlers"] = [
            changed(h, body=[_without_behaviors(child, when) for child in h.body])
            for h in statement.handlers
        ]
    return changed(statement, **fields) if fields else statement


def reduce_source(source: str | bytes, filename: str, label: str) -> Reduction:
    """Reduce the module with this *source*; its code carries *label* as file name."""
    tree = parse(source, filename)
    code = compile(tree, filename, "exec", dont_inherit=True)
    return _Reducer(tree, label, Names(code, tree)).run()
