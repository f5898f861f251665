"""Writes what a module looks like when its behaviors are exported by name.

python export_module.py PATH [--output FILE]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from bocpy.transpiler import export_module_from_file


def main(argv: list[str] | None = None) -> None:
    """Export one module and print its classes, functions and behaviors."""
    parser = argparse.ArgumentParser(description="Export the behaviors of a module.")
    parser.add_argument("path", help="the module")
    parser.add_argument("--output", "-o", default="boc_export.py", help="exported code")
    given = parser.parse_args(argv)
    exported = export_module_from_file(given.path)
    Path(given.output).write_text(exported.code, encoding="utf-8")
    for found in (exported.classes, exported.functions, exported.behaviors):
        print(found)  # noqa: T201


if __name__ == "__main__":
    main()
