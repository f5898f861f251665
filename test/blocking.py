"""Bodies that stay in one state until a test lets them go.

Every worker imports this module, so it imports nothing but the package.
"""

from __future__ import annotations

import os
import sys
import sysconfig
import time

from bocpy import TIMEOUT, receive, send

LONGEST = 60.0
"""Seconds after which a body goes on by itself."""


def receives(gate):
    """Wait for a message."""
    send("state", "entered")
    receive("gate", LONGEST)


def spins(gate):
    """Run Python code."""
    send("state", "entered")
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        for _ in range(10_000):
            pass
        if receive("gate", 0)[0] != TIMEOUT:
            return


def reads(gate):
    """Block in C, without the GIL."""
    send("state", "entered")
    os.read(gate, 1)


def keeps_the_gil(gate):
    """Block in C, with the GIL."""
    import ctypes  # noqa: PLC0415

    read = ctypes.PyDLL(None).read
    buffer = ctypes.create_string_buffer(1)
    send("state", "entered")
    read(gate, buffer, 1)


STATES = {body.__name__: body for body in (receives, spins, reads)}
POSIX = sys.platform != "win32"
DELAYS_SIGNALS = "thread-sanitizer" in str(sysconfig.get_config_var("CONFIG_ARGS"))
TELLS_LINES = POSIX and sys.version_info >= (3, 14) and not DELAYS_SIGNALS
"""Whether threads can be asked for the line that they run."""


def settings():
    """Give each state on each backend where it can be watched from within."""
    backends = ["interpreters", "threads"] if sys.version_info >= (3, 12) else []
    pairs = [(name, backend) for name in STATES for backend in backends or ["threads"]]
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    if POSIX and has_gil and sys.version_info >= (3, 13):
        pairs.append(("keeps_the_gil", "interpreters"))
    return pairs


class Gate:
    """What bodies wait for."""

    def __init__(self) -> None:
        """Open the pipe that some read."""
        self.read_end, self._write_end = os.pipe()

    def open(self, count: int = 1) -> None:
        """Let `count` bodies go on, whatever they wait for."""
        for _ in range(count):
            send("gate", None)
            os.write(self._write_end, b"!")

    def close(self) -> None:
        """Give the pipe back."""
        os.close(self.read_end)
        os.close(self._write_end)


class Slow:
    """Takes its time to be packed."""

    def __init__(self, gate: int) -> None:
        """Take the descriptor that it waits for."""
        self.gate = gate

    def __reduce__(self) -> tuple:
        """Wait."""
        os.read(self.gate, 1)
        return int, ()
