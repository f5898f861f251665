"""Fixtures for tests of the noticeboard: one runtime per module and backend.

Import all names into the module; `quiescence` takes the place of the one that stops the
runtime after each test.
"""

from __future__ import annotations

import pytest

from bocpy import _core, behaviors, set_tags, start, wait
from conftest import BACKENDS
from observing import PATIENCE

running = {}


@pytest.fixture(autouse=True)
def quiescence():
    """Let the runtime live after the test."""


@pytest.fixture(scope="module", params=BACKENDS)
def runtime(request):
    """Stop the runtime after the last test of the module on this backend."""
    yield request.param
    wait(PATIENCE)
    set_tags([])


@pytest.fixture
def board(runtime):
    """Have one worker, an empty noticeboard, and a look at it not yet taken."""
    if behaviors.BEHAVIORS is None or running.get(runtime) is not behaviors.BEHAVIORS:
        wait(PATIENCE)
        start(worker_count=1, backend=runtime)
        running[runtime] = behaviors.BEHAVIORS
    set_tags([])
    _core.noticeboard_clear()


@pytest.fixture
def idle():
    """Have no runtime, and an empty noticeboard."""
    wait(PATIENCE)
    _core.noticeboard_clear()
    yield
    _core.noticeboard_clear()
