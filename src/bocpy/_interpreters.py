"""Workers that are interpreters with a GIL each."""

from __future__ import annotations

import sys
import threading

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Interpreters"]

# What describe_main() says of a program.
Program = tuple[bytes, tuple[tuple[str, str, "Any"], ...]]


class Interpreters:
    """Each worker thread makes an interpreter and runs behaviors inside.

    An interpreter takes longer to make than anything else of a start, so the program
    is looked over meanwhile.
    """

    name = "interpreters"
    isolation = "copy"

    def __init__(self) -> None:
        """Prepare nothing yet."""
        _core._guard_forks()
        _core._set_crossing(0)
        self._program: Program | None = None
        self._prepared = threading.Event()

    def prepare(self, module: str, path: str | None) -> None:
        """Reduce the starting module to what workers need of it."""
        from bocpy._starting import describe_main  # noqa: PLC0415

        try:
            self._program = describe_main(module, path, eager=True)
        finally:
            self._prepared.set()

    def cancel(self) -> None:
        """Let workers that wait for the program end without it."""
        self._prepared.set()

    def _await_program(self) -> Program:
        self._prepared.wait()
        if self._program is None:
            raise RuntimeError("the program could not be prepared for workers")
        return self._program

    def run(self, ready: Callable[[str | None], None]) -> None:
        """Be a worker until the runtime stops."""
        paths = tuple(entry for entry in sys.path if isinstance(entry, str))
        _core._run_interpreter(paths, self._await_program, ready)
