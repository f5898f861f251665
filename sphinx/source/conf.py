"""Settings of the documentation."""

from __future__ import annotations

from importlib import metadata

project = "bocpy"
author = "bocpy developers"
copyright = f"2025, {author}"  # noqa: A001  the name is Sphinx's
release = metadata.version("bocpy")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
html_theme = "furo"
html_title = f"bocpy {release}"

autosummary_generate = False
autodoc_member_order = "bysource"
autodoc_typehints = "description"
nitpicky = False

# Threads, for this program is Sphinx: workers need not import it.
doctest_global_setup = """
import os
os.environ["BOCPY_BACKEND"] = "threads"
import bocpy
from bocpy import *
"""
doctest_global_cleanup = "bocpy.wait(60)"
