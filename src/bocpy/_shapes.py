"""What workers bind of a module by themselves, as its source tells."""

from __future__ import annotations

import os
import sys

from bocpy._modules import MAIN, Shape, main_label, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from bocpy._reduce import Reduction

__all__ = [
    "Source",
    "find_source",
    "importable",
    "module_shape",
    "reduction",
    "shape_of",
]

# Reductions by module name, with the path, time and size of the file they are of.
_reductions: dict[str, tuple[tuple[str, int, int], Reduction]] = {}


class Source:
    """Where a module is written; *text* only if that is no file of its own."""

    __slots__ = ("path", "stamp", "text")

    def __init__(self, path: str, time: int, size: int, text: str | None) -> None:
        """Take a path and what tells whether the file is the same."""
        self.path = path
        self.stamp = path, time, size
        self.text = text

    def read(self) -> str | bytes:
        """Return the text, or the bytes of the file."""
        if self.text is not None:
            return self.text
        with open(self.path, "rb") as file:  # noqa: PTH123
            return file.read()


def find_source(module: str, path: str | None) -> Source | None:
    """Find the source of *module*; None when it has none."""
    given = path or getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(given, str):
        return None
    full = os.path.abspath(given)  # noqa: PTH100
    try:
        status = os.stat(full)  # noqa: PTH116
    except OSError:
        if path is not None:
            raise
        text = _loaded_text(module)
        return None if text is None else Source(full, 0, hash(text), text)
    return Source(full, status.st_mtime_ns, status.st_size, None)


def _loaded_text(module: str) -> str | None:
    """Ask the loader of *module*, which may have it from an archive."""
    live = sys.modules.get(module)
    spec = getattr(live, "__spec__", None)
    get_source = getattr(getattr(live, "__loader__", None), "get_source", None)
    if get_source is None:
        return None
    try:
        text = get_source(getattr(spec, "name", module))
    except (ImportError, OSError, SyntaxError, UnicodeDecodeError):
        return None
    return text if isinstance(text, str) else None


def reduction(module: str, source: Source) -> Reduction:
    """Reduce *module* to what workers need, unless that is known.

    Raises:
        SyntaxError: if the source cannot be parsed.

    """
    known = _reductions.get(module)
    if known is None or known[0] != source.stamp:
        from bocpy._reduce import reduce_source  # noqa: PLC0415

        text = source.read()
        try:
            label = main_label(module, source.path)
            known = source.stamp, reduce_source(text, source.path, label)
        except (SyntaxError, ValueError) as error:
            message = f"Error parsing {source.path}: {error}"
            raise SyntaxError(message) from error
        _reductions[module] = known
    return known[1]


def module_shape(module: str, path: str | None = None) -> Shape:
    """Return what workers bind in *module*: nothing when it has no source."""
    try:
        source = find_source(module, path)
        if source is None:
            return Shape()
        found = reduction(module, source)
    except (OSError, SyntaxError):
        return Shape()
    kept = found.kept
    if module != MAIN and importable(module, source.path):
        kept = found.names.assigned - found.bound
    names = found.names
    return Shape(found.bound, kept, names.assigned, names.rebound, star=names.star)


def importable(module: str, path: str) -> bool:
    """Tell whether workers get the file at *path* when they import *module*."""
    parent = sys.modules.get(module.rpartition(".")[0])
    package = getattr(parent, "__path__", None)
    if "." in module and package is None:
        return False
    for finder in sys.meta_path:
        spec = finder.find_spec(module, package)
        if spec is not None:
            return spec.origin is not None and os.path.abspath(spec.origin) == path  # noqa: PTH100
    return False


def shape_of(module: str) -> Shape:
    """Return what workers bind in *module*; the primary reads its source for that."""
    if module not in state.shapes:
        if state.worker:
            return Shape()
        state.shapes[module] = module_shape(module)
    return state.shapes[module]
