"""Every test starts without a runtime and leaves none behind."""

from __future__ import annotations

import os
import sys

import pytest

PATIENCE = 30.0
"""Seconds that what a test left running may take to end."""

BACKENDS = ["interpreters", "threads"] if sys.version_info >= (3, 12) else ["threads"]


@pytest.fixture(autouse=True)
def quiescence(pytestconfig):
    """Stop the runtime after the test and forget its messages."""
    yield
    if "bocpy" in sys.modules:
        from bocpy.pytest_plugin import stop_runtime  # noqa: PLC0415

        stop_runtime(pytestconfig, PATIENCE)


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
