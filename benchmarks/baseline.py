"""Instructions on record, and what they can be compared with."""

from __future__ import annotations

import json
import os
import platform
import shlex
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Totals = dict[str, float]


def interpreter() -> str:
    """Name this CPython as the record does: 3.14, or 3.14t without a GIL."""
    free = "t" * bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    return ".".join(platform.python_version_tuple()[:2]) + free


def made_by() -> str:
    """Tell what else the counts depend on: which build, compilers, and kind of ours."""
    from bocpy import _core  # noqa: PLC0415 - the build that is counted

    words = [
        f"CPython {platform.python_version()} by {platform.python_compiler()}",
        "optimized" * ("--enable-optimizations" in option("CONFIG_ARGS")),
        f"bocpy by {compiler()}",
        "with faults" * hasattr(_core, "_fail"),
    ]
    return ", ".join(word for word in words if word)


def option(name: str) -> str:
    """Read how this CPython was built."""
    return str(sysconfig.get_config_var(name) or "")


def compiler() -> str:
    """Name the compiler that setup.py takes, and its version."""
    command = shlex.split(os.environ.get("CXX") or option("CXX") or "c++")
    asked = [*command, "-dumpfullversion", "-dumpversion"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:
        return "an unknown compiler"
    return f"{Path(command[0]).name} {done.stdout.strip()}"


def read(path: Path, name: str, made: str) -> Totals | None:
    """Return what is on record for an interpreter; None if it was made another way."""
    entry = json.loads(path.read_text(encoding="utf-8")).get(name)
    if entry is None or entry["made by"] != made:
        return None
    totals: Totals = entry["instructions"]
    return totals


def write(path: Path, name: str, made: str, totals: Mapping[str, float]) -> None:
    """Put the counts of an interpreter on record, in place of earlier ones."""
    record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    whole = {path: round(total) for path, total in totals.items()}
    record[name] = {"made by": made, "instructions": whole}
    text = json.dumps(record, indent=2, sort_keys=True)
    path.write_text(f"{text}\n", encoding="utf-8")


def slower(
    now: Mapping[str, float], before: Mapping[str, float], limit: float
) -> list[str]:
    """Name the paths that take more than *limit* per cent more than before."""
    return [
        name
        for name, total in now.items()
        if name in before and total > before[name] * (1 + limit / 100)
    ]
