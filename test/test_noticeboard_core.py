"""The functions of `_core` that act on the noticeboard at once, and their callers."""

from __future__ import annotations

import threading

import pytest

from boards import board, idle, quiescence, runtime  # noqa: F401
from bocpy import (
    Cown,
    _core,
    notice_read,
    notice_sync,
    notice_write,
    noticeboard,
    wait,
    when,
)
from observing import PATIENCE, value_of

CAPACITY = 64


def settle(expected):
    """Wait until all is done; main must then see exactly `expected`."""
    notice_sync(PATIENCE)
    _core.noticeboard_cache_clear()
    assert dict(noticeboard()) == expected


def test_clear_is_for_any_time_and_thread_of_main(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    other = threading.Thread(target=_core.noticeboard_clear)
    other.start()
    other.join(PATIENCE)
    settle({})
    wait(PATIENCE)
    _core.noticeboard_write_direct("k", 1)
    assert notice_read("k") == 1
    _core.noticeboard_clear()
    assert dict(noticeboard()) == {}


def test_without_a_board_thread_main_may_write_directly(idle):
    _core.noticeboard_write_direct("k", [1])
    assert dict(noticeboard()) == {"k": [1]}
    _core.noticeboard_delete("k")
    _core.noticeboard_delete("k")
    for number in range(CAPACITY):
        _core.noticeboard_write_direct(str(number), number, None)
    with pytest.raises(RuntimeError, match="full"):
        _core.noticeboard_write_direct("one more", 0)
    _core.noticeboard_clear()


def test_with_a_board_thread_nobody_else_writes_directly(board):
    for call in (
        lambda: _core.noticeboard_write_direct("k", 1),
        _core.noticeboard_write_direct,
        lambda: _core.noticeboard_delete("k"),
    ):
        with pytest.raises(RuntimeError, match="noticeboard thread"):
            call()


def test_workers_never_act_on_the_board_directly(board):
    @when()
    def refused():
        texts = []
        for call in (
            _core.noticeboard_write_direct,
            _core.noticeboard_clear,
            _core.set_noticeboard_thread,
            _core.clear_noticeboard_thread,
            lambda: _core.noticeboard_delete("k"),
            lambda: _core.notice_sync_complete(1),
        ):
            try:
                call()
            except RuntimeError as error:
                texts.append(str(error))
        return texts

    texts = value_of(refused)
    assert len(texts) == 6
    assert all("must be called from the primary interpreter" in text for text in texts)


def test_pinned_addresses_keep_their_cowns(idle):
    capsule = _core.CownCapsule([1])
    capsule.release()
    pins = _core.cown_pin_pointers([capsule, capsule])
    assert len(pins) == 2
    assert pins[0] == pins[1] != 0
    _core.noticeboard_write_direct("k", capsule, pins)
    del capsule
    held = notice_read("k")
    held.acquire()
    assert held.value == [1]
    _core.noticeboard_clear()


@pytest.mark.parametrize(
    ("pins", "error"),
    [
        ([0], ValueError),
        ([-1], ValueError),
        ([id(None)], ValueError),
        (["1"], TypeError),
        (3, TypeError),
    ],
)
def test_bad_pins_are_refused(pins, error, idle):
    with pytest.raises(error, match="pin list"):
        _core.noticeboard_write_direct("k", 1, pins)
    assert dict(noticeboard()) == {}


def test_a_pinned_address_is_good_for_one_notice(idle):
    capsule = _core.CownCapsule([1])
    [pin] = _core.cown_pin_pointers([capsule])
    with pytest.raises(ValueError, match="pin list"):
        _core.noticeboard_write_direct("k", capsule, [pin, pin])
    _core.noticeboard_write_direct("k", capsule, [pin])
    with pytest.raises(ValueError, match="pin list"):
        _core.noticeboard_write_direct("k", capsule, [pin])
    assert capsule.value == [1]


@pytest.mark.parametrize("capsules", [[1], [Cown], 3])
def test_only_capsules_can_be_pinned(capsules):
    with pytest.raises(TypeError, match="cown_pin_pointers requires"):
        _core.cown_pin_pointers(capsules)
