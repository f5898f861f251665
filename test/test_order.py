"""Who runs after whom: order per cown, nesting, recursion, exclusivity."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import threading

from bocpy import Cown, receive, send, when
from observing import PATIENCE, expect, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401


def countdown(cown):
    """Take one off the cown until nothing is left, one behavior at a time."""

    @when(cown)
    def _(c):
        if c.value == 0:
            send("signal", "done")
            return
        c.value -= 1
        countdown(c)


def fibonacci(n):
    """Build a graph of behaviors that computes a number of Fibonacci."""
    if n < 2:
        return Cown(n)

    @when(fibonacci(n - 1), fibonacci(n - 2))
    def total(left, right):
        return left.value + right.value

    return total


def tree(depth):
    """Schedule a behavior that schedules its children, and give its result."""

    @when()
    def node():
        if depth == 0:
            return 1
        return tree(depth - 1), tree(depth - 1)

    return node


def grow(depth, leaves):
    """Spread over behaviors without cowns; each leaf adds itself to `leaves`."""

    @when()
    def _():
        if depth > 0:
            grow(depth - 1, leaves)
            grow(depth - 1, leaves)
            return

        @when(leaves)
        def _(n):
            n.value += 1
            if n.value == 32:
                send("signal", "all")


def test_one_cown_runs_its_behaviors_in_program_order():
    log = Cown([])
    for number in range(200):

        @when(log)
        def _(log):
            log.value.append(number)

    assert value_of(log) == list(range(200))


def test_overlap_in_one_cown_is_enough_for_order():
    log, others = Cown([]), [Cown(n) for n in range(5)]
    for number in range(100):

        @when(others[number % 5], log, others[(number * 3 + 1) % 5])
        def _(_a, log, _b):
            log.value.append(number)

    assert value_of(log) == list(range(100))


def test_shared_cowns_see_one_order_from_all_threads():
    cowns = [Cown([]) for _ in range(3)]

    def schedule(thread):
        for number in range(40):
            order = cowns if (thread + number) % 2 else cowns[::-1]

            @when(order)
            def _(group):
                for cown in group:
                    cown.value.append((thread, number))

    threads = [threading.Thread(target=schedule, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    first, second, third = values_of(*cowns)
    assert first == second == third
    assert sorted(first) == [(t, n) for t in range(4) for n in range(40)]
    for thread in range(4):
        assert [n for t, n in first if t == thread] == list(range(40))


def test_a_cown_is_held_by_one_behavior_at_a_time():
    total, busy = Cown(0), [Cown(0) for _ in range(4)]
    for number in range(200):

        @when(total, busy[number % 4])
        def _(total, own):
            before = total.value
            total.value = None
            own.value += sum(range(50)) * 0 + 1
            total.value = before + 1

    assert value_of(total) == 200
    assert values_of(*busy) == [50, 50, 50, 50]


def test_child_queues_behind_its_parent_and_those_waiting():
    cown, free = Cown([]), Cown(0)

    @when(cown)
    def _(c):
        send("signal", "running")
        receive("gate", PATIENCE)

        @when(c)
        def _(c):
            c.value.append("child")

        c.value.append("parent")

    assert expect("signal") == "running"

    @when(cown, free)
    def _(c, _free):
        c.value.append("waiting")

    send("gate", None)
    values_of(free, cown)
    assert value_of(cown) == ["parent", "waiting", "child"]


def test_result_orders_the_next_behavior_after_its_producer():
    first = Cown(1)
    for _ in range(50):

        @when(first)
        def first(c):
            return c.value + 1

    assert value_of(first) == 51


def test_behaviors_without_a_common_cown_run_at_the_same_time():
    def meet(mine, theirs):
        @when(Cown(0))
        def met(_):
            send(mine, "here")
            return receive(theirs, 30)[1]

        return met

    left, right = meet("left", "right"), meet("right", "left")
    assert values_of(left, right) == ["here", "here"]


def test_child_runs_while_its_parent_blocks():
    @when()
    def parent():
        @when()
        def _():
            send("gate", "from the child")

        return receive("gate", 30)[1]

    assert value_of(parent) == "from the child"


def test_every_child_of_a_blocking_parent_runs():
    @when()
    def parent():
        for number in range(20):

            @when()
            def _():
                send("gate", number)

        return sorted(receive("gate", 30)[1] for _ in range(20))

    assert value_of(parent) == list(range(20))


def test_opposite_orders_do_not_deadlock():
    forks = [Cown(0) for _ in range(5)]
    for number in range(300):
        left, right = forks[number % 5], forks[(number * 2 + 1) % 5]

        @when(*((left, right) if number % 2 else (right, left)))
        def _(a, b):
            a.value += 1
            b.value += 1

    assert sum(values_of(*forks)) == 600


def test_recursion_reschedules_on_the_same_cown():
    cown = Cown(300)
    countdown(cown)
    assert expect("signal") == "done"
    assert value_of(cown) == 0


def test_results_are_arguments():
    assert value_of(fibonacci(12)) == 144


def test_behaviors_spread_into_a_tree():
    leaves = Cown(0)
    grow(5, leaves)
    assert expect("signal") == "all"
    assert value_of(leaves) == 32


def test_nested_results_may_be_returned_and_read_later():
    level = [tree(3)]
    for _ in range(3):
        level = [child for pair in values_of(*level) for child in pair]
    assert values_of(*level) == [1] * 8


def test_nested_behaviors_use_what_surrounds_them():
    outer, other = Cown(1), Cown(10)

    @when(outer)
    def result(a):
        local = 5

        @when(other)
        def inner(b):
            deepest = local + b.value

            @when(a, other)
            def innermost(a, b):
                return a.value + b.value + deepest

            return innermost

        a.value = 100
        return inner

    for _ in range(2):
        result = Cown(value_of(result))
    assert value_of(Cown(value_of(result))) == 125


def test_methods_schedule_over_their_own_cowns():
    counter = Counter(5)
    for _ in range(10):
        counter.add()
    assert value_of(counter.total) == 50


class Counter:
    """Adds its step to a cown of its own."""

    def __init__(self, step):
        self.step = step
        self.total = Cown(0)

    def add(self):
        """Schedule one addition."""

        @when(self.total)
        def _(total):
            total.value += self.step


def test_several_threads_schedule_at_once():
    total = Cown(0)

    def schedule():
        for _ in range(100):

            @when(total)
            def _(n):
                n.value += 1

    threads = [threading.Thread(target=schedule) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert value_of(total) == 400
