"""A line on the terminal that tells how far a long run has come."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 24


class Progress:
    """Redraws the last line of stderr; silent where that is no terminal."""

    def __init__(self, total: float, *, quiet: bool = False) -> None:
        """Begin; `total` is what `done` will have reached at the end."""
        self.total = total
        self.visible = not quiet and sys.stderr.isatty()
        self.began = time.monotonic()

    def show(self, done: float, what: str) -> None:
        """Draw how much is done, and how long the rest will take at this speed."""
        if not self.visible:
            return
        share = min(1.0, done / self.total)
        spent = time.monotonic() - self.began
        left = f", {spent / share - spent:.0f} s left" if share else ""
        bar = "#" * round(WIDTH * share)
        self.draw(f"[{bar:.<{WIDTH}}] {share:4.0%} {what}{left}")

    def clear(self) -> None:
        """Remove the line."""
        self.draw("")

    def draw(self, line: str) -> None:
        """Put `line` in place of the one that is there."""
        if self.visible:
            print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def ticking(self, done: float, seconds: float, what: str) -> Iterator[None]:
        """Count the seconds that the block takes, no more than are expected."""
        ended = threading.Event()
        began = time.monotonic()

        def tick() -> None:
            while not ended.wait(0.2):
                self.show(done + min(seconds, time.monotonic() - began), what)

        ticker = threading.Thread(target=tick)
        if self.visible:
            ticker.start()
        try:
            yield
        finally:
            ended.set()
            if self.visible:
                ticker.join()
            self.clear()
