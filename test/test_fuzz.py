"""Everything that can be called, called at random: an exception at most.

Each seed runs in a process of its own, so that a crash is seen as one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from programs import run_command

FUZZER = Path(__file__).with_name("fuzzer.py")
LONG = bool(os.environ.get("BOCPY_STRESS_LONG"))
CALLS = 200_000 if LONG else 3_000
LIMIT = 1200.0 if LONG else 240.0
BACKENDS = ["interpreters", "threads"] if sys.version_info >= (3, 12) else ["threads"]


def fuzz(seed, *options, **env):
    """Make random calls; give how the process ended and the last of them."""
    ended = run_command(
        str(FUZZER), str(seed), str(CALLS), *options, timeout=LIMIT, **env
    )
    assert ended.code == 0, f"{ended.out[-2000:]}\n{ended.err[-4000:]}"
    assert ended.lines[-1] == "ended", ended.out[-2000:] + ended.err[-4000:]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("backend", BACKENDS)
def test_calls_at_random_raise_at_most(backend, seed):
    fuzz(seed, BOCPY_BACKEND=backend)


def test_calls_at_random_raise_at_most_where_values_are_shared():
    fuzz(7, BOCPY_BACKEND="threads", BOCPY_ISOLATION="share")


def test_calls_at_random_raise_at_most_under_a_running_runtime():
    fuzz(11, "--running")


def test_calls_at_random_raise_at_most_from_several_threads():
    fuzz(13, "--threads")
