"""How a live function becomes a behavior that another interpreter can run.

Everything here is a slow path, entered once per code object (:func:`describe`),
once per worker and key (:func:`bind`), or for the rare value that needs a stand-in
(:func:`portable`, :func:`undecorated`). The caller does the rest without Python:

A description is a tuple with these places:

    KEY         identity of the behavior in this process
    MODULE      module whose globals the body sees, "__main__" for a script
    POSITIONAL  parameters that can be passed by position
    VARARGS     whether the body has ``*args``
    KWONLY      keyword-only parameters, each has a default
    FREE        ``co_freevars``
    GLOBALS     global names whose values travel, sorted
    FLAGS       one byte per name of GLOBALS, a sum of

                HANDLE    travels only while it is a cown
                OPTIONAL  the worker binds the name too: a value that does not
                          cross stays home
                PUBLISH   a cown also replaces the name in the worker's module
                MAYBE     may be missing
    STORES      global names that the body assigns or deletes, for bind() only
    BLOB        for bind() only

Scheduling ``when(*cowns)(func)``
    1. *func* is used as it is when its type is exactly ``FunctionType``, its
       ``__dict__`` is empty and no cell of it holds a function; otherwise
       ``func = undecorated(func)``.
    2. ``description = describe(func)``, remembered per code object until the next
       start (a new start may have another starting module).
    3. Count rule, with ``P = description[POSITIONAL]``, ``D`` positional defaults of
       *func* and ``n`` arguments of ``when``: ``n == P - D``, or ``n >= P - D``
       when ``description[VARARGS]``.
    4. Captures, in this order, each crossing by value now:
       the last ``max(0, P - n)`` of ``func.__defaults__`` (surplus cowns of a body with
       ``*args`` fill defaulted places first), ``func.__kwdefaults__[name]`` for
       ``KWONLY``), cell contents (``func.__closure__`` in the order of ``FREE``; an
       empty cell is ``CaptureError("Cannot resolve capture: NAME")``), and
       globals: for each name of ``GLOBALS`` with its byte of ``FLAGS``,
       ``func.__globals__[name]``:

       - missing: left out when the byte has ``MAYBE`` or ``HANDLE``, or when the
         name is a builtin; otherwise ``CaptureError`` as above;
       - ``HANDLE``: left out unless the value is a cown (or capsule);
       - a function, module or class (exact type check on the first two,
         ``PyType_Check`` on the third): within one interpreter the object itself
         is kept; for another one ``portable(value)`` is what crosses;
       - does not cross (any ``Exception``, also from ``portable``): left out when
         the byte has ``OPTIONAL``, else raised.

Running
    1. Once per worker (interpreter, or thread of the threads backend) and key:
       ``code, namespace, module, refresh = bind(key, module, blob, globals, stores)``.
       ``namespace is module`` when nothing is by value or the body stores globals.
       No result is shared between two calls unless it is the module's own dictionary,
       so each worker thread calls it for itself. ``module`` is the live module's
       dictionary in the interpreter that scheduled.
    2. One function per worker and key, ``PyFunction_New(code, namespace)``, without
       defaults; a new one per run when ``FREE`` is not empty, its closure a tuple of
       fresh cells with the captured contents.
    3. Before the run, only when ``namespace is not module``: for each name of
       *refresh* and each by-value name that was left out copy
       ``module[name]`` to the namespace, or delete it there if the module has none.
    4. Before the run: ``namespace[name] = value`` for each global that was shipped.
       ``PUBLISH`` and the value is a cown and the worker is another
       interpreter: also ``module[name] = value``. In the interpreter that scheduled
       nothing is stored in the module, nor a name with ``HANDLE`` anywhere.
    5. Call with cowns, then captured positional defaults, keyword-only by name.

``bocpy.when`` must pickle by reference: a session without source captures it by value.
"""

from __future__ import annotations

import builtins
import marshal
import os
import sys
from types import CellType, CodeType, FunctionType

from bocpy._modules import (
    ALIAS,
    DUNDERS,
    MAIN,
    main_label,
    module_values,
    namespace,
    state,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = ["bind", "describe", "portable", "undecorated"]

Description = tuple[
    str,
    str,
    int,
    bool,
    tuple[str, ...],
    tuple[str, ...],
    tuple[str, ...],
    bytes,
    tuple[str, ...],
    bytes,
]
KEY, MODULE, POSITIONAL, VARARGS, KWONLY, FREE, GLOBALS, FLAGS, STORES, BLOB = range(10)

_VARARGS = 0x04
_GENERATOR, _COROUTINE, _ITERABLE_COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200


def _place(func: FunctionType) -> str:
    code = func.__code__
    name = getattr(code, "co_qualname", code.co_name)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})"


def undecorated(func: object) -> FunctionType:
    """Return the plain function below *func*'s decorators, with one warning."""
    plain = func
    for _ in range(sys.getrecursionlimit()):  # a wrapper may wrap itself
        inner = getattr(plain, "__wrapped__", None)
        if inner is None:
            break
        plain = inner
    frame = sys._getframe(1)
    plain = _decorated_at(frame.f_code, frame.f_lineno, plain) or plain
    if type(plain) is not FunctionType:  # what its class says may be untrue
        raise TypeError(
            f"@when needs a function, got {type(func).__name__}: "
            "define one with def or lambda that calls it"
        )
    if plain is not func:
        import logging  # noqa: PLC0415

        logging.getLogger("behaviors").warning(
            "decorators below @when do not run: %s runs as it is written", _place(plain)
        )
    return plain


def _decorated_at(code: CodeType, line: int, wrapper: object) -> FunctionType | None:
    """Find in *wrapper* the function that the statement at *line* of *code* defines."""
    defined = {
        id(const)
        for const in code.co_consts
        if isinstance(const, CodeType)
        and const.co_name != "<lambda>"
        and const.co_firstlineno <= line <= _last_line(const)
    }
    pending, seen = [wrapper], set()
    while defined and pending:
        found = pending.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, FunctionType):
            if id(found.__code__) in defined:
                return found
            pending.extend(_contents(found.__closure__ or ()))
        elif found is wrapper:
            pending += getattr(found, "__dict__", {}).values()
            pending += (getattr(found, name, None) for name in ("func", "fget"))
    return None


def _last_line(code: CodeType) -> int:
    return max((line for _, _, line in code.co_lines() if line), default=0)


def _contents(cells: tuple[CellType, ...]) -> Iterator[object]:
    for cell in cells:
        try:
            yield cell.cell_contents
        except ValueError:  # empty
            continue


def _check_shape(func: FunctionType, code: CodeType) -> None:
    flags = code.co_flags
    kind = ""
    if flags & (_COROUTINE | _ITERABLE_COROUTINE | _ASYNC_GENERATOR):
        kind = "an async function"
    elif flags & _GENERATOR:
        kind = "a generator function"
    if kind:
        raise SyntaxError(
            f"a behavior cannot be {kind}: {_place(func)}; "
            "use a plain function, and @when on its result for what comes after"
        )
    from bocpy._scan import rebound_cells  # noqa: PLC0415

    lost = sorted(rebound_cells(code))
    if lost:
        raise SyntaxError(
            f"a behavior cannot rebind {lost[0]!r} of the enclosing function: "
            f"{_place(func)}; keep it in a cown"
        )
    given = func.__kwdefaults__ or {}
    count = code.co_argcount
    for name in code.co_varnames[count : count + code.co_kwonlyargcount]:
        if name not in given:
            raise TypeError(
                f"keyword-only parameter {name!r} of a behavior needs a default: "
                f"{_place(func)}; write {name}={name}"
            )


def describe(func: FunctionType) -> Description:
    """Say what a behavior needs in a worker; raises what is wrong with its shape.

    Raises:
        SyntaxError: if the body is a generator, a coroutine, or rebinds a name of the
            enclosing function.
        TypeError: if a keyword-only parameter has no default.

    """
    from bocpy import _plan, _scan  # noqa: PLC0415

    code = func.__code__
    _check_shape(func, code)
    _let_type_parameters_cross(func)
    use = _scan.global_use(code)
    if not all(map(str.isidentifier, use.loads)):
        code = _from_source(code)
        use = _scan.global_use(code)
    module = func.__module__
    if not isinstance(module, str) or module in ("", ALIAS):
        module = MAIN
    found = _plan.plan(func, module, use)
    names = tuple(sorted(found.travel))
    label = _label(code, module, labelled=found.kind == _plan.OWN)
    private = found.kind == _plan.ADRIFT or not all(
        flags & _plan.HANDLE for flags in found.travel.values()
    )
    blob: Any = code
    if private or label:
        bound = tuple(sorted(found.bound)) if private else None
        blob = (code, label, bound, tuple(sorted(found.volatile)), found.dunders)
    flags = bytes(found.travel[name] for name in names)
    # A plan is known by its key, so whatever may differ is part of that.
    extra = (flags.hex(), str(found.kind), label or "", *sorted(found.bound))
    first = code.co_argcount
    return (
        _scan.placed_key(code, module, names + extra + tuple(sorted(found.volatile))),
        module,
        first,
        bool(code.co_flags & _VARARGS),
        code.co_varnames[first : first + code.co_kwonlyargcount],
        code.co_freevars,
        names,
        flags,
        tuple(sorted(use.stores)),
        marshal.dumps(blob),
    )


def _let_type_parameters_cross(func: FunctionType) -> None:
    """Let pickle copy the type parameters of *func*, which no module names."""
    kinds = {type(p) for p in getattr(func, "__type_params__", ())}
    if kinds:
        import copyreg  # noqa: PLC0415

        for kind in kinds:
            copyreg.pickle(kind, _reduce_type_parameter)


def _reduce_type_parameter(value: Any) -> Any:
    name: str = value.__name__
    module = sys.modules.get(value.__module__)
    return name if getattr(module, name, None) is value else (type(value), (name,))


def _label(code: CodeType, module: str, *, labelled: bool) -> str | None:
    name = code.co_filename
    if name.startswith(("<bocpy:", "<behavior:")):
        return None
    if not os.path.isfile(name):  # noqa: PTH113
        from bocpy._scan import canonical_key  # noqa: PLC0415

        return f"<behavior:{canonical_key(code, module)}>"
    return main_label(module, os.path.abspath(name)) if labelled else None  # noqa: PTH100


def _from_source(code: CodeType) -> CodeType:
    """Compile *code* again from its file: a test runner has rewritten it."""
    name = code.co_filename
    try:
        if name not in state.compiled:
            with open(name, "rb") as file:  # noqa: PTH123
                text = file.read()
            state.compiled[name] = compile(text, name, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return code
    pending = [state.compiled[name]]
    while pending:
        found = pending.pop()
        if (
            found.co_name == code.co_name
            and found.co_firstlineno == code.co_firstlineno
            and found.co_freevars == code.co_freevars
            and found.co_varnames[: found.co_argcount]
            == code.co_varnames[: code.co_argcount]
        ):
            return found
        pending.extend(c for c in found.co_consts if isinstance(c, CodeType))
    return code


def portable(value: Any) -> Any:
    """Return what crosses in place of a function, module or class.

    Raises:
        CaptureError: if no worker can have it.

    """
    from bocpy import _portable  # noqa: PLC0415

    return _portable.portable(value)


def bind(
    key: str,
    module: str,
    blob: bytes,
    names: tuple[str, ...],  # noqa: ARG001
    stores: tuple[str, ...],
) -> tuple[CodeType, dict[str, Any], dict[str, Any], tuple[str, ...]]:
    """Find the code and the namespaces of a behavior in this interpreter.

    Raises:
        BehaviorResolveError: if the module cannot be loaded here.

    """
    content = marshal.loads(blob)  # noqa: S302
    if isinstance(content, CodeType):
        values = module_values(module, key)
        return content, values, values, ()
    code, label, bound, volatile, dunders = content
    if label is not None and state.worker:
        code = _relabelled(code, label)
    if dunders is not None:
        adrift: dict[str, Any] = {**dict.fromkeys(DUNDERS), **dunders}
        adrift["__builtins__"] = vars(builtins)
        return code, adrift, {}, ()
    values = module_values(module, key)
    if bound is None or stores:
        # What the body stores must reach the functions that it calls at once.
        return code, values, values, ()
    own = namespace(module, values, bound)
    missing = {name for name in bound if name not in values}
    return code, own, values, tuple(sorted(missing.union(volatile)))


def _relabelled(code: CodeType, label: str) -> CodeType:
    consts = tuple(
        _relabelled(const, label) if isinstance(const, CodeType) else const
        for const in code.co_consts
    )
    return code.replace(co_filename=label, co_consts=consts)
