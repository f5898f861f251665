"""Every legal body works: each way in which a body may bind its own names."""

# ruff: noqa: B007, PLC0415, PLW0131, PLW2101, TRY301 -- every legal body must work

from __future__ import annotations

import threading

import pytest

from bocpy import Cown, when, whencall
from observing import value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401


def by_decorator(function, *cowns):
    """Schedule with `@when`."""
    return when(*cowns)(function)


def by_call(function, *cowns):
    """Schedule with `whencall`."""
    return whencall(function, list(cowns), [])


@pytest.fixture(params=[by_decorator, by_call])
def schedule(request):
    """Give each way to schedule a function."""
    return request.param


def test_lambda_parameters_are_its_own(schedule):
    scale = 3

    def body():
        key = lambda x, *_more, y=2, **_named: x * scale + y  # noqa: E731
        return [key(n) for n in range(3)], sorted([3, 1, 2], key=lambda z: -z)

    assert value_of(schedule(body)) == ([2, 5, 8], [3, 2, 1])


def test_comprehension_variables_are_their_own(schedule):
    n, m = "captured n", 2

    def body():
        squares = [n * n for n in range(4)]
        pairs = {(a, b) for a in range(2) for b in range(m)}
        mapping = {k: v * m for k, v in enumerate(x for x in squares[:2])}
        return n, squares, sorted(pairs), mapping

    assert value_of(schedule(body)) == (
        "captured n",
        [0, 1, 4, 9],
        [(0, 0), (0, 1), (1, 0), (1, 1)],
        {0: 0, 1: 2},
    )


def test_exception_names_are_local(schedule):
    def body():
        try:
            raise ValueError("caught")
        except ValueError as error:
            return str(error)

    assert value_of(schedule(body)) == "caught"


def test_imports_in_a_body_are_local(schedule):
    def body():
        import json
        import os.path as where
        import xml.dom
        from math import floor
        from math import pi as circle

        return json.dumps([1]), where.normpath("a//b"), xml.dom.__name__, floor(circle)

    assert value_of(schedule(body)) == ("[1]", "a/b", "xml.dom", 3)


def test_classes_in_a_body_are_local(schedule):
    size = 3

    def body():
        class Inner:
            width = size
            height = width + 1

            def area(self):
                return self.width * self.height * size

        class Sub(Inner):
            def area(self):
                return super().area() + 1

        return Sub().area()

    assert value_of(schedule(body)) == 37


def test_coroutines_in_a_body_are_local(schedule):
    amount = 5

    def body():
        async def give(x):
            return x + amount

        try:
            give(1).send(None)
        except StopIteration as ended:
            return ended.value

    assert value_of(schedule(body)) == 6


def test_match_captures_are_local(schedule):
    wanted = "point"

    def body(c):
        match c.value:
            case {"kind": kind, **rest} if kind == wanted:
                return kind, rest
            case [first, *others]:
                return first, others
            case str() as text:
                return text

    cases = [Cown({"kind": "point", "x": 1}), Cown([1, 2, 3]), Cown("text")]
    results = [schedule(body, cown) for cown in cases]
    assert values_of(*results) == [("point", {"x": 1}), (1, [2, 3]), "text"]


def test_assignments_of_every_form_are_local(schedule):
    base = 1

    def body():
        a, (b, *c) = base, (2, 3, 4)
        (d := a + 5)
        e: int = d
        e += 1
        for f in range(3):
            pass
        with threading.Lock() as g:
            pass
        del a
        return b, c, d, e, f, g

    assert value_of(schedule(body)) == (2, [3, 4], 6, 7, 2, True)


def test_functions_nested_anywhere_are_local(schedule):
    offset, factor = 10, 3

    def body(c):
        if c.value:

            def inner(x, y=factor):
                return x * y + offset

        else:

            def inner(x):
                return x

        for _ in range(1):
            with threading.Lock():

                def last(f=inner):
                    return f(c.value)

        return last()

    results = [schedule(body, Cown(2)), schedule(body, Cown(0))]
    assert values_of(*results) == [16, 0]


def test_names_used_only_in_nested_functions_are_captured(schedule):
    deep, default = "deep", "default"

    def body():
        def outer():
            def inner(x=default):
                return deep, x

            return inner()

        return outer()

    assert value_of(schedule(body)) == ("deep", "default")


def test_recursive_inner_functions_work(schedule):
    def body():
        def factorial(n):
            return 1 if n < 2 else n * factorial(n - 1)

        return factorial(5)

    assert value_of(schedule(body)) == 120


def test_annotations_may_use_enclosing_names():
    class Local:
        pass

    @when(Cown(1))
    def result(c: Cown[Local]) -> Local:
        inner: Local = c.value
        return inner

    assert value_of(result) == 1


def test_generators_in_a_body_work(schedule):
    limit = 4

    def body():
        def numbers():
            n = 0
            while n < limit:
                yield n
                n += 1

        return list(numbers()), sum(x for x in numbers())

    assert value_of(schedule(body)) == ([0, 1, 2, 3], 6)
