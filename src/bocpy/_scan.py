"""What a code object says about names, read from its instructions."""

from __future__ import annotations

import marshal
import sys
from types import CodeType

try:  # what the modules below import in turn, and little else
    from _opcode_metadata import opmap  # type: ignore[import-not-found]
    from _sha2 import sha256  # type: ignore[import-not-found]
except ImportError:
    from hashlib import sha256
    from opcode import opmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = [
    "GlobalUse",
    "assigned_names",
    "canonical_key",
    "global_use",
    "placed_key",
    "rebound_cells",
]

_EXTENDED_ARG = opmap["EXTENDED_ARG"]
_SHIFTED = opmap["LOAD_GLOBAL"] if sys.version_info >= (3, 11) else -1
_LOADS = frozenset(
    opmap[name]
    for name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS")
    if name in opmap
)
_GLOBAL_STORES = frozenset(opmap[name] for name in ("STORE_GLOBAL", "DELETE_GLOBAL"))
_CLASS_STORES = frozenset(opmap[name] for name in ("STORE_NAME", "DELETE_NAME"))
_MAKE_CELL = opmap.get("MAKE_CELL", -1)
_CELL_STORES = frozenset(opmap[name] for name in ("STORE_DEREF", "DELETE_DEREF"))
# Names that the compiler itself loads in class bodies and lazy annotations.
_IMPLICIT = frozenset({"__name__", "__classdict__", "__conditional_annotations__"})


class GlobalUse:
    """Global names of a code object, nested code included."""

    __slots__ = ("loads", "maybe", "stores")

    def __init__(self, loads: set[str], maybe: set[str], stores: set[str]) -> None:
        """Take what was found; *maybe* without what is loaded for certain."""
        self.loads = frozenset(loads)
        self.maybe = frozenset(maybe - loads)
        self.stores = frozenset(stores)


def _instructions(code: CodeType) -> Iterator[tuple[int, int]]:
    # co_code is free of specialisation; inline caches read as opcode 0.
    extended = 0
    raw = code.co_code
    for at in range(0, len(raw), 2):
        op, arg = raw[at], raw[at + 1] | extended
        extended = arg << 8 if op == _EXTENDED_ARG else 0
        yield op, arg


def _nested(code: CodeType, *, annotations: bool = False) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType) and (
            annotations or const.co_name != "__annotate__"
        ):
            yield const


def assigned_names(code: CodeType) -> frozenset[str]:
    """Return the names that module level code assigns or deletes itself."""
    stores = _CLASS_STORES | _GLOBAL_STORES
    return frozenset(
        code.co_names[arg] for op, arg in _instructions(code) if op in stores
    )


def global_use(code: CodeType, *, annotations: bool = False) -> GlobalUse:
    """Collect the global names that *code* and the code inside it load and store.

    ``maybe`` are those that a class body both reads and assigns: it reads the global
    only while its own is not assigned yet. Lazy annotations count on demand.
    """
    loads: set[str] = set()
    maybe: set[str] = set()
    stores: set[str] = set()
    pending = [code]
    while pending:
        current = pending.pop()
        pending.extend(_nested(current, annotations=annotations))
        names = current.co_names
        here: set[str] = set()
        own: set[str] = set()
        for op, arg in _instructions(current):
            if op in _LOADS:
                here.add(names[arg >> 1 if op == _SHIFTED else arg])
            elif op in _GLOBAL_STORES:
                stores.add(names[arg])
            elif op in _CLASS_STORES:
                own.add(names[arg])
        if own:
            here -= _IMPLICIT
        maybe |= here & own
        loads |= here - own
    return GlobalUse(loads, maybe, stores)


def rebound_cells(code: CodeType) -> frozenset[str]:
    """Return the free variables of *code* that it, or code inside it, assigns."""
    free = code.co_freevars
    cells = code.co_cellvars
    first_free = len(cells)
    if sys.version_info >= (3, 11):
        first_free = len({*code.co_varnames, *cells})
    # An inlined comprehension may put a new cell into the place of a free variable.
    fresh = {arg for op, arg in _instructions(code) if op == _MAKE_CELL}
    found = {
        free[arg - first_free]
        for op, arg in _instructions(code)
        if op in _CELL_STORES and arg >= first_free and arg not in fresh
    }
    for inner in _nested(code):
        found |= rebound_cells(inner) - frozenset(cells)
    return frozenset(free) & found


def _digest(fields: Iterator[bytes]) -> str:
    state = sha256()
    for field in fields:
        state.update(len(field).to_bytes(8, "little"))
        state.update(field)
    digest: str = state.hexdigest()
    return digest[:32]


def _const_fields(const: Any) -> Iterator[bytes]:
    if isinstance(const, CodeType):
        yield b"code"
        yield from _code_fields(const)
    elif isinstance(const, slice):
        yield b"slice"
        yield from _const_fields((const.start, const.stop, const.step))
    elif type(const) is tuple:
        yield b"tuple %d" % len(const)
        for item in const:
            yield from _const_fields(item)
    else:
        # Version 2 writes neither reference marks nor interning.
        yield marshal.dumps(const, 2)


def _name_fields(names: tuple[str, ...]) -> Iterator[bytes]:
    yield b"%d" % len(names)
    for name in names:
        yield name.encode("utf-8", "surrogatepass")


def _code_fields(code: CodeType) -> Iterator[bytes]:
    yield b"%d %d %d %d %d %d" % (
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_nlocals,
        code.co_stacksize,
        code.co_flags,
    )
    yield code.co_code
    yield from _name_fields(code.co_names)
    yield from _name_fields(code.co_varnames)
    yield from _name_fields(code.co_freevars)
    yield from _name_fields(code.co_cellvars)
    yield from _name_fields((code.co_name, getattr(code, "co_qualname", "")))
    yield b"%d" % len(code.co_consts)
    for const in code.co_consts:
        yield from _const_fields(const)


def canonical_key(code: CodeType, module: str | None = None) -> str:
    """Return the identity of *code*, the same wherever it stands in a file."""

    def fields() -> Iterator[bytes]:
        yield from _code_fields(code)
        if module is not None:
            yield from _name_fields((module,))

    return _digest(fields())


def _position_fields(code: CodeType) -> Iterator[bytes]:
    yield from _name_fields((code.co_filename,))
    yield b"%d" % code.co_firstlineno
    yield code.co_linetable
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from _position_fields(const)


def placed_key(code: CodeType, module: str, extra: tuple[str, ...]) -> str:
    """Return the identity of *code* at its place, so that tracebacks tell the line."""

    def fields() -> Iterator[bytes]:
        yield canonical_key(code, module).encode()
        yield from _position_fields(code)
        if extra:
            yield from _name_fields(extra)

    return _digest(fields())
