"""Each misuse raises where it is written, and the runtime goes on."""

# ruff: noqa: S112 -- what is raised is free, that nothing crashes is not

from __future__ import annotations

import traceback

import pytest

from bocpy import BehaviorResolveError, CaptureError, Cown, _core, when
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
