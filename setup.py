"""Builds the extension modules; everything declarative is in pyproject.toml."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
CORE = Path("src/bocpy/_core")
MATH = Path("src/bocpy/_math")
INTERNAL_TESTS = Path("src/bocpy/_internal_test")
RELEASE_COMMANDS = {"bdist", "bdist_egg", "bdist_wheel", "install", "sdist"}
MSVC = sys.platform == "win32"


def sources(folder: Path, pattern: str = "*.cpp") -> list[str]:
    """Return the matching files below *folder*, relative to the project."""
    return sorted(
        path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob(pattern)
    )


def sanitizers() -> str:
    """Return the value for -fsanitize, or an empty string."""
    return os.environ.get("BOCPY_SANITIZE", "")


def compile_flags() -> list[str]:
    """Return the compiler options common to all modules."""
    if MSVC:
        flags = ["/std:c++20", "/O2", "/EHsc", "/permissive-", "/Zc:__cplusplus"]
        flags += ["/WX"] if os.environ.get("BOCPY_WERROR") else []
        return flags + os.environ.get("BOCPY_CXXFLAGS", "").split()
    flags = "-std=c++20 -fvisibility=hidden -fno-math-errno -pthread"
    flags += " -Wall -Wextra -Wconversion -Wshadow"
    flags += f" -iquote{CORE.as_posix()}"  # with -I, <sched.h> would be ours
    if os.environ.get("BOCPY_WERROR"):
        flags += " -Werror"
    if sanitizers():
        flags += f" -O1 -g -UNDEBUG -fno-omit-frame-pointer -fsanitize={sanitizers()}"
    elif os.environ.get("BOCPY_PROFILE"):
        flags += " -O3 -g -fno-omit-frame-pointer"
    else:
        flags += " -O3 -g0"
    return f"{flags} {os.environ.get('BOCPY_CXXFLAGS', '')}".split()


def link_flags() -> list[str]:
    """Return the linker options common to all modules."""
    if MSVC:
        return []
    sanitize = [f"-fsanitize={sanitizers()}"] if sanitizers() else []
    return ["-pthread", *sanitize]


def whole_program_flags() -> list[str]:
    """Return what lets the compiler see a module as a whole, if it can."""
    if MSVC or sanitizers() or os.environ.get("BOCPY_PROFILE"):
        return []
    flags = ["-O3", "-flto=auto", "-fno-plt"]
    compiler = shlex.split(
        os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "c++"
    )
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.cpp")
        source.write_text("int probe() { return 0; }", encoding="utf-8")
        command = [*compiler, *flags, "-shared", "-fPIC", source.name, "-o", "probe.so"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        except OSError:
            return []
    return flags if done.returncode == 0 else []


WHOLE_PROGRAM = whole_program_flags()


def extension(name: str, files: list[str], *extra_flags: str) -> Extension:
    """Describe one C++ extension module of the package."""
    return Extension(
        f"bocpy.{name}",
        sources=files,
        include_dirs=[CORE.as_posix()] if MSVC else [],
        extra_compile_args=[*compile_flags(), *WHOLE_PROGRAM, *extra_flags],
        extra_link_args=[*link_flags(), *WHOLE_PROGRAM],
        depends=sources(Path("src/bocpy"), "*.[hi]*"),
        language="c++",
    )


def wants_internal_tests() -> bool:
    """Tell whether to build the test modules: on request, never for a release."""
    wish = os.environ.get("BOCPY_BUILD_INTERNAL_TESTS", "").lower()
    return wish in {"1", "true", "yes", "on"} and not RELEASE_COMMANDS & {*sys.argv[1:]}


def extensions() -> list[Extension]:
    """Return the modules whose sources are present."""
    bases = ("fault", "xidata", "py/faults")
    shared = [f"{CORE.as_posix()}/{base}.cpp" for base in bases]
    faults = ["-DBOC_FAULTS=1"] if wants_internal_tests() and not MSVC else []
    exact = [] if MSVC else ["-ffp-contract=off"]
    modules = [extension("_core", sources(CORE), *faults)]
    if math := sources(MATH):
        modules.append(extension("_math", [*math, *shared], *faults, *exact))
    if wants_internal_tests():
        plain = [file for file in sources(CORE) if is_plain(file)]
        for file in sources(INTERNAL_TESTS):
            name = f"_internal_test_{Path(file).stem}"
            modules.append(extension(name, [file, *plain]))
    return modules


def is_plain(file: str) -> bool:
    """Tell whether a core source is in the layers that know nothing of Python."""
    inner = Path(file).relative_to(CORE)
    bases = {"compat", "parking", "sched", "terminator", "tags", "mailbox"}
    return inner.parts[0] == "sched" or (len(inner.parts) == 1 and inner.stem in bases)


def description() -> str:
    """Return the README without the regions meant for the repository only."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    skipped = r"<!-- pypi-skip-start -->.*?<!-- pypi-skip-end -->\n?"
    return re.sub(skipped, "", text, flags=re.DOTALL)


def is_current(target: Path, prerequisites: list[Path]) -> bool:
    """Tell whether *target* exists and is newer than all its prerequisites."""
    if not target.exists() or not all(path.exists() for path in prerequisites):
        return False
    built = target.stat().st_mtime
    return all(path.stat().st_mtime <= built for path in prerequisites)


class QuietBuild(build_py):
    """Leaves the entrance to the test modules out unless they are built."""

    def find_package_modules(
        self, package: str, package_dir: str
    ) -> list[tuple[str, str, str]]:
        """List the modules of a package."""
        found = super().find_package_modules(package, package_dir)
        return [
            (where, name, file)
            for where, name, file in found
            if wants_internal_tests() or name != INTERNAL_TESTS.name
        ]


class ParallelBuild(build_ext):
    """Compiles sources side by side, and only those that changed."""

    def run(self) -> None:
        """Build, leaving out of a release what an earlier build made for tests."""
        if not wants_internal_tests():
            for stale in Path(self.build_lib, "bocpy").glob("_internal_test*"):
                stale.unlink() if stale.is_file() else shutil.rmtree(stale)
        super().run()

    def build_extension(self, ext: Extension) -> None:
        """Give each module its own objects and recompile when its flags change."""
        base = self.build_temp
        self.build_temp = os.path.join(base, ext.name)
        stamp = Path(self.build_temp, "flags.txt")
        flags = " ".join([*ext.extra_compile_args, *ext.extra_link_args])
        stamp.parent.mkdir(parents=True, exist_ok=True)
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != flags:
            stamp.write_text(flags, encoding="utf-8")
        ext.depends = [*ext.depends, str(stamp)]
        serial = self.compiler.compile
        self.compiler.compile = functools.partial(self.compile_all, serial, stamp)
        try:
            super().build_extension(ext)
        finally:
            self.build_temp = base
            self.compiler.compile = serial

    def compile_all(
        self, serial: Any, stamp: Path, files: list[str], **options: Any
    ) -> list[str]:
        """Stand in for the compiler's own loop over *files*."""
        headers = [Path(path) for path in [*options["depends"], str(stamp)]]

        def compile_one(file: str) -> list[str]:
            names: list[str] = self.compiler.object_filenames(
                [file], output_dir=options["output_dir"]
            )
            needs = [Path(file), *headers]
            if not self.force and is_current(Path(names[0]), needs):
                return names
            done: list[str] = serial([file], **options)
            return done

        jobs = int(os.environ.get("BOCPY_BUILD_JOBS") or os.cpu_count() or 1)
        with ThreadPoolExecutor(jobs) as pool:
            return [name for names in pool.map(compile_one, files) for name in names]


setup(
    packages=["bocpy", "bocpy.examples"],
    package_dir={"": "src", "bocpy.examples": "examples"},
    ext_modules=extensions(),
    cmdclass={"build_ext": ParallelBuild, "build_py": QuietBuild},
    long_description=description(),
    long_description_content_type="text/markdown",
)
