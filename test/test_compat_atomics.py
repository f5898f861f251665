"""Atomic words of the core, shared by threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

core = pytest.importorskip("bocpy._internal_test")

THREADS = 4
TIMES = 50_000
SOON = 60


def in_threads(function, *args):
    """Call the function in several threads at once and wait for all."""
    with ThreadPoolExecutor(THREADS) as pool:
        for call in [pool.submit(function, *args) for _ in range(THREADS)]:
            call.result(SOON)


@pytest.fixture
def state():
    return core.atomics_make_state()


def test_a_new_state_is_zero(state):
    assert core.atomics_load_counter64(state) == 0
    assert core.atomics_load_counter32(state) == 0
    assert core.atomics_load_bool(state) is False
    assert core.atomics_load_ptr(state) == 0


def test_every_operation_does_what_it_says_under_every_order():
    assert core.atomics_round_trip() is None


@pytest.mark.parametrize("payload", [0, 1, 2**63, 2**64 - 1])
def test_a_released_payload_is_seen_by_who_acquires_the_flag(state, payload):
    with ThreadPoolExecutor(1) as pool:
        seen = pool.submit(core.atomics_consumer, state)
        core.atomics_producer(state, payload)
        assert seen.result(SOON) == payload


def test_a_payload_has_64_bits(state):
    for payload in (-1, 2**64):
        with pytest.raises(OverflowError):
            core.atomics_producer(state, payload)


@pytest.mark.parametrize(
    ("add", "load"),
    [
        ("atomics_fetch_add_loop_u64", "atomics_load_counter64"),
        ("atomics_fetch_add_loop_u32", "atomics_load_counter32"),
        ("atomics_cas_increment_loop_u64", "atomics_load_counter64"),
    ],
)
def test_no_increment_is_lost(state, add, load):
    in_threads(getattr(core, add), state, TIMES)
    assert getattr(core, load)(state) == THREADS * TIMES


def test_reset_makes_all_zero(state):
    core.atomics_fetch_add_loop_u64(state, 3)
    core.atomics_fetch_add_loop_u32(state, 3)
    core.atomics_reset(state)
    assert core.atomics_load_counter64(state) == 0
    assert core.atomics_load_counter32(state) == 0


def test_other_objects_are_refused(state):
    with pytest.raises(ValueError, match="must be non-negative"):
        core.atomics_fetch_add_loop_u64(state, -1)
    with pytest.raises(ValueError, match="PyCapsule"):
        core.atomics_reset(object())
    with pytest.raises(ValueError, match="PyCapsule"):
        core.atomics_reset(core.bq_make_queue())
