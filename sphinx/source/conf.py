"""Settings of the documentation."""

from __future__ import annotations

import sys
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
nitpicky = True
nitpick_ignore_regex = [
    ("py:(mod|func)", rf"({'|'.join(sys.stdlib_module_names)})\b.*"),  # another manual
    ("py:obj", r"bocpy\.\w+"),  # the table of modules
    ("py:class", "Opened|Thread|Writable|_R"),  # annotations that are no public names
]

doctest_global_setup = """
import bocpy
from bocpy import *
"""
doctest_global_cleanup = "bocpy.wait(60)"
