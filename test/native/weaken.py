"""Finds memory orders that no scenario needs.

    python test/native/weaken.py [--seeds N] [FILE...]

Each order of the Python-free core that is stronger than relaxed is made relaxed,
alone, in a copy; then the scenarios that contain its file run under relacy, and, if
they pass, natively under ThreadSanitizer. Who survives both is reported, unless its
rule is one that only an argument can show. FILE is a name as in `ring.h` or
`sched/claim.h`; without one, all are tried, which takes the better part of an hour.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ARGUED = ("PL3",)
"""Rules that order two writes of one thread: relacy never delays one."""
ORDER = re.compile(
    r"memory_order_(acquire|release|acq_rel|seq_cst)\b"
    r"(?=(?P<failure>,\s*std::memory_order_\w+)?)"
)
WAYS = {
    "relacy": ["-DBOC_MODEL"],
    "": ["-fsanitize=thread", "-fno-sanitize-recover=all"],
}
"""The compiler's options, by model."""
SECONDS = 120.0


class Copy:
    """The core and its scenarios, where lines may be changed."""

    def __init__(self, folder: Path) -> None:
        for part in ("src/bocpy/_core", "test/native"):
            shutil.copytree(ROOT / part, folder / part)
        self.folder = folder
        self.core = folder / "src" / "bocpy" / "_core"
        sys.path.insert(0, str(folder / "test" / "native"))
        self.runner = importlib.import_module("run")
        self._known: dict[Path, set[Path]] = {}

    def files(self) -> list[str]:
        """Return the files with orders that some scenario contains."""
        used = set().union(*(self._parts(source) for source in self._sources("relacy")))
        names = sorted(str(path.relative_to(self.core)) for path in used)
        return [name for name in names if ORDER.search((self.core / name).read_text())]

    def compile(self, model: str, only: Path | None = None) -> list[Path]:
        """Compile what contains `only`, or everything; return the programs in it."""
        self._build(model).mkdir(exist_ok=True)
        shared = self._shared(model)
        programs = self.runner.programs_of(model, self._names())
        stale = [
            source
            for source in (*shared, *programs)
            if only is None or only in self._parts(source)
        ]
        self.runner.compile_all(stale, self._flags(model), self._build(model))
        everywhere = any(source in stale for source in shared)
        return [source for source in programs if everywhere or source in stale]

    def pass_all(self, model: str, only: Path | None = None) -> bool:
        """Compile that, and run the scenarios until one fails."""
        return all(self._passes(model, each) for each in self.compile(model, only))

    def _passes(self, model: str, source: Path) -> bool:
        parts = [self._object(model, each) for each in (*self._shared(model), source)]
        target = parts[-1].with_suffix("")
        return self._runs(self.runner.link(parts, self._flags(model), target))

    def _build(self, model: str) -> Path:
        return self.folder / f"build-{model}"

    def _flags(self, model: str) -> list[str]:
        return [*self.runner.FLAGS.split(), *WAYS[model]]

    def _object(self, model: str, source: Path) -> Path:
        return self._build(model) / f"{source.parent.name}-{source.stem}.o"

    def _runs(self, program: Path) -> bool:
        command = [*self.runner.fixed_addresses(), str(program)]
        try:
            ended = subprocess.run(
                command, check=False, capture_output=True, timeout=SECONDS
            )
        except subprocess.TimeoutExpired:
            return False
        return ended.returncode == 0

    def _shared(self, model: str) -> list[Path]:
        explorer = [] if model else [self.runner.HERE / "protocols" / "native.cpp"]
        return [*self.runner.core_sources(model), *explorer]

    def _names(self) -> list[str]:
        return [source.stem for source in self.runner.programs_of("relacy", [])]

    def _sources(self, model: str) -> list[Path]:
        return [*self._shared(model), *self.runner.programs_of(model, self._names())]

    def _parts(self, source: Path) -> set[Path]:
        """Return the files of the core that a source consists of."""
        if source not in self._known:
            here = self.runner.HERE
            folders = (self.core, here, here / "protocols", here / "model")
            includes = [part for each in folders for part in ("-iquote", str(each))]
            options = ["-std=c++20", "-DBOC_MODEL", "-MM", *includes, str(source)]
            listed = subprocess.run(
                [*self.runner.COMPILER, *options],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            paths = [Path(word) for word in listed.replace("\\\n", " ").split()[1:]]
            self._known[source] = {each for each in paths if self.core in each.parents}
        return self._known[source]


@contextlib.contextmanager
def weakened(path: Path, at: re.Match[str]) -> Iterator[None]:
    """Make one order relaxed for a while."""
    text = path.read_text()
    weak = "memory_order_relaxed"
    failure = at["failure"] or ""  # never stronger than that of success
    end = at.end() + len(failure)
    path.write_text(
        text[: at.start()] + weak + (failure and f", std::{weak}") + text[end:]
    )
    try:
        yield
    finally:
        path.write_text(text)


def orders_of(path: Path) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield each order of a file, with its line; argued ones are left out."""
    text = path.read_text()
    for found in ORDER.finditer(text):
        start = text.rfind("\n", 0, found.start()) + 1
        statement = text[start : text.find(";", found.end())]
        rule = text[text.find(";", found.end()) :].partition("\n")[0]
        if not any(name in statement + rule for name in ARGUED):
            yield f"{text.count(chr(10), 0, start) + 1}: {found.group(1)}", found


def survivors_in(copy: Copy, name: str) -> list[str]:
    """Return the orders of a file that nothing needs."""
    path = copy.core / name
    found = []
    for label, order in orders_of(path):
        with weakened(path, order):
            finder = next((way for way in WAYS if not copy.pass_all(way, path)), None)
        verdict = {"relacy": "relacy", "": "ThreadSanitizer", None: "nothing"}[finder]
        print(f"{name}:{label}: {verdict} finds it weakened", flush=True)
        if finder is None:
            found.append(f"{name}:{label}")
    for way in WAYS:
        copy.compile(way, path)
    return found


def main() -> int:
    """Try each order; the exit code tells whether something needs each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="*", help="files of the core (default: all)")
    parser.add_argument("--seeds", type=int, default=30_000, help="of each scenario")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bocpy-weaken-") as folder:
        copy = Copy(Path(folder))
        os.environ["BOCPY_SEEDS"] = str(options.seeds)
        if not all(copy.pass_all(way) for way in WAYS):
            print("the scenarios fail as they are")
            return 2
        needless: list[str] = []
        for name in options.files or copy.files():
            needless += survivors_in(copy, name)
    print(f"needed by no scenario: {', '.join(needless) or 'none'}")
    return 1 if needless else 0


if __name__ == "__main__":
    sys.exit(main())
