"""Messages under load: nothing lost, nothing twice, order per producer."""

from __future__ import annotations

import itertools
import threading

import pytest

from bocpy import TIMEOUT, Cown, drain, receive, send, set_tags, when
from observing import PATIENCE, ensure_workers

CAPACITY = 16384


def send_all(tag, messages):
    """Send each message, again whenever the queue is full."""
    for message in messages:
        while True:
            try:
                send(tag, message)
                break
            except RuntimeError:
                receive("pause", 0.001)


def start_threads(targets):
    threads = [threading.Thread(target=target, daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    return threads


def join(threads):
    for thread in threads:
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()


def producers(count, share, tag="load"):
    return [
        lambda number=number: send_all(tag, ((number, i) for i in range(share)))
        for number in range(count)
    ]


def consumer(tags, received):
    """Collect messages until an empty one comes."""

    def run():
        while True:
            tag, message = receive(tags, PATIENCE)
            if tag == TIMEOUT or message is None:
                received.append(tag)
                return
            received.append(message)

    return run


def check_each_once_in_order(received, count, share):
    """Each list must be in order per producer, and all together complete."""
    for messages in received:
        for number in range(count):
            turns = [i for sender, i in messages if sender == number]
            assert turns == sorted(turns)
    everything = sorted(itertools.chain(*received))
    assert everything == [(n, i) for n in range(count) for i in range(share)]


@pytest.mark.parametrize(
    ("senders", "takers", "share"), [(4, 1, 20_000), (1, 4, 20_000), (8, 4, 5_000)]
)
def test_many_producers_and_consumers_lose_nothing(senders, takers, share):
    received = [[] for _ in range(takers)]
    consumers = start_threads(consumer("load", messages) for messages in received)
    join(start_threads(producers(senders, share)))
    send_all("load", [None] * takers)
    join(consumers)
    for messages in received:
        assert messages.pop() == "load", "a consumer was left asleep"
    check_each_once_in_order(received, senders, share)


@pytest.mark.stress
def test_ten_million_messages_of_four_producers_arrive():
    share = 2_500_000
    sent = start_threads(producers(4, share))
    expected = [0] * 4
    for _ in range(4 * share):
        tag, (sender, turn) = receive("load", PATIENCE)
        assert tag == "load"
        assert turn == expected[sender]
        expected[sender] += 1
    join(sent)
    assert receive("load", 0) == (TIMEOUT, None)


def test_a_queue_that_is_always_nearly_full_keeps_order():
    send_all("load", (("fill", i) for i in range(CAPACITY - 2)))
    sent = start_threads(producers(4, 10_000))
    filling = [receive("load", PATIENCE)[1] for _ in range(CAPACITY - 2)]
    received = [receive("load", PATIENCE)[1] for _ in range(40_000)]
    join(sent)
    assert [message for message in filling + received if message[0] == "fill"] == [
        ("fill", i) for i in range(CAPACITY - 2)
    ]
    rest = [message for message in filling + received if message[0] != "fill"]
    check_each_once_in_order([rest], 4, 10_000)


def test_receivers_of_overlapping_tags_are_all_woken():
    rounds = 300
    interests = [["a"], ["b"], ["a", "b"], ["b", "c"], ["c", "a"]]
    received = [[] for _ in interests]
    takers = start_threads(
        consumer(tags, messages)
        for tags, messages in zip(interests, received, strict=True)
    )
    for turn in range(rounds):
        for tag in "abc":
            send(tag, (tag, turn))
    while any(thread.is_alive() for thread in takers):
        send_all("a", [None])
        send_all("b", [None])
        send_all("c", [None])
        for thread in takers:
            thread.join(0.01)
    messages = [m for each in received for m in each if isinstance(m, tuple)]
    assert sorted(messages) == [(tag, turn) for tag in "abc" for turn in range(rounds)]


def test_a_ball_goes_back_and_forth_between_threads():
    def player(mine, other, turns):
        for _ in range(turns):
            tag, ball = receive(mine, PATIENCE)
            assert tag == mine
            send(other, ball + 1)

    threads = start_threads(
        [lambda: player("ping", "pong", 2000), lambda: player("pong", "ping", 2000)]
    )
    send("ping", 0)
    join(threads)
    assert receive("ping", PATIENCE) == ("ping", 4000)


def test_workers_send_to_main():
    ensure_workers(2)
    lanes = [Cown(lane) for lane in range(4)]
    for lane in lanes:

        @when(lane)
        def _(lane):
            for turn in range(2000):
                send("lanes", (lane.value, turn))

    messages = [receive("lanes", PATIENCE)[1] for _ in range(8000)]
    check_each_once_in_order([messages], 4, 2000)


def test_set_tags_and_drain_under_traffic_are_safe():
    stop = threading.Event()

    def sender():
        while not stop.is_set():
            for tag in ("x", "y"):
                try:
                    send(tag, ("payload", tag))
                except RuntimeError:
                    drain(tag)

    def taker():
        while not stop.is_set():
            tag, message = receive(["x", "y"], 0.001)
            assert tag == TIMEOUT or message == ("payload", tag)

    threads = start_threads([sender, sender, taker, taker])
    for turn in range(300):
        set_tags(["x", "y"] if turn % 2 else ["y", "z", "x"])
        drain(["x", "y"])
    stop.set()
    join(threads)
