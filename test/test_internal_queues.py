"""The queues of the scheduler, driven from Python threads."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

core = pytest.importorskip("bocpy._internal_test")

PRODUCERS = 8
PER_PRODUCER = 20_000
SOON = 60


@pytest.fixture
def queue():
    return core.bq_make_queue()


def nodes_of(ids):
    return [core.bq_make_node(number) for number in ids]


def fill(queue, ids):
    """Enqueue fresh nodes and return them, since they must outlive their stay."""
    nodes = nodes_of(ids)
    for node in nodes:
        core.bq_enqueue(queue, node)
    return nodes


def drain(queue):
    """Dequeue one by one until the queue is empty."""
    ids = []
    while not core.bq_is_empty(queue):
        ids.append(core.bq_dequeue(queue))
    return ids


def test_a_new_queue_is_empty(queue):
    assert core.bq_is_empty(queue) is True
    assert core.bq_dequeue(queue) is None
    assert core.bq_dequeue_all(queue) == []


def test_a_node_knows_its_id_and_place():
    first, second = nodes_of([-5, 2**40])
    assert core.bq_node_id(first) == -5
    assert core.bq_node_id(second) == 2**40
    assert core.bq_node_ptr(first) != core.bq_node_ptr(second)
    assert core.bq_node_ptr(first) % 8 == 0


@pytest.mark.parametrize("count", [1, 2, 100])
def test_one_by_one_comes_in_order(queue, count):
    for _ in range(2):
        kept = fill(queue, range(count))
        assert drain(queue) == list(range(len(kept)))


@pytest.mark.parametrize("count", [1, 2, 100])
def test_all_at_once_comes_in_order(queue, count):
    kept = fill(queue, range(count))
    assert core.bq_dequeue_all(queue) == list(range(len(kept)))
    assert core.bq_is_empty(queue) is True


def test_the_front_comes_before_what_is_there(queue):
    kept = fill(queue, [1, 2])
    kept += nodes_of([0])
    core.bq_enqueue_front(queue, kept[-1])
    assert drain(queue) == [0, 1, 2]


def test_the_front_of_an_empty_queue_is_its_back(queue):
    (first,) = nodes_of([1])
    core.bq_enqueue_front(queue, first)
    kept = fill(queue, [2])
    assert core.bq_dequeue_all(queue) == [1, 2]
    assert len(kept) == 1


def test_a_queue_may_die_with_nodes_in_it():
    queue = core.bq_make_queue()
    kept = fill(queue, range(3))
    del queue
    assert [core.bq_node_id(node) for node in kept] == [0, 1, 2]


def test_crowds_lose_and_double_nothing(queue):
    total = PRODUCERS * PER_PRODUCER
    nodes = nodes_of(range(total))
    finished = threading.Event()
    deadline = time.monotonic() + SOON

    def produce(first):
        for number in range(first, total, PRODUCERS):
            core.bq_enqueue(queue, nodes[number])

    def consume_singly():
        taken = []
        while not (finished.is_set() and core.bq_is_empty(queue)):
            assert time.monotonic() < deadline
            number = core.bq_dequeue(queue)
            if number is not None:
                taken.append(number)
        return taken

    def consume_all():
        taken = []
        while not (finished.is_set() and core.bq_is_empty(queue)):
            assert time.monotonic() < deadline
            taken += core.bq_dequeue_all(queue)
        return taken

    with ThreadPoolExecutor(PRODUCERS + 2) as pool:
        consumers = [pool.submit(consume_singly), pool.submit(consume_all)]
        for producer in [pool.submit(produce, first) for first in range(PRODUCERS)]:
            producer.result(SOON)
        finished.set()
        taken = [number for each in consumers for number in each.result(SOON)]
    assert sorted(taken) == list(range(total))
    assert core.bq_is_empty(queue) is True


PARTS = 4


def test_a_worker_has_four_queues():
    assert core.wsq_n() == PARTS


def test_a_cursor_visits_all_places_alike():
    assert core.wsq_pre_inc_histogram(0) == [0, 0, 0, 0]
    assert core.wsq_pre_inc_histogram(1) == [0, 1, 0, 0]
    assert core.wsq_pre_inc_histogram(12) == [3, 3, 3, 3]


def test_a_cursor_goes_backwards_from_zero():
    assert core.wsq_post_dec_sequence(0) == []
    assert core.wsq_post_dec_sequence(6) == [0, 3, 2, 1, 0, 3]


@pytest.mark.parametrize("count", [0, 1, 4, 7, 400])
def test_pushes_go_to_all_queues_alike(count):
    worker = core.wsq_make_worker()
    for _ in range(3):
        counts = core.wsq_enqueue_drain_counts(worker, count)
        assert sum(counts) == count
        assert max(counts) - min(counts) <= (count % PARTS > 0)


@pytest.mark.parametrize("length", [1, 2, 5, 16, 4000])
def test_a_chain_is_spread_over_all_queues(length):
    worker = core.wsq_make_worker()
    counts = core.wsq_spread_segment_counts(worker, length)
    assert sum(counts) == length
    assert sum(count > 0 for count in counts) == min(length, PARTS)


def test_a_short_chain_is_spread_evenly():
    worker = core.wsq_make_worker()
    counts = core.wsq_spread_segment_counts(worker, 4 * PARTS)
    assert counts == [4, 4, 4, 4]


def test_impossible_counts_are_refused():
    worker = core.wsq_make_worker()
    for function in (core.wsq_pre_inc_histogram, core.wsq_post_dec_sequence):
        with pytest.raises(ValueError, match="k must be non-negative"):
            function(-1)
    with pytest.raises(ValueError, match="k must be non-negative"):
        core.wsq_enqueue_drain_counts(worker, -1)
    for length in (0, -1):
        with pytest.raises(ValueError, match="length must be positive"):
            core.wsq_spread_segment_counts(worker, length)
