"""Exceptions on their way to the reader of a result."""

from __future__ import annotations

from bocpy.errors import RemoteError, RemoteTraceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # File, line and function of an @when, and the file of its body.
    Origin = tuple[str, int, str, str]

__all__ = ["annotated", "log", "outside", "portable", "unread"]

_PROTOCOL = 5


_reducers: dict[type, Any] = {}  # what others had registered for what has arrived


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

        line = linecache.getline(frame[1], int(frame[2])).strip()
        return f"{frame[0]}    {line}\n" if line else frame[0]

    return re.sub(r'(?m)^  File "(.+)", line (\d+), in .*\n(?!    )', add, text)


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
        kind, message = type(error).__qualname__, _message(error)
        journey = _Journey(error, kind, message, cause.text)
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
    kind, message = type(error).__qualname__, _message(error)
    if isinstance(error, ImportError):
        from bocpy._modules import way_out  # noqa: PLC0415

        if (hint := way_out(error)) and hasattr(error, "add_note"):
            error.add_note(hint)
    text = _text(error, origin)
    if not _survives(error):
        error = RemoteError(kind, message)
    return _Journey(error, kind, message, text)


def annotated(error: BaseException, origin: Origin | None) -> BaseException:
    """Let an exception that stays the same object tell who scheduled the body."""
    chain = [error]
    while (inner := chain[-1].__cause__ or chain[-1].__context__) is not None:
        if any(inner is former for former in chain) or isinstance(
            inner, RemoteTraceback
        ):
            return error
        chain.append(inner)
    if origin is not None:
        chain[-1].__cause__ = RemoteTraceback(_scheduled(origin))
    return error


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

    logging.getLogger(f"worker{index}").error(what, exc_info=error)


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
    import re  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    try:
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        text = "".join(lines)
    except BaseException:  # noqa: BLE001 - its methods are the user's
        text = f"{type(error).__qualname__}: {_message(error)}\n"
    body = origin[3] if origin is not None else ""
    text = re.sub(r'(?m)^(\s+File ")<bocpy:[^">]*> ', r"\1", text)
    if body:
        text = re.sub(
            r'(?m)^(\s+File ")<behavior:[^"]*"', lambda m: f'{m[1]}{body}"', text
        )
    scheduled = "" if origin is None else _scheduled(origin)
    return text if scheduled in text else scheduled + text


def _scheduled(origin: Origin) -> str:
    import re  # noqa: PLC0415
    import traceback  # noqa: PLC0415

    file = re.sub(r"^<bocpy:[^>]*> ", "", origin[0])
    frames = traceback.StackSummary.from_list([(file, origin[1], origin[2], None)])
    return "Behavior scheduled at:\n" + "".join(frames.format())
