"""Workers that are interpreters with a GIL each."""

from __future__ import annotations

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Interpreters"]


class Interpreters:
    """Each worker thread makes an interpreter and runs behaviors inside."""

    name = "interpreters"
    isolation = "copy"

    def __init__(self) -> None:
        """Prepare nothing yet."""
        self._program = b""
        self._live: tuple[tuple[str, str, Any], ...] = ()

    def prepare(self, module: str, path: str | None) -> None:
        """Reduce the starting module to what workers need of it."""
        from bocpy.worker import describe_main  # noqa: PLC0415

        _core._set_crossing(0)
        self._program, self._live = describe_main(module, path, eager=True)

    def run(self, ready: Callable[[str | None], None]) -> None:
        """Be a worker until the runtime stops."""
        _core._run_interpreter(self._program, self._live, ready)
