"""Every test starts without a runtime and leaves none behind."""

from __future__ import annotations

import os
import sys

import pytest

PATIENCE = 30.0
"""Seconds that what a test left running may take to end."""

BACKENDS = ["interpreters", "threads"] if sys.version_info >= (3, 12) else ["threads"]


@pytest.fixture(autouse=True)
def quiescence(request):
    """Stop the runtime after the test, forget its messages, and look for leaks."""
    if "bocpy" not in sys.modules:
        yield
        return
    from bocpy.pytest_plugin import leak_check, stop_runtime  # noqa: PLC0415

    with leak_check(request.node):
        yield
        stop_runtime(request.config, PATIENCE)


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
