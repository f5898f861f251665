"""`unwrap`, and what `wait` and `quiesce` tell of the noticeboard."""

from __future__ import annotations

import importlib.metadata
from functools import partial
from operator import add

import pytest

import bocpy
from bocpy import (
    Cown,
    Matrix,
    WaitResult,
    behaviors,
    notice_read,
    notice_seed,
    notice_update,
    notice_write,
    quiesce,
    receive,
    send,
    start,
    wait,
    when,
)
from observing import PATIENCE, expect, value_of
from programs import output_of

pytestmark = pytest.mark.usefixtures("backend")


def test_unwrap_takes_the_value_once():
    @when(Cown(20))
    def result(c):
        return [c.value + 1]

    quiesce(PATIENCE)
    assert result.unwrap() == [21]
    assert result.unwrap() is None
    assert value_of(result) is None


def test_unwrap_raises_what_the_body_raised():
    @when()
    def failing():
        raise KeyboardInterrupt("from a body")

    @when()
    def answer():
        return ValueError("a value like any other")

    wait(PATIENCE)
    with pytest.raises(KeyboardInterrupt, match="from a body"):
        failing.unwrap()
    assert failing.unwrap() is None
    assert isinstance(answer.unwrap(), ValueError)


def test_a_returned_cown_is_unwrapped_in_turn():
    @when()
    def outer():
        @when()
        def inner():
            return "inside"

        return inner

    quiesce(PATIENCE)
    assert outer.unwrap().unwrap() == "inside"


def test_an_unwrapped_matrix_is_the_callers():
    @when(Cown(Matrix(2, 2, 1.0)))
    def result(c):
        return c.value + 1

    quiesce(PATIENCE)
    matrix = result.unwrap()
    matrix[0, 0] = 5
    assert matrix.sum() == 11


def test_unwrap_refuses_while_behaviors_are_pending():
    @when()
    def held():
        send("signal", "begun")
        receive("go", PATIENCE)
        return 1

    assert expect("signal") == "begun"
    with pytest.raises(RuntimeError, match=r"still in flight.*quiesce\(\)"):
        held.unwrap()
    send("go", None)
    quiesce(PATIENCE)
    assert held.unwrap() == 1


def test_unwrap_refuses_in_a_body():
    @when(Cown(1))
    def result(c):
        return c.unwrap()

    quiesce(PATIENCE)
    with pytest.raises(RuntimeError, match="still in flight"):
        result.unwrap()


def test_a_flag_without_an_exception_is_named():
    cown = Cown(3)
    with cown:
        cown.exception = True
    with pytest.raises(RuntimeError, match="marked as failed but holds 3"):
        cown.unwrap()


def test_wait_and_quiesce_return_the_noticeboard():
    start(worker_count=1)

    @when()
    def _():
        notice_write("k", [1])
        notice_update("n", partial(add, 1), 41)

    board = quiesce(PATIENCE, noticeboard=True)
    assert board == {"k": [1], "n": 42}
    board["k"] = None
    everything = quiesce(PATIENCE, stats=True, noticeboard=True)
    assert isinstance(everything, WaitResult)
    assert everything.noticeboard["n"] == 42
    assert len(everything.stats) == 1
    assert wait(PATIENCE, noticeboard=True) == {"k": [1], "n": 42}
    start(worker_count=1)
    assert wait(PATIENCE, noticeboard=True) == {}


def test_the_last_noticeboard_outlives_stop():
    notice_seed("k", 1)
    behaviors.BEHAVIORS.stop(PATIENCE)
    assert wait(PATIENCE, noticeboard=True) == {"k": 1}


def test_without_a_runtime_the_answers_are_empty():
    for ask in (wait, quiesce):
        assert ask() is None
        assert ask(noticeboard=True) == {}
        assert ask(stats=True, noticeboard=True) == WaitResult([], {})


def test_a_seed_starts_the_runtime_and_is_seen_by_all():
    notice_seed("rate", 0.5)
    assert notice_read("rate") == 0.5

    @when()
    def seen():
        return notice_read("rate")

    assert value_of(seen) == 0.5
    notice_seed("rate", 2)
    assert notice_read("rate") == 2


def test_a_seed_is_refused_at_once():
    with pytest.raises(TypeError):
        notice_seed(1, 1)
    with pytest.raises(ValueError, match="63"):
        notice_seed("k" * 64, 1)
    with pytest.raises(Exception, match="pickle"):
        notice_seed("k", (number for number in ()))
    for number in range(64):
        notice_seed(str(number), number)
    with pytest.raises(RuntimeError, match=r"full \(max 64\)"):
        notice_seed("one more", 1)

    @when()
    def result():
        notice_seed("k", 1)

    quiesce(PATIENCE)
    with pytest.raises(RuntimeError, match="primary interpreter"):
        result.unwrap()


def test_the_version_is_the_metadatas(monkeypatch, caplog):
    assert bocpy.__version__ == importlib_version()

    def missing(_):
        raise LookupError

    monkeypatch.delitem(vars(bocpy), "__version__")
    monkeypatch.setattr("importlib.metadata.version", missing)
    assert bocpy.__version__ == bocpy.__version__ == "0.0.0+unknown"
    [warning] = caplog.messages
    assert "bocpy package metadata unavailable (LookupError)" in warning


def test_what_is_loaded_late_is_listed_from_the_start(tmp_path):
    listed = "import bocpy; print({'WaitResult', '__version__'} <= set(dir(bocpy)))"
    starred = "from bocpy import *; print(WaitResult.__name__)"
    assert output_of(f"{listed}\n{starred}", tmp_path) == ["True", "WaitResult"]


def test_the_package_lists_nothing_that_only_type_checkers_need():
    assert "TYPE_CHECKING" not in dir(bocpy)


@pytest.mark.parametrize("name", ["get_include", "get_sources"])
def test_names_of_other_releases_tell_the_way_out(name):
    assert not hasattr(bocpy, name)
    with pytest.raises(AttributeError, match=f"{name}: there is no C interface"):
        getattr(bocpy, name)
    with pytest.raises(ImportError, match=f"{name}: there is no C interface"):
        __import__("bocpy", fromlist=["Cown", name])


def importlib_version():
    """Read the version as an installer does; fall back as the package does."""
    try:
        return importlib.metadata.version("bocpy")
    except importlib.metadata.PackageNotFoundError:
        return "0.0.0+unknown"
