"""Messages: tags, order, time-outs, what is refused."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time

import pytest

from bocpy import TIMEOUT, _core, drain, receive, send, set_tags, when
from observing import PATIENCE, expect

CAPACITY = 16384
TAGS = 16
SOON = 0.1
"""How late, in seconds, a time-out may be."""


def stats_of(tag):
    [entry] = [entry for entry in _core.queue_stats() if entry["tag"] == tag]
    return entry


class Waiting(threading.Thread):
    """Receives in a thread of its own; `result()` gives what came, or raises it."""

    def __init__(self, *args, **kwargs):
        super().__init__(daemon=True)
        self.call = args, kwargs
        self.answer = self.error = None
        self.start()

    def run(self):
        args, kwargs = self.call
        try:
            self.answer = receive(*args, **kwargs)
        except BaseException as error:
            self.error = error

    def result(self):
        self.join(PATIENCE)
        assert not self.is_alive(), "still waiting"
        if self.error is not None:
            raise self.error
        return self.answer


def test_a_message_arrives_with_its_tag():
    send("greeting", "hello")
    answer = receive("greeting", PATIENCE)
    assert answer == ("greeting", "hello")
    assert type(answer) is tuple


def test_messages_match_list_patterns():
    send("point", (1, 2))
    match receive("point", PATIENCE):
        case ["point", (x, y)]:
            assert (x, y) == (1, 2)
        case other:
            pytest.fail(f"got {other}")


def test_messages_of_a_tag_keep_their_order():
    for number in range(1000):
        send("ordered", number)
    assert [receive("ordered", 0)[1] for _ in range(1000)] == list(range(1000))


def test_messages_wait_only_for_their_own_tag():
    send("one", 1)
    send("two", 2)
    assert receive("two", 0) == ("two", 2)
    assert receive("one", 0) == ("one", 1)
    assert receive("one", 0) == (TIMEOUT, None)


@pytest.mark.parametrize("wanted", [["a", "b"], ("b", "a"), {"a", "b"}, iter("ab")])
def test_any_of_several_tags_will_do(wanted):
    send("b", "here")
    assert receive(wanted, PATIENCE) == ("b", "here")


@pytest.mark.parametrize("position", range(TAGS))
def test_a_poll_looks_at_every_tag(position):
    tags = [f"tag{number}" for number in range(TAGS)]
    send(tags[position], position)
    assert receive(tags, 0) == (tags[position], position)


def test_no_tag_of_several_is_starved():
    for number in range(20):
        send("left", number)
        send("right", number)
    first = [receive(["left", "right"], 0)[0] for _ in range(10)]
    assert set(first) == {"left", "right"}


def test_a_tag_may_be_named_twice():
    send("twice", 1)
    assert receive(["twice", "twice"], 0) == ("twice", 1)
    assert receive(["twice"] * 20, 0) == (TIMEOUT, None)


def test_workers_and_main_talk_both_ways():
    @when()
    def _():
        send("question", 20)
        tag, number = receive("answer", 30)
        send("result", (tag, number))

    assert expect("question") == 20
    send("answer", 22)
    assert expect("result") == ("answer", 22)


def test_a_poll_with_nothing_there_returns_at_once():
    begun = time.monotonic()
    assert receive("nothing", 0) == (TIMEOUT, None)
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize("tags", ["silent", ["silent", "quiet"]])
@pytest.mark.parametrize("timeout", [0.01, 0.2])
def test_a_time_out_is_never_early_and_hardly_late(tags, timeout):
    begun = time.monotonic()
    assert receive(tags, timeout) == (TIMEOUT, None)
    assert timeout <= time.monotonic() - begun < timeout + 10 * SOON


@pytest.mark.skipif(sys.platform != "linux", reason="counts of a thread are Linux's")
@pytest.mark.parametrize("tags", ["silent", ["silent", "quiet"]])
def test_a_receiver_that_waits_sleeps(tags):
    import resource  # noqa: PLC0415  not on every system

    def slept():
        return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw

    before = slept()
    assert receive(tags, 0.3) == (TIMEOUT, None)
    assert slept() - before < 30


def test_timeout_is_a_plain_string():
    assert TIMEOUT == "__timeout__"
    assert _core.TIMEOUT == TIMEOUT


def test_after_gives_the_answer_of_a_time_out():
    assert receive("nothing", 0, lambda: ["anything"]) == ["anything"]
    assert receive("nothing", timeout=0.01, after=lambda: None) is None


def test_after_is_not_called_when_a_message_is_there():
    send("there", 1)
    assert receive("there", 0, pytest.fail) == ("there", 1)


def test_what_after_raises_comes_out_of_receive():
    with pytest.raises(ZeroDivisionError):
        receive("nothing", 0, lambda: 1 / 0)


@pytest.mark.parametrize("timeout", [-1, -0.5, math.nan, math.inf, 1e12])
def test_endless_time_outs_wait_for_the_message(timeout):
    waiting = Waiting("endless", timeout)
    send("endless", 1)
    assert waiting.result() == ("endless", 1)


def test_a_receiver_of_several_tags_wakes_for_any_of_them():
    for tag in "abc":
        waiting = Waiting(["a", "b", "c"])
        send(tag, 1)
        assert waiting.result() == (tag, 1)


def test_every_parked_receiver_gets_one_message():
    waiting = [Waiting("shared") for _ in range(8)]
    for number in range(8):
        send("shared", number)
    assert sorted(each.result()[1] for each in waiting) == list(range(8))


def test_a_full_queue_says_so_and_loses_nothing():
    for number in range(CAPACITY):
        send("full", number)
    with pytest.raises(RuntimeError, match="Message queue is full"):
        send("full", -1)
    send("other", "still free")
    assert receive("full", 0) == ("full", 0)
    send("full", CAPACITY)
    with pytest.raises(RuntimeError, match="Message queue is full"):
        send("full", -1)
    got = [receive("full", 0)[1] for _ in range(CAPACITY)]
    assert got == list(range(1, CAPACITY + 1))


def test_the_seventeenth_tag_is_refused():
    for number in range(TAGS):
        send(f"tag{number}", number)
    with pytest.raises(KeyError, match="tag capacity exceeded"):
        send("one more", 0)
    with pytest.raises(KeyError, match="No message queue found for tag"):
        receive("one more", 0)
    drain("one more")
    assert [receive(f"tag{n}", 0)[1] for n in range(TAGS)] == list(range(TAGS))


def test_a_runtime_takes_no_tags_and_no_messages():
    send("before", 1)

    @when()
    def _():
        send("ran", 1)

    expect("ran")
    for number in range(TAGS - 2):
        send(f"tag{number}", number)
    assert receive("before", 0) == ("before", 1)


def test_drain_discards_what_is_queued_for_its_tags():
    for tag in "abc":
        send(tag, 1)
    drain("a")
    drain(["b", "unknown"])
    drain([])
    drain(())
    assert receive(["a", "b"], 0) == (TIMEOUT, None)
    assert receive("c", 0) == ("c", 1)


def test_drain_leaves_a_parked_receiver_waiting():
    waiting = Waiting("drained")
    for _ in range(10):
        drain("drained")
    send("drained", 1)
    assert waiting.result() == ("drained", 1)


def test_set_tags_drops_messages_and_binds_in_order():
    send("old", 1)
    set_tags(["x", "y"])
    assert [(s["queue_index"], s["tag"]) for s in _core.queue_stats()] == [
        (0, "x"),
        (1, "y"),
    ]
    assert receive("old", 0) == (TIMEOUT, None)
    set_tags([])
    assert _core.queue_stats() == []


def test_a_receiver_waits_on_across_set_tags():
    waiting = Waiting("across")
    for tags in (["across"], ["other", "across"], []):
        set_tags(tags)
    send("across", 1)
    assert waiting.result() == ("across", 1)


BAD_TAGS = [
    (["a", 1], TypeError),
    ([None], TypeError),
    ([b"a"], TypeError),
    (3, TypeError),
    (None, TypeError),
    (iter(["a"]), TypeError),
    ([str(n) for n in range(TAGS + 1)], IndexError),
    (["fine", "\ud800"], UnicodeEncodeError),
]


@pytest.mark.parametrize(("tags", "error"), BAD_TAGS)
def test_set_tags_that_fails_changes_nothing(tags, error):
    send("kept", 1)
    with pytest.raises(error):
        set_tags(tags)
    assert receive("kept", 0) == ("kept", 1)
    set_tags([])
    send("fresh", 1)
    assert receive("fresh", 0) == ("fresh", 1)


def test_set_tags_survives_a_sequence_that_raises():
    class Broken:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            raise ZeroDivisionError

    send("kept", 1)
    with pytest.raises(ZeroDivisionError):
        set_tags(Broken())
    assert receive("kept", 0) == ("kept", 1)


def test_set_tags_is_for_the_main_interpreter():
    @when()
    def _():
        try:
            set_tags([])
        except RuntimeError as error:
            send("refused", str(error))

    assert expect("refused") == "set_tags can only be called from the main interpreter"


class Name(str):
    __slots__ = ()


@pytest.mark.parametrize("tag", [1, None, b"tag", Name("tag")])
def test_tags_are_exactly_str(tag):
    for call in (lambda: send(tag, 1), lambda: receive(tag, 0), lambda: drain(tag)):
        with pytest.raises(TypeError):
            call()
    for call in (lambda: receive(["a", tag], 0), lambda: drain(["a", tag])):
        with pytest.raises(TypeError, match="str"):
            call()


def test_a_lone_surrogate_is_no_tag():
    for call in (lambda: send("\ud800", 1), lambda: receive("\ud800", 0)):
        with pytest.raises(UnicodeEncodeError):
            call()
    send("fine", 1)
    assert receive("fine", 0) == ("fine", 1)


@pytest.mark.parametrize("tag", ["", "a\0b", "\u20ac", "x" * 63, "y" * 64, "z" * 5000])
def test_any_other_str_is_a_tag(tag):
    send(tag, 1)
    assert receive(f"{tag}!", 0) == (TIMEOUT, None)
    assert receive("".join(tag), 0) == (tag, 1)


def test_no_tags_are_too_few():
    with pytest.raises(RuntimeError, match="at least one"):
        receive([], 0)


@pytest.mark.parametrize("timeout", [None, "1", [], 1j])
def test_a_time_out_is_a_number(timeout):
    with pytest.raises(TypeError):
        receive("tag", timeout)


@pytest.mark.parametrize("args", [(), ("tag",), ("tag", 1, 2)])
def test_send_takes_two_arguments(args):
    with pytest.raises(TypeError):
        send(*args)


def test_receive_checks_its_arguments():
    with pytest.raises(TypeError, match="tags"):
        receive()
    with pytest.raises(TypeError, match="4 given"):
        receive("a", 0, None, 1)
    with pytest.raises(TypeError, match="nonsense"):
        receive("a", nonsense=1)
    with pytest.raises(TypeError, match="timeout"):
        receive("a", 0, timeout=0)


def test_queue_stats_count_and_do_not_disturb():
    set_tags(["counted", "other"])
    before, other = stats_of("counted"), stats_of("other")
    for number in range(5):
        send("counted", number)
    assert receive("counted", 0) == ("counted", 0)
    drain("counted")
    after = stats_of("counted")
    assert set(after) == {
        "queue_index", "tag", "enqueue_cas_retries", "dequeue_cas_retries",
        "pushed_total", "popped_total",
    }  # fmt: skip
    assert after["pushed_total"] - before["pushed_total"] == 5
    assert after["popped_total"] - before["popped_total"] == 5
    assert stats_of("other") == other


@pytest.fixture
def alarm():
    """Give a function that has a signal handled soon, in the main thread."""
    if os.name != "posix":
        pytest.skip("needs POSIX signals")
    previous = signal.getsignal(signal.SIGALRM)

    def set_alarm(handler):
        signal.signal(signal.SIGALRM, handler)
        signal.setitimer(signal.ITIMER_REAL, SOON, SOON)

    yield set_alarm
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, previous)


@pytest.mark.parametrize("tags", ["never", ["never", "ever"]])
@pytest.mark.parametrize("timeout", [-1, PATIENCE])
def test_an_interrupt_ends_receive_at_once(tags, timeout, alarm):
    begun = time.monotonic()
    alarm(signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        receive(tags, timeout)
    assert time.monotonic() - begun < 10 * SOON


def test_a_signal_whose_handler_returns_does_not_end_receive(alarm):
    seen = []

    def handler(*_):
        seen.append(1)
        if len(seen) == 3:
            send("at last", 1)

    alarm(handler)
    assert receive("at last", PATIENCE) == ("at last", 1)
    assert len(seen) >= 3
