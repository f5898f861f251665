"""Each misuse raises where it is written, and the runtime goes on."""

# ruff: noqa: S112 -- what is raised is free, that nothing crashes is not

from __future__ import annotations

import re
import sys
import traceback

import pytest

from bocpy import (
    BehaviorResolveError,
    CaptureError,
    Cown,
    RemoteError,
    _core,
    when,
    whencall,
)
from observing import failure_of, value_of
from programs import run_program
from sharing import quiescence, shared_runtime  # noqa: F401


def test_error_at_when_points_at_its_line():
    with pytest.raises(TypeError) as raised:
        when(3)(lambda c: c)
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert frames[0].filename == __file__
    assert "when(3)" in frames[0].line


def test_errors_of_the_package_derive_from_what_0_5_raised():
    assert issubclass(CaptureError, NameError)
    assert issubclass(CaptureError, RuntimeError)
    assert issubclass(BehaviorResolveError, RuntimeError)


def test_failures_keep_their_type_for_readers():
    @when(Cown(0))
    def result(c):
        return 1 / c.value

    failure = failure_of(result)
    assert type(failure) is ZeroDivisionError
    assert failure.args == ("division by zero",)


def divide(c):
    return 1 / c.value


class PickyError(Exception):
    """Cannot be made again from its arguments."""

    def __init__(self, first, second):
        """Keep neither."""
        super().__init__(f"{first} and {second}")


class SameError(Exception):
    """Holds what compares by identity."""


def line_of(function, offset=0):
    return function.__code__.co_firstlineno + offset


def test_a_failure_tells_where_it_was_scheduled_and_raised():
    @when(Cown(0))
    def decorated(c):
        return 1 / c.value

    called = [when(Cown(0))(divide) for _ in range(2)]
    again = when(Cown(0))(divide)
    by_parts = whencall(divide, [Cown(0)])
    here = line_of(test_a_failure_tells_where_it_was_scheduled_and_raised)
    for result, scheduled, body in (
        (decorated, here + 1, here + 3),
        (called[0], here + 5, line_of(divide) + 1),
        (called[1], here + 5, line_of(divide) + 1),
        (again, here + 6, line_of(divide) + 1),
        (by_parts, here + 7, line_of(divide) + 1),
    ):
        error = failure_of(result)
        assert type(error) is ZeroDivisionError
        assert (error.args, vars(error)) == (("division by zero",), {})
        lines = error.__cause__.text.splitlines()
        assert lines[0] == "Behavior scheduled at:"
        assert lines[1].startswith(f'  File "{__file__}", line {scheduled}, in ')
        assert f'  File "{__file__}", line {body}, in ' in error.__cause__.text
        assert "    return 1 / c.value" in lines
        assert lines[-1] == "ZeroDivisionError: division by zero"
        printed = "".join(
            traceback.format_exception(type(error), error, error.__traceback__)
        )
        assert error.__cause__.text in printed


def test_the_text_arrives_unchanged_wherever_the_failure_goes():
    failed = when(Cown(0))(divide)
    first = failure_of(failed)

    @when(failed)
    def returned(f):
        return f.value

    @when(failed)
    def raised_again(f):
        raise f.value

    assert value_of(returned).__cause__.text == first.__cause__.text
    assert failure_of(failed).__cause__.text == first.__cause__.text
    again = failure_of(raised_again).__cause__.text
    assert again.count("return 1 / c.value") == 1
    assert again.count("Behavior scheduled at:") == 2


def test_exceptions_that_do_not_survive_have_a_stand_in_that_tells_all():
    @when()
    def picky():
        raise PickyError(1, 2)

    error = failure_of(picky)
    assert (type(error), error.kind, error.message) == (
        RemoteError,
        "test_errors.PickyError",
        "1 and 2",
    )
    assert "raise PickyError(1, 2)" in error.__cause__.text

    @when()
    def survives():
        raise SameError(object(), float("nan"))

    assert type(failure_of(survives)) is SameError


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs sub-interpreters")
def test_extension_modules_that_refuse_workers_are_named_with_the_way_out(tmp_path):
    source = """
    from bocpy import start, wait, when
    if __name__ == "__main__":
        start(worker_count=1, backend="interpreters")
        @when()
        def imports():
            raise ImportError(
                "module fancy._speed does not support loading in subinterpreters",
                name="fancy._speed",
            )
        wait(60)
        with imports as error:
            imports.exception = False
        (note,) = error.__notes__
        print(note, note in error.__cause__.text)
    """
    ended = run_program(source, tmp_path)
    assert ended.code == 0, ended.err
    assert "'fancy._speed'" in ended.out
    assert 'start(backend="threads")' in ended.out
    assert ended.out.endswith("True\n")


def test_causes_and_contexts_are_told():
    @when()
    def chained():
        try:
            {}["first"]
        except KeyError as error:
            raise ValueError("second") from error

    error = failure_of(chained)
    assert "KeyError: 'first'" in error.__cause__.text
    assert "direct cause" in error.__cause__.text


@pytest.mark.parametrize("ending", ["", "wait()", "wait(); kept.append(kept)"])
def test_failures_left_in_globals_are_told_at_the_end(tmp_path, backend, ending):
    program = f"""
        from bocpy import Cown, wait, when
        account, kept = Cown(100), []

        @when(account)
        def withdraw(a):
            raise ValueError("overdrawn")

        kept.append(withdraw)
        @when(account)
        def read(a):
            raise ValueError("taken out")
        {ending}
        try:
            wait()
            read.unwrap()
        except ValueError as error:
            print(error)
        """
    for isolation in ("copy", "share") if backend == "threads" else ("copy",):
        ended = run_program(program, tmp_path, BOCPY_ISOLATION=isolation)
        assert (ended.code, ended.lines) == (0, ["taken out"]), ended.err
        assert ended.err.count("contains an unhandled exception") == 1
        assert "Behavior scheduled at:" in ended.err
        assert "line 7, in withdraw" in ended.err
        assert "ValueError: overdrawn" in ended.err


def test_unread_failures_tell_where_they_come_from(tmp_path):
    program = """
        from bocpy import Cown, start, wait, when
        import sys
        start(isolation=sys.argv[1], backend=sys.argv[2])
        @when(Cown(0))
        def seen(c):
            return 1 / c.value
        @when(seen)
        def after(s):
            return 1
        when(Cown(0))(lambda c: 2 / c.value)
        wait(30)
        del seen
        """
    ways = [("copy", "threads"), ("share", "threads")]
    ways += [("copy", "interpreters")] if sys.version_info >= (3, 12) else []
    for way in ways:
        ended = run_program(program, tmp_path, *way)
        assert ended.code == 0, ended.err
        for line in (5, 11):
            assert re.search(
                rf"unhandled exception: ZeroDivisionError\(.*\n(.*\n)*?"
                rf'Behavior scheduled at:\n  File ".*program.py", line {line}, in',
                ended.err,
            ), ended.err
        assert "    return 1 / c.value" in ended.err
        assert ended.err.count("Behavior scheduled at:") == 2


def test_mistakes_at_when_end_at_the_line_of_the_user():
    def generator(c):
        yield c

    def keyword(*, missing):
        return missing

    for cowns, body in (([Cown(1)], generator), ([], keyword), ([], divide)):
        with pytest.raises((TypeError, SyntaxError)) as raised:
            when(*cowns)(body)
        frames = traceback.extract_tb(raised.value.__traceback__)
        assert [frame.filename for frame in frames] == [__file__]


@pytest.mark.parametrize("kind", ["CownCapsule", "BehaviorCapsule"])
def test_capsule_made_without_init_raises_at_most(kind):
    made = getattr(_core, kind)
    try:
        bare = made.__new__(made)
    except TypeError:
        return
    for name in dir(bare):
        if name.startswith("__") and name not in {"__reduce__", "__hash__", "__repr__"}:
            continue
        try:
            found = getattr(bare, name)
            if callable(found):
                found()
        except Exception:
            continue
    for operation in (hash, repr, str, bool, lambda b: b == b, lambda b: b < b):
        try:
            operation(bare)
        except Exception:
            continue
    try:
        when(bare)(lambda c: c.value)
    except Exception:
        bare = None
    del bare
    assert value_of(Cown(1)) == 1


def test_capsule_may_be_initialised_again_or_refuses():
    capsule = _core.CownCapsule([1])
    try:
        capsule.__init__([2])
    except Exception:
        assert capsule.value == [1]
    else:
        assert capsule.value in ([1], [2])
    with pytest.raises(TypeError):
        _core.CownCapsule(1, 2, 3)
    behavior = _core.BehaviorCapsule("thunk", Cown(None).impl, [], [])
    try:
        behavior.__init__("other", Cown(None).impl, [(1, capsule)], [[]])
    except Exception:
        behavior = None
    del behavior, capsule


@pytest.mark.parametrize("method", ["acquire", "execute", "release", "schedule"])
def test_capsule_methods_out_of_turn_raise_at_most(method):
    cown = Cown(1)
    behavior = _core.BehaviorCapsule("thunk", Cown(None).impl, [(1, cown.impl)], [1])
    arguments = (object(),) if method == "execute" else ()
    if method != "schedule":
        for _ in range(2):
            try:
                getattr(behavior, method)(*arguments)
            except Exception:
                continue
        for clean in ("release", "release_all"):
            try:
                getattr(behavior, clean)()
            except Exception:
                continue
    with pytest.raises(TypeError):
        getattr(behavior, method)(1, 2, 3, 4)
    del behavior
    assert value_of(cown) == 1


def test_bodies_that_misuse_their_cowns_fail_alone():
    def released(c):
        c.release()
        return c.value

    def disowned(c):
        c.disown()

    def deleted(c):
        del c.value

    def released_twice(c):
        c.release()
        c.release()
        c.acquire()
        return c.value

    results = [when(Cown([1]))(f) for f in (released, deleted)]
    for result in results:
        assert isinstance(failure_of(result), Exception)
    odd = [when(Cown([1]))(f) for f in (disowned, released_twice)]
    assert value_of(Cown(len(odd))) == 2


def test_hostile_values_raise_at_most(tmp_path):
    program = """
        from bocpy import Cown, send, receive, wait, when

        class Hostile:
            def __init__(self, how):
                self.how = how
            def __reduce__(self):
                if self.how == "raise":
                    raise ValueError("reduce raises")
                if self.how == "exit":
                    raise SystemExit(9)
                if self.how == "schedule":
                    when(Cown(1))(lambda c: c.value)
                if self.how == "cown":
                    Cown([1]).acquire()
                if self.how == "junk":
                    return 3
                if self.how == "load":
                    return fail, ()
                return Hostile, (self.how,)
            def __del__(self):
                when(Cown(1))(lambda c: c.value)
                raise ValueError("del raises")
            def __eq__(self, other):
                raise ValueError("eq raises")
            def __hash__(self):
                raise ValueError("hash raises")
            def __repr__(self):
                raise ValueError("repr raises")

        def fail():
            raise ValueError("load raises")

        def main():
            for how in ("raise", "exit", "schedule", "cown", "junk", "load", "fine"):
                try:
                    cown = Cown([Hostile(how)])
                except BaseException as error:
                    print(how, type(error).__name__)
                    continue
                print(how, "made")
                @when(cown)
                def result(c):
                    c.value = [c.value, Hostile("raise")]
                    return Hostile("fine")
                @when()
                def failing():
                    error = ValueError()
                    error.hostile = Hostile(how)
                    raise error
                try:
                    repr(cown), send("x", Hostile(how)), receive("x", 5)
                except BaseException as error:
                    print(type(error).__name__)
                del cown, result, failing
            @when(Cown("usable"))
            def usable(c):
                return c.value
            wait(30)
            print(usable.value)

        main()
        """
    ended = run_program(program, tmp_path)
    assert ended.code == 0, ended.err
    assert ended.lines[-1] == "usable", ended.out
    assert "exit SystemExit" in ended.lines
    assert "raise ValueError" in ended.lines
