"""What may be given to `@when`, how it reaches the body, what is refused."""

# ruff: noqa: ARG005, B023, N805 -- bodies see the loop variable of their turn

from __future__ import annotations

import functools
import threading

import pytest

import bocpy
from bocpy import Cown, when, whencall
from bocpy import when as once_free
from observing import failure_of, value_of, values_of
from sharing import quiescence, shared_runtime  # noqa: F401

OVER = "can only schedule over cowns or sequences of cowns"


def test_one_cown_arrives_as_a_capsule():
    @when(Cown(1))
    def seen(c):
        return type(c).__name__, isinstance(c, Cown), c.acquired(), c.value

    assert value_of(seen) == ("CownCapsule", False, True, 1)


def test_decorated_name_is_the_result_cown():
    @when(Cown(1))
    def result(c):
        return c.value

    assert type(result) is Cown
    assert value_of(result) == 1


def test_a_capsule_is_as_good_as_its_cown():
    cown = Cown(1)

    @when(cown.impl, [cown.impl])
    def _(c, group):
        c.value += group[0].value

    assert value_of(cown) == 2


@pytest.mark.parametrize("sequence", [list, tuple])
def test_a_sequence_arrives_as_a_list_in_its_order(sequence):
    @when(sequence(Cown(n) for n in range(5)))
    def seen(group):
        return type(group), [c.value for c in group], {type(c).__name__ for c in group}

    assert value_of(seen) == (list, [0, 1, 2, 3, 4], {"CownCapsule"})


def test_singles_and_groups_mix_in_any_order():
    a, b, c, d, e = (Cown(name) for name in "abcde")

    @when([a, b], c, (d,), e)
    def front(first, second, third, fourth):
        third = [x.value for x in third]
        return [x.value for x in first], second.value, third, fourth.value

    @when(a, (b, c), [d], e)
    def back(first, second, third, fourth):
        second = [x.value for x in second]
        return first.value, second, [x.value for x in third], fourth.value

    assert values_of(front, back) == [
        (["a", "b"], "c", ["d"], "e"),
        ("a", ["b", "c"], ["d"], "e"),
    ]


def test_star_expansion_gives_one_parameter_each():
    cowns = [Cown(n) for n in range(3)]

    @when(*cowns)
    def total(a, b, c):
        return a.value, b.value, c.value

    assert value_of(total) == (0, 1, 2)


def test_no_cowns_at_all():
    @when()
    def result():
        return "ran"

    assert value_of(result) == "ran"


def test_many_cowns_at_once():
    cowns = [Cown(n) for n in range(200)]

    @when(cowns, *cowns)
    def total(group, *each):
        return sum(c.value for c in group), sum(c.value for c in each)

    assert value_of(total) == (19900, 19900)


@pytest.mark.parametrize(
    "arguments",
    [
        lambda cown: (3,),
        lambda cown: (None,),
        lambda cown: ("text",),
        lambda cown: ({cown},),
        lambda cown: ({cown: cown},),
        lambda cown: ((c for c in [cown]),),
        lambda cown: (cown, object()),
        lambda cown: ([cown, 3],),
        lambda cown: ([[cown]],),
        lambda cown: ((cown, None), cown),
    ],
)
def test_anything_else_is_refused_where_it_is_written(arguments):
    cown = Cown(1)
    with pytest.raises(TypeError, match=OVER):

        @when(*arguments(cown))
        def _(*_arguments):
            pass

    with pytest.raises(TypeError, match=OVER):
        whencall(print, list(arguments(cown)), [])

    @when(cown)
    def after(c):
        return c.value

    assert value_of(after) == 1


def test_empty_groups_arrive_as_empty_lists():
    @when([])
    def alone(group):
        return group

    @when([], Cown(1))
    def first(group, c):
        return group, c.value

    @when(Cown(1), ())
    def last(c, group):
        return c.value, group

    @when([], [Cown(2)], (), [])
    def between(a, b, c, d):
        return a, [x.value for x in b], c, d

    assert values_of(alone, first, last, between) == [
        [],
        ([], 1),
        (1, []),
        ([], [2], [], []),
    ]


def test_duplicates_share_one_value_and_run_once():
    cown, runs = Cown([1]), Cown(0)

    @when(cown, cown, runs)
    def same(a, b, n):
        n.value += 1
        a.value.append(2)
        seen = b.value == [1, 2], a.value is b.value, a == b
        b.value = [3]
        return (*seen, a.value)

    @when([cown, cown, cown], cown, (cown,))
    def groups(group, single, other):
        group[1].value += [4]
        every = [*group, single, *other]
        return len(group), {id(c.value) for c in every} == {id(single.value)}

    @when(runs, [runs], runs)
    def _(a, _group, b):
        a.value += 1
        b.value += 1

    assert values_of(same, groups) == [(True, True, True, [3]), (3, True)]
    assert values_of(cown, runs) == [[3, 4], 3]


def test_duplicates_through_capsules_and_wrappers():
    cown = Cown(0)

    @when(cown, cown.impl, Cown(cown.impl), [cown.impl])
    def _(a, b, c, group):
        for each in (a, b, c, *group):
            each.value += 1

    assert value_of(cown) == 4


def test_bare_extra_parameter_is_refused_naming_the_counts():
    with pytest.raises(TypeError, match=r"2.*1|1.*2"):

        @when(Cown(1))
        def _(c, extra):
            return c, extra


def test_too_few_parameters_are_refused_naming_the_counts():
    with pytest.raises(TypeError, match=r"2.*1|1.*2"):

        @when(Cown(1), Cown(2))
        def _(c):
            return c


def test_default_on_a_cown_position_is_refused():
    with pytest.raises(TypeError):

        @when(Cown(1))
        def _(c=None):
            return c


def test_extra_arguments_gather_in_a_starred_parameter():
    cowns = [Cown(n) for n in range(3)]

    @when(*cowns)
    def everything(*args):
        return [c.value for c in args]

    @when(*cowns)
    def rest(first, *args):
        return first.value, [c.value for c in args]

    assert values_of(everything, rest) == [[0, 1, 2], (0, [1, 2])]


def test_every_kind_of_parameter_may_be_used():
    ten = 10

    @when(Cown(1), Cown(2))
    def result(a, /, b, c=ten + 1, *, d=ten + 2, **more):
        return a.value, b.value, c, d, more

    assert value_of(result) == (1, 2, 11, 12, {})


def test_defaults_are_evaluated_once_where_they_are_written():
    calls = []

    def note(value):
        calls.append(value)
        return value

    @when(Cown(1))
    def result(c, extra=note("once")):  # noqa: B008
        return c.value, extra

    assert calls == ["once"]
    assert value_of(result) == (1, "once")
    assert calls == ["once"]


def test_lambdas_are_behaviors_too():
    offset = 5
    assert value_of(when(Cown(2))(lambda c: c.value + offset)) == 7
    assert value_of(when()(lambda: "no cown")) == "no cown"


@pytest.mark.parametrize(
    "thing",
    [len, functools.partial(print, 1), 3, None, object(), "name", Cown],
    ids=["builtin", "partial", "int", "none", "object", "str", "class"],
)
def test_only_functions_are_behaviors(thing):
    with pytest.raises((TypeError, AttributeError)):
        when(Cown(1))(thing)
    assert value_of(Cown(1)) == 1


def test_coroutines_and_generators_are_refused():
    with pytest.raises(SyntaxError, match="async"):

        @when(Cown(1))
        async def _(c):
            return c.value

    with pytest.raises(SyntaxError, match="generator"):

        @when(Cown(1))
        def _(c):
            yield c.value

    with pytest.raises(SyntaxError, match="async"):

        @when(Cown(1))
        async def _(c):
            yield c.value


def test_every_spelling_of_when_works():
    factory = when(Cown(3))

    @bocpy.when(Cown(1))
    def attribute(c):
        return c.value

    @once_free(Cown(2))
    def alias(c):
        return c.value

    @factory
    def prepared(c):
        return c.value

    assert values_of(attribute, alias, prepared) == [1, 2, 3]


def test_every_place_may_hold_a_behavior():
    cown, results = Cown(0), []
    if cown is not None:

        @when(cown)
        def inside_if(c):
            return "if", c.value

        results.append(inside_if)
    for number in range(2):

        @when(cown)
        def inside_for(c):
            return "for", number

        results.append(inside_for)
    try:

        @when(cown)
        def inside_try(c):
            return "try", c.value

        results.append(inside_try)
    finally:

        @when(cown)
        def inside_finally(c):
            return "finally", c.value

        results.append(inside_finally)

    class Holder:
        @when(cown)
        def inside_class(c):
            return "class", c.value

    results.append(Holder.inside_class)
    assert values_of(*results) == [
        ("if", 0),
        ("for", 0),
        ("for", 1),
        ("try", 0),
        ("finally", 0),
        ("class", 0),
    ]
    # CPython 3.13t keeps functions and classes for ever, that of a class body, too.
    del Holder.inside_class
    cown = None


def test_coroutines_may_schedule():
    async def schedule(cown):
        @when(cown)
        def result(c):
            return c.value

        return result

    with pytest.raises(StopIteration) as ended:
        schedule(Cown(4)).send(None)
    assert value_of(ended.value.value) == 4


def test_decorators_above_receive_the_result_cown():
    seen = []

    def keep(result):
        seen.append(result)
        return "replaced"

    @keep
    @when(Cown(1))
    def name(c):
        return c.value

    assert name == "replaced"
    assert value_of(seen[0]) == 1


def test_decorators_below_are_left_out_with_a_warning(caplog, recwarn):
    def shout(function):
        @functools.wraps(function)
        def wrapper(*args):
            return str(function(*args)).upper()

        return wrapper

    @when(Cown("quiet"))
    @shout
    def result(c):
        return c.value

    assert value_of(result) == "quiet"
    assert len(caplog.records) + len(recwarn) >= 1


def bare(function):
    def wrapper(*args):
        return "wrapped", function(*args)

    return wrapper


def locking(function):
    lock = threading.Lock()

    def wrapper(*args):
        with lock:
            return "locked", function(*args)

    return wrapper


class Remembering:
    """Calls a function, and says nothing of it to functools."""

    def __init__(self, function):
        self.function = function

    def __call__(self, *args):
        return "remembered", self.function(*args)


@pytest.mark.parametrize(
    "decorator",
    [
        bare,
        locking,
        lambda function: bare(locking(function)),
        Remembering,
        functools.partial,
        property,
    ],
)
def test_decorators_that_do_not_tell_what_they_wrap_are_left_out_too(decorator, caplog):
    def schedule(text):
        @when(Cown(text))
        @decorator
        def result(c):
            return c.value, text

        return result

    assert value_of(schedule("one")) == ("one", "one")
    assert value_of(schedule("two")) == ("two", "two")
    assert {record.name for record in caplog.records} == {"behaviors"}


def test_wrapper_that_a_program_makes_by_itself_runs():
    def plain(c):
        return c.value

    assert value_of(when(Cown(1))(bare(plain))) == ("wrapped", 1)
    assert value_of(when(Cown(1))(bare(lambda c: c.value))) == ("wrapped", 1)


def test_function_that_wraps_itself_is_itself():
    def body(c):
        return c.value

    body.__wrapped__ = body
    assert value_of(when(Cown(1))(body)) == 1


def test_refusal_leaves_nothing_behind():
    cown = Cown([])
    pending = bocpy._core.terminator_count()
    for bad in (lambda c, extra: None, lambda: None):
        with pytest.raises(TypeError):
            when(cown)(bad)
    assert bocpy._core.terminator_count() == pending
    assert value_of(cown) == []


def test_missing_attribute_in_a_body_is_its_failure():
    @when(Cown(1))
    def result(c):
        return c.nothing_of_this_name

    assert isinstance(failure_of(result), AttributeError)
