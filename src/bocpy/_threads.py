"""Workers that are threads of this interpreter."""

from __future__ import annotations

import _thread

from bocpy import _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Threads"]


class Threads:
    """Each worker thread runs behaviors right here."""

    name = "threads"

    def __init__(self, isolation: str) -> None:
        """Take ``"copy"`` or ``"share"``."""
        self.isolation = isolation
        _core._set_crossing(2 if isolation == "share" else 1)

    def prepare(self, module: str, path: str | None) -> None:
        """Look the starting module over, as every backend does."""
        from bocpy._starting import describe_main  # noqa: PLC0415

        describe_main(module, path)

    def cancel(self) -> None:
        """Do nothing: workers do not wait for prepare()."""

    def run(self, ready: Callable[[str | None], None]) -> None:
        """Be a worker until the runtime stops."""
        if self.isolation == "copy":
            from bocpy import _math  # noqa: PLC0415

            _math._take_seat(_thread.get_ident())
        _core._run_thread(ready)
