"""Exceptions on their way to the reader of a result."""

from __future__ import annotations

import builtins

from bocpy.errors import RemoteError, RemoteTraceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # File, line and function of an @when, and the file of its body.
    Origin = tuple[str, int, str, str]

__all__ = ["annotated", "log", "log_traceback", "outside", "portable", "unread"]

_PROTOCOL = 5


_Group: Any = getattr(builtins, "BaseExceptionGroup", ())
_reducers: dict[type, Any] = {}  # what others had registered for what has arrived
_missed: set[str] = set()  # unbound names that the log has told of


class _Journey:
    """Pickles as an exception whose cause is the text of its traceback."""

    def __init__(self, error: BaseException, kind: str, message: str, text: str):  # noqa: ANN204
        self._error = error
        self._told = kind, message, text

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrive, (_dumps(self._error), *self._told)


def _arrive(pickled: bytes, kind: str, message: str, text: str) -> BaseException:
    import pickle  # noqa: PLC0415

    try:
        error: BaseException = pickle.loads(pickled)  # noqa: S301
    except Exception:  # noqa: BLE001 - what does not load here is told all the same
        error = RemoteError(kind, message)
    error.__cause__ = RemoteTraceback(_with_lines(text))
    _register(type(error))
    return error


def _register(kind: type) -> None:
    """Have exceptions of this *kind* take along the text that they arrived with."""
    import copyreg  # noqa: PLC0415

    other = copyreg.dispatch_table.get(kind)
    if other is not _reduce:
        if other is not None:
            _reducers[kind] = other
        copyreg.pickle(kind, _reduce)


def _with_lines(text: str) -> str:
    """Add the source lines that are known here alone, those of cells and consoles."""
    import re  # noqa: PLC0415

    def add(frame: re.Match[str]) -> str:
        import linecache  # noqa: PLC0415

        line = linecache.getline(frame[2], int(frame[3])).strip()
        return f"{frame[0]}{frame[1]}    {line}\n" if line else frame[0]

    frames = r'(?m)^((?: *\| )?)  File "(.+)", line (\d+), in .*\n(?!\1    )'
    return re.sub(frames, add, text)


def _dumps(error: BaseException) -> bytes:
    """Pickle *error* without the text that it, or what it holds, arrived with."""
    import copyreg  # noqa: PLC0415
    import io  # noqa: PLC0415
    import pickle  # noqa: PLC0415

    file = io.BytesIO()
    pickler = pickle.Pickler(file, _PROTOCOL)
    pickler.dispatch_table = {
        kind: _reduced if reduce is _reduce else reduce
        for kind, reduce in copyreg.dispatch_table.items()
    }
    pickler.dump(error)
    return file.getvalue()


def _reduce(error: BaseException) -> Any:
    from bocpy import _core  # noqa: PLC0415

    cause = error.__cause__
    if isinstance(cause, RemoteTraceback) and _core._packing():
        journey = _Journey(error, _kind(error), _message(error), cause.text)
        try:
            return journey.__reduce__()
        except Exception:  # noqa: BLE001, S110 - pickle will say it itself
            pass
    return _reduced(error)


def _reduced(error: BaseException) -> Any:
    """Reduce *error* as if it had not arrived."""
    import copyreg  # noqa: PLC0415

    own = copyreg.dispatch_table.get(type(error))
    if own is _reduce:
        own = _reducers.get(type(error))
    return own(error) if own else error.__reduce_ex__(_PROTOCOL)


def portable(error: BaseException, origin: Origin | None) -> object:
    """Return what crosses in place of *error*, with the text of its traceback.

    An exception that would not arrive as it is has a stand-in.
    """
    if isinstance(error, (ImportError, NameError, AttributeError)):
        _add_hint(error)
    told = _kind(error), _message(error), _text(error, origin)
    try:
        carried = _carried(error)
    except BaseException:  # noqa: BLE001 - what groups are made of is the user's
        carried = _stand_in(error)
    return _Journey(carried, *told)


def _carried(error: BaseException) -> BaseException:
    """Return *error*, or what crosses in its place."""
    if _survives(error):
        return error
    group = _regrouped(error) if isinstance(error, _Group) else None
    return _stand_in(error) if group is None else group


def _regrouped(error: Any) -> BaseException | None:
    """Return the group *error* again, of members that cross."""
    members = [_carried(member) for member in error.exceptions]
    for make in (error.derive, lambda some: _Group(error.message, some)):
        try:
            group = _noted(make(members), error)
            crosses = isinstance(group, _Group) and _survives(group)
        except BaseException:  # noqa: BLE001, S112 - methods of the user
            continue
        if crosses:
            return group
    return None


def _stand_in(error: BaseException) -> BaseException:
    return _noted(RemoteError(_kind(error), _message(error)), error)


def _noted(made: BaseException, error: BaseException) -> BaseException:
    """Give *made* the notes of *error*."""
    notes = vars(error).get("__notes__")
    if isinstance(notes, list):
        vars(made)["__notes__"] = [note for note in notes if type(note) is str]
    return made


def _add_hint(error: BaseException) -> None:
    """Note what is known of a module or a name that this worker lacks."""
    from bocpy._modules import state, way_out  # noqa: PLC0415

    hint = way_out(error)
    if not hint or hint in getattr(error, "__notes__", ()):
        return
    if hasattr(error, "add_note"):
        error.add_note(hint)
    if hint in state.unbound.values() and hint not in _missed:
        import logging  # noqa: PLC0415

        _missed.add(hint)
        logging.getLogger("worker").warning(hint)


def annotated(error: BaseException, origin: Origin | None) -> BaseException:
    """Let an exception that stays the same object tell who scheduled the body.

    Its first cause does; if that tells of another behavior, a note does.
    """
    if origin is None:
        return error
    scheduled = _scheduled(origin)
    last, seen = error, {id(error)}
    while (inner := _shown_above(last)) is not None:
        if isinstance(inner, RemoteTraceback):
            if scheduled not in inner.text:
                _note(error, scheduled, inner)
            return error
        if id(inner) in seen:
            _note(error, scheduled)
            return error
        seen.add(id(inner))
        last = inner
    last.__cause__ = RemoteTraceback(scheduled)
    return error


def _shown_above(error: BaseException) -> BaseException | None:
    if error.__cause__ is None and not error.__suppress_context__:
        return error.__context__
    return error.__cause__


def _note(error: Any, text: str, trace: RemoteTraceback | None = None) -> None:
    """Note *text* on *error*, or in *trace* where there are no notes."""
    try:
        if (note := text.rstrip()) not in getattr(error, "__notes__", ()):
            error.add_note(note)
    except Exception:  # noqa: BLE001 - Python 3.10, or the user's attribute
        if trace is not None:
            trace.text += text
            trace.args = (trace.text,)


def unread(error: object, origin: Origin | None) -> str:
    """Return what is known of an exception that nobody read, or an empty string.

    If there is a listener, it is told as well.
    """
    text = _known(error, origin)
    from bocpy._modules import state  # noqa: PLC0415

    if state.listener is not None:
        _tell(state.listener, text or f"{type(error).__qualname__}: {_message(error)}")
    return text


def _tell(listener: int, text: str) -> None:
    import marshal  # noqa: PLC0415
    import os  # noqa: PLC0415

    try:
        os.write(listener, marshal.dumps(text))
    except (OSError, ValueError):
        return


def _known(error: object, origin: Origin | None) -> str:
    if not isinstance(error, BaseException):
        return ""
    if (text := _arrived_text(error)) is not None:
        return text
    nothing = error.__traceback__ is None and origin is None
    return "" if nothing else _text(error, origin)


def outside(error: BaseException) -> None:
    """Drop the frames of the package that lie above those of the user."""
    if not isinstance(error, (TypeError, SyntaxError, NameError)):
        return
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__")
        if not str(name).startswith("bocpy."):
            break
        trace = trace.tb_next
    error.__traceback__ = trace


def log(index: int, what: str, error: Any) -> None:
    """Log *error* on the logger of worker *index*."""
    import logging  # noqa: PLC0415

    log_traceback(f"worker{index}", logging.ERROR, what, error)


def log_traceback(name: str, level: int, what: str, error: BaseException) -> None:
    """Log *what*, and the traceback of *error* with the files that the user knows."""
    import logging  # noqa: PLC0415

    logger = logging.getLogger(name)
    if logger.isEnabledFor(level):
        file, line, function, _ = logger.findCaller()
        info = type(error), error, error.__traceback__
        record = logger.makeRecord(name, level, file, line, what, (), info, function)
        record.exc_text = _formatted(error).rstrip("\n")
        logger.handle(record)


def _survives(error: BaseException) -> bool:
    import pickle  # noqa: PLC0415

    try:
        copy = pickle.loads(pickle.dumps(error, _PROTOCOL))  # noqa: S301
        if type(copy) is not type(error):
            return False
        # What compares by identity, or like NaN, is the same if it pickles the same.
        former, latter = (pickle.dumps(e.args, _PROTOCOL) for e in (error, copy))
    except BaseException:  # noqa: BLE001
        return False
    return former == latter or _equal(error.args, copy.args)


def _equal(former: object, latter: object) -> bool:
    try:
        return bool(former == latter)
    except BaseException:  # noqa: BLE001
        return False


def _kind(error: BaseException) -> str:
    """Return the name of its type as tracebacks have it."""
    module, name = type(error).__module__, type(error).__qualname__
    return name if module in {"builtins", "__main__"} else f"{module}.{name}"


def _message(error: object) -> str:
    try:
        return str(error)
    except BaseException:  # noqa: BLE001
        return "<its text cannot be made>"


def _arrived_text(error: BaseException) -> str | None:
    """Return the text that *error* came with, unless it has been raised since."""
    if error.__traceback__ is None and isinstance(error.__cause__, RemoteTraceback):
        return error.__cause__.text
    return None


def _text(error: BaseException, origin: Origin | None) -> str:
    """Return who scheduled the body and the traceback of *error*."""
    arrived = _arrived_text(error)
    if arrived is not None:
        return arrived
    text = _formatted(error, origin[3] if origin is not None else "")
    scheduled = "" if origin is None else _scheduled(origin)
    return text if scheduled in text else scheduled + text


def _formatted(error: BaseException, body: str = "") -> str:
    """Return the traceback of *error*, with the files that the user knows."""
    import re  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        text = "".join(lines)
    except BaseException:  # noqa: BLE001 - its methods are the user's
        text = f"{_kind(error)}: {_message(error)}\n"
    file = r'(?m)^([ |]+File ")'
    text = re.sub(file + r"<bocpy:[^\">]*> ", r"\1", text)
    if body:
        text = re.sub(file + '<behavior:[^"]*"', lambda m: f'{m[1]}{body}"', text)
    return text


def _scheduled(origin: Origin) -> str:
    import re  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    file = re.sub(r"^<bocpy:[^>]*> ", "", origin[0])
    frames = traceback.StackSummary.from_list([(file, origin[1], origin[2], None)])
    return "Behavior scheduled at:\n" + "".join(frames.format())
