"""Every test starts without a runtime, ends in time, and leaves nothing behind."""

from __future__ import annotations

import os
import sys

import pytest

PATIENCE = 30.0
"""Seconds that what a test left running may take to end."""

LIMITS = {"slow": 3 * 3600.0, "stress": 600.0}
"""Seconds that tests so marked may take before a report says what hangs."""

LIMIT = 240.0
"""The same for all others."""

BACKENDS = ["interpreters", "threads"] if sys.version_info >= (3, 12) else ["threads"]


@pytest.fixture(autouse=True)
def quiescence(request):
    """Limit the test's time, then stop the runtime and look for leaks."""
    if "bocpy" not in sys.modules:
        yield
        return
    from bocpy.pytest_plugin import (  # noqa: PLC0415
        leak_check,
        limited,
        stop_runtime,
    )

    marks = [mark.name for mark in request.node.iter_markers()]
    limit = max([LIMITS.get(name, LIMIT) for name in marks], default=LIMIT)
    stop_runtime(request.node, PATIENCE)
    with leak_check(request.node):
        with limited(limit):
            yield
        stop_runtime(request.node, PATIENCE)


@pytest.fixture(params=BACKENDS)
def backend(request, monkeypatch):
    """Run the test once on each backend that this interpreter offers."""
    monkeypatch.setenv("BOCPY_BACKEND", request.param)
    return request.param


def pytest_report_header():
    """Tell which interpreter and backend the suite runs on."""
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    backend = os.environ.get("BOCPY_BACKEND", "default")
    return f"bocpy: backend {backend}, GIL {'on' if has_gil else 'off'}"
