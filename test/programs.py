"""Runs programs in child processes, as a user would, never longer than a time-out."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import bocpy

PATIENCE = 60.0
"""Seconds after which a child that has not ended counts as hanging."""

HEAD = """
import os, sys, threading, time
from bocpy import *
"""
"""How programs of the tests begin."""


class Ended(NamedTuple):
    """How a child process ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines written to standard output."""
        return self.out.splitlines()


def environment(**changes: str | None) -> dict[str, str]:
    """Give this process's environment with `changes`; None removes a variable."""
    env = dict(os.environ)
    package = str(Path(bocpy.__file__).resolve().parents[1])
    paths = [package, *env.get("PYTHONPATH", "").split(os.pathsep)]
    env["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    env.update(BOCPY_WORKERS="2", PYTHONIOENCODING="utf-8", PYTHONUNBUFFERED="1")
    for name, value in changes.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    return env


def run_command(
    *args: str,
    stdin: str = "",
    cwd: Path | None = None,
    timeout: float = PATIENCE,
    **env: str | None,
) -> Ended:
    """Run this interpreter with `args` and tell how it ended."""
    with subprocess.Popen(
        [sys.executable, "-X", "faulthandler", *args],
        cwd=cwd,
        env=environment(**env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as child:
        try:
            out, err = child.communicate(stdin, timeout=timeout)
        except subprocess.TimeoutExpired:
            child.kill()
            out, err = child.communicate()
            message = f"still running after {timeout} s\n--- out\n{out}\n--- err\n{err}"
            raise AssertionError(message) from None
    return Ended(child.returncode, out, err)


def run_program(
    source: str,
    folder: Path,
    *args: str,
    name: str = "program.py",
    stdin: str = "",
    timeout: float = PATIENCE,
    **env: str | None,
) -> Ended:
    """Write `source` to `folder` and run it there as a script."""
    path = folder / name
    path.write_text(textwrap.dedent(source), encoding="utf-8")
    return run_command(
        str(path), *args, stdin=stdin, cwd=folder, timeout=timeout, **env
    )


def output_of(source: str, folder: Path, *args: str, **env: str | None) -> list[str]:
    """Run `source` as a script that must end well; give the lines it printed."""
    ended = run_program(source, folder, *args, **env)
    assert ended.code == 0, ended.out + ended.err
    return ended.lines
