"""The noticeboard: what is read, when it changes, what it refuses, how it ends."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from boards import board, idle, quiescence, runtime  # noqa: F401
from bocpy import (
    TIMEOUT,
    Cown,
    Matrix,
    _core,
    behaviors,
    notice_delete,
    notice_read,
    notice_sync,
    notice_update,
    notice_write,
    noticeboard,
    noticeboard_version,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect, failure_of, value_of, values_of

CAPACITY = 64


class OnlyMain:
    """Loads in the main interpreter, on threads that are no workers."""

    def __reduce__(self):
        return load_only_main, ()


def load_only_main():
    if not _core.is_primary():
        raise LookupError("only loads at home")
    return OnlyMain()


class Tells:
    """Sends a message wherever it loads, and does not load."""

    def __reduce__(self):
        return load_and_tell, ()


def load_and_tell():
    send("loaded", 1)
    raise LookupError("loads nowhere")


def settle(expected):
    """Wait until all is done; main must then see exactly `expected`."""
    notice_sync(PATIENCE)
    _core.noticeboard_cache_clear()
    assert dict(noticeboard()) == expected


def test_a_body_reads_what_was_written(board):
    notice_write("k", {"inner": [1, 2]})
    notice_sync(PATIENCE)

    @when()
    def seen():
        return notice_read("k"), notice_read("none"), notice_read("none", 7)

    assert value_of(seen) == ({"inner": [1, 2]}, None, 7)


def test_main_reads_what_a_body_wrote(board):
    @when()
    def done():
        notice_write("k", (1, "two"))
        return notice_sync()

    assert value_of(done) == noticeboard_version()
    settle({"k": (1, "two")})


def test_the_snapshot_is_a_read_only_mapping(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    snapshot = noticeboard()
    assert type(snapshot) is MappingProxyType
    assert isinstance(snapshot, Mapping)
    with pytest.raises(TypeError):
        snapshot["k"] = 2
    with pytest.raises(TypeError):
        del snapshot["k"]
    assert _core.noticeboard_snapshot() == snapshot


def test_a_body_sees_one_snapshot_whatever_it_writes(board):
    notice_write("k", "before")
    notice_sync(PATIENCE)

    @when()
    def seen():
        first = noticeboard()
        notice_write("k", "after")
        notice_write("new", 1)
        notice_sync()
        return dict(first), dict(noticeboard()), notice_read("k"), notice_read("new")

    assert value_of(seen) == ({"k": "before"}, {"k": "before"}, "before", None)


def test_a_snapshot_is_fixed_for_all_keys_by_the_first_read(board):
    notice_write("a", 1)
    notice_write("b", 1)
    notice_sync(PATIENCE)

    @when()
    def seen():
        first = notice_read("a")
        notice_write("b", 2)
        notice_sync()
        return first, notice_read("b")

    assert value_of(seen) == (1, 1)


def test_the_next_body_sees_the_newest_state(board):
    turns = Cown([])
    for turn in range(5):

        @when(turns)
        def _(turns, turn=turn):
            turns.value.append(notice_read("turn"))
            notice_write("turn", turn)
            notice_sync()

    assert value_of(turns) == [None, 0, 1, 2, 3]


def test_cown_order_and_sync_make_writes_visible(board):
    cells = [Cown(number) for number in range(4)]
    for cell in cells:

        @when(cell)
        def _(cell):
            notice_write(f"cell{cell.value}", cell.value)
            notice_sync()

    @when(cells)
    def seen(cells):
        return dict(noticeboard())

    assert value_of(seen) == {f"cell{n}": n for n in range(4)}


def test_an_unchanged_board_costs_no_new_snapshot(board):
    notice_write("k", [1])
    notice_sync(PATIENCE)
    place = Cown(None)

    def look():
        @when(place)
        def address(place):
            return id(noticeboard()), id(notice_read("k"))

        return value_of(address)

    assert look() == look()


def test_a_new_entry_leaves_the_objects_of_the_others(board):
    notice_write("kept", [1])
    notice_sync(PATIENCE)
    place = Cown(None)

    def look():
        @when(place)
        def kept(place):
            notice_read("kept").append(1)
            return len(noticeboard()["kept"])

        return value_of(kept)

    assert look() == 2
    notice_write("other", 1)
    notice_sync(PATIENCE)
    assert look() == 3
    notice_write("kept", [1])
    notice_sync(PATIENCE)
    assert look() == 2


def test_a_snapshot_that_was_kept_never_changes(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    old = noticeboard()
    notice_write("k", 2)
    notice_delete("other")
    settle({"k": 2})
    assert dict(old) == {"k": 1}


def test_main_keeps_its_snapshot_until_it_is_rearmed(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    assert notice_read("k") == 1

    @when()
    def done():
        notice_write("k", 2)
        notice_sync()

    value_of(done)
    assert notice_read("k") == 1
    _core.noticeboard_cache_clear()
    assert notice_read("k") == 2
    notice_write("k", 3)
    notice_sync(PATIENCE)
    assert notice_read("k") == 3


def test_each_thread_has_its_own_snapshot(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    assert notice_read("k") == 1
    notice_write("k", 2)
    seen = []
    other = threading.Thread(target=lambda: seen.append(notice_read("k")))
    other.start()
    other.join(PATIENCE)
    assert seen == [2]
    assert notice_read("k") == 1


def test_values_of_every_kind_arrive_as_they_were(board):
    values = {"none": None, "list": [1], "tuple": (1, [2]), "bytes": bytearray(b"x")}
    for key, value in values.items():
        notice_write(key, value)
    notice_sync(PATIENCE)

    @when()
    def seen():
        return {key: (type(v).__name__, v) for key, v in noticeboard().items()}

    assert value_of(seen) == {k: (type(v).__name__, v) for k, v in values.items()}
    assert notice_read("none", "absent") is None


@pytest.mark.parametrize("wrap", [lambda m: m, lambda m: (m, (m, 1))])
def test_a_matrix_stays_with_its_writer_and_everybody_reads_a_copy(board, wrap):
    matrix = Matrix(1, 2, [1, 2])
    notice_write("matrix", wrap(matrix))
    notice_update("other", replace, matrix)
    notice_sync(PATIENCE)
    matrix[0, 0] = 3

    def read():
        return str(notice_read("matrix")), str(notice_read("other"))

    told = str(wrap(Matrix(1, 2, [1, 2]))), str(Matrix(1, 2, [1, 2]))
    for _ in range(3):

        @when()
        def seen():
            return read()

        assert value_of(seen) == told
    assert read() == told


def replace(value):
    """Have an update leave what there was."""
    return value


def test_a_deleted_notice_is_gone_and_an_absent_one_is_no_error(board):
    notice_write("k", 1)
    notice_write("other", 2)
    notice_delete("k")
    notice_delete("never there")
    settle({"other": 2})


def test_a_body_that_fails_has_written_all_the_same(board):
    @when()
    def failed():
        notice_write("k", "written")
        raise KeyError("after")

    assert isinstance(failure_of(failed), KeyError)
    settle({"k": "written"})


def test_cowns_on_the_board_live_as_long_as_their_notice(board):
    notice_write("cowns", {"list": [Cown("kept")], "plain": Cown(1)})
    notice_sync(PATIENCE)
    _core.recycle()

    @when()
    def seen():
        with notice_read("cowns")["list"][0] as value:
            return value

    assert value_of(seen) == "kept"

    @when(notice_read("cowns")["plain"])
    def doubled(plain):
        plain.value += 1
        return plain.value

    assert value_of(doubled) == 2


def test_a_cown_read_from_the_board_outlives_its_notice(board):
    notice_write("k", Cown([1]))
    notice_sync(PATIENCE)
    held = notice_read("k")
    notice_delete("k")
    settle({})
    with held as value:
        assert value == [1]


def test_an_entry_that_does_not_load_spoils_only_itself(board):
    notice_write("bad", OnlyMain())
    notice_write("good", 1)
    notice_sync(PATIENCE)

    @when()
    def seen():
        try:
            notice_read("bad")
        except LookupError as error:
            return str(error), notice_read("good"), dict(noticeboard())

    assert value_of(seen) == ("only loads at home", 1, {"good": 1})
    assert isinstance(notice_read("bad"), OnlyMain)
    notice_write("bad", "replaced")
    notice_sync(PATIENCE)

    @when()
    def replaced():
        return dict(noticeboard())

    assert value_of(replaced) == {"bad": "replaced", "good": 1}


def test_sixty_four_keys_fit_and_one_more_is_dropped_with_a_warning(board, caplog):
    full = {f"key{number}": number for number in range(CAPACITY)}
    for key, value in full.items():
        notice_write(key, value)
    notice_sync(PATIENCE)
    assert not caplog.records
    notice_write("one more", 0)
    notice_write("key0", "changed")
    settle(full | {"key0": "changed"})
    [record] = caplog.records
    assert record.name == "behaviors"
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("noticeboard_write('one more') failed: ")
    notice_delete("key0")
    notice_write("one more", 0)
    settle({k: v for k, v in full.items() if k != "key0"} | {"one more": 0})


LONGEST = ["x" * 63, "\u00e9" * 31 + "x", ""]
BAD_KEYS = [
    (1, TypeError, "noticeboard key must be a str"),
    (None, TypeError, "noticeboard key must be a str"),
    (b"k", TypeError, "noticeboard key must be a str"),
    ("a\0b", ValueError, "noticeboard key must not contain NUL characters"),
    ("x" * 64, ValueError, r"noticeboard key too long \(max 63 UTF-8 bytes\)"),
    ("\u00e9" * 32, ValueError, r"noticeboard key too long \(max 63 UTF-8 bytes\)"),
    ("\ud800", UnicodeEncodeError, "surrogates"),
]


def test_the_longest_and_the_shortest_keys_work(board):
    for number, key in enumerate(LONGEST):
        notice_write(key, number)
    settle({key: number for number, key in enumerate(LONGEST)})


@pytest.mark.parametrize(("key", "error", "text"), BAD_KEYS)
def test_bad_keys_are_refused_everywhere(board, key, error, text):
    version = noticeboard_version()
    for call in (
        lambda: notice_write(key, 1),
        lambda: notice_update(key, abs),
        lambda: notice_delete(key),
        lambda: notice_read(key),
    ):
        with pytest.raises(error, match=text):
            call()
    assert notice_sync(PATIENCE) == version


def test_what_cannot_be_packed_is_refused_at_the_call(board):
    with pytest.raises((TypeError, AttributeError)):
        notice_write("k", threading.Lock())
    settle({})


@pytest.mark.parametrize("key", ["k", 3])
def test_writing_needs_a_runtime(key, idle):
    for call, text in (
        (lambda: notice_write(key, 1), "cannot write to the noticeboard"),
        (lambda: notice_update(key, abs), "cannot update the noticeboard"),
        (lambda: notice_delete(key), "cannot delete from the noticeboard"),
        (notice_sync, "cannot notice_sync before the runtime is started"),
    ):
        with pytest.raises(RuntimeError, match=text):
            call()
    assert dict(noticeboard()) == {}
    assert notice_read("k", "default") == "default"


def test_each_change_moves_the_version_by_one(board):
    version = notice_sync(PATIENCE)
    for number in range(5):
        notice_write("k", number)
    assert notice_sync(PATIENCE) == version + 5
    notice_delete("k")
    assert notice_sync(PATIENCE) == version + 6
    notice_delete("k")
    notice_update("k", min)
    noticeboard()
    assert notice_sync(PATIENCE) == version + 6
    _core.noticeboard_clear()
    assert noticeboard_version() == version + 7


def test_the_version_never_goes_back(board):
    before = noticeboard_version()
    wait(PATIENCE)
    between = noticeboard_version()
    start(worker_count=1)
    notice_write("k", 1)
    assert before < between < notice_sync(PATIENCE)


def test_the_board_is_empty_after_a_restart(board):
    notice_write("k", 1)
    notice_sync(PATIENCE)
    assert notice_read("k") == 1
    wait(PATIENCE)
    assert dict(noticeboard()) == {}
    start(worker_count=1)

    @when()
    def seen():
        return dict(noticeboard())

    assert value_of(seen) == {}


def test_wait_loads_the_board_only_if_it_is_asked_for_it(idle, caplog):
    for asked in (False, True):
        start(worker_count=1)
        notice_write("odd", Tells())
        notice_write("k", 1)
        board = wait(PATIENCE, noticeboard=asked)
        assert board == ({"k": 1} if asked else None)
        assert (receive("loaded", 0)[0] != TIMEOUT) is asked
        assert ("entry 'odd' does not load here" in caplog.text) is asked


def test_wait_after_a_stop_gives_the_board_of_that(idle):
    start(worker_count=1)
    notice_write("k", [1])
    stopped = behaviors.BEHAVIORS
    stopped.stop(PATIENCE)
    assert stopped._final_noticeboard == {"k": [1]}
    assert wait(PATIENCE, noticeboard=True) == {"k": [1]}


def test_of_two_that_wait_the_one_that_asks_gets_the_board(idle):
    start(worker_count=1)

    @when()
    def _():
        send("waiting", 1)
        receive("go", PATIENCE)

    expect("waiting")
    notice_write("k", 1)
    runtime = behaviors.BEHAVIORS
    boards = []
    threads = [
        threading.Thread(target=lambda a=asked: boards.append(wait(60, noticeboard=a)))
        for asked in (False, True, False)
    ]
    for thread in threads:
        thread.start()
    while len(runtime.waiting) < len(threads):
        pass
    send("go", 1)
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(boards, key=str) == [None, None, {"k": 1}]


def test_many_writers_and_readers_agree_in_the_end(board):
    cells = [Cown(number) for number in range(8)]
    for turn in range(50):
        for cell in cells:

            @when(cell)
            def _(cell, turn=turn):
                mine = f"cell{cell.value}"
                assert notice_read(mine, turn - 1) <= turn - 1
                notice_write(mine, turn)

    values_of(*cells)
    settle({f"cell{number}": 49 for number in range(8)})


def test_a_write_reaches_a_body_that_already_waits(board):
    @when()
    def seen():
        send("waiting", 1)
        receive("go", PATIENCE)
        return notice_read("k")

    expect("waiting")
    notice_write("k", "in time")
    notice_sync(PATIENCE)
    send("go", 1)
    assert value_of(seen) == "in time"
