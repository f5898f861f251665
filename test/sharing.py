"""Fixtures for modules whose tests may share one runtime of two workers.

Import both names into the module; `quiescence` takes the place of the one that stops
the runtime after each test.
"""

from __future__ import annotations

import pytest

from bocpy import set_tags, wait
from observing import PATIENCE, ensure_workers


@pytest.fixture(autouse=True)
def quiescence():
    """Have two workers before each test, and let them live after it."""
    ensure_workers()


@pytest.fixture(scope="module", autouse=True)
def shared_runtime():
    """Stop the runtime after the last test of the module, and look for leaks."""
    from bocpy.pytest_plugin import leak_check  # noqa: PLC0415 - not for workers

    with leak_check():
        yield
        wait(PATIENCE)
        set_tags([])
