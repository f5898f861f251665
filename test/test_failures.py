"""What an exception from a body tells its reader, whatever became of it."""

from __future__ import annotations

import builtins
import copy
import pickle
import re
import sys
import threading
import traceback

import pytest

from bocpy import Cown, RemoteError, receive, send, start, when
from observing import PATIENCE, failure_of, outcomes
from programs import run_program

needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="no groups yet")
ONCE = ValueError("the only one")


class HeldError(Exception):
    """Holds what pickle refuses."""

    def __init__(self, *args):
        """Make the lock."""
        super().__init__(*args, threading.Lock())


@pytest.fixture
def sharing():
    """Run on threads that share."""
    start(worker_count=1, backend="threads", isolation="share")


def printed(error):
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


def line_of(function, offset):
    return function.__code__.co_firstlineno + offset


def told_of(error, function, offset):
    """Tell whether who reads the error is shown this line of a test as the @when."""
    line = rf'File ".*test_failures.py", line {line_of(function, offset)}, in '
    return re.search(rf"Behavior scheduled at:\n +{line}", printed(error)) is not None


def once():
    raise ONCE


@pytest.mark.usefixtures("sharing")
def test_a_shared_exception_without_context_tells_its_when():
    @when()
    def plain():
        try:
            return {}["first"]
        except KeyError:
            raise LookupError from None

    here = test_a_shared_exception_without_context_tells_its_when
    error = failure_of(plain)
    assert told_of(error, here, 2), printed(error)
    assert "KeyError" not in printed(error)


@pytest.mark.usefixtures("sharing")
def test_shared_exceptions_that_hold_others_tell_their_own_when():
    @when()
    def first():
        raise ValueError("first")

    @when(first)
    def wrapped(f):
        raise LookupError("second") from f.value

    @when(first)
    def handled(f):
        try:
            raise f.value
        except ValueError:
            raise KeyError("third")  # noqa: B904

    @when(first)
    def again(f):
        raise f.value

    here = test_shared_exceptions_that_hold_others_tell_their_own_when
    for result, lines in ((wrapped, (2, 6)), (handled, (2, 10)), (again, (2, 17))):
        error = failure_of(result)
        assert [told_of(error, here, line) for line in lines] == [True, True]
        traceback.clear_frames(error.__traceback__)  # they hold the cown that holds it


@pytest.mark.usefixtures("sharing")
def test_one_exception_of_two_behaviors_tells_of_both():
    for _ in range(2):
        first = when()(once)
        second = when()(once)
        assert failure_of(first) is failure_of(second) is ONCE
    here = test_one_exception_of_two_behaviors_tells_of_both
    assert told_of(ONCE, here, 3)
    assert told_of(ONCE, here, 4)
    assert printed(ONCE).count("Behavior scheduled at:") == 2


@pytest.mark.usefixtures("sharing")
@needs_groups
def test_a_shared_exception_in_a_circle_tells_its_when():
    @when()
    def circle():
        error = ValueError("itself")
        raise error from error

    here = test_a_shared_exception_in_a_circle_tells_its_when
    assert told_of(failure_of(circle), here, 3)


@pytest.mark.usefixtures("backend")
@needs_groups
def test_groups_show_files_that_the_user_knows(tmp_path):
    source = """
    from bocpy import start, wait, when
    def refuse():
        raise ValueError("refused")
    start(worker_count=1)
    @when()
    def result():
        try:
            refuse()
        except ValueError as error:
            raise ExceptionGroup("some", [error, ValueError(2)])
    wait(60)
    with result as error:
        print(error.__cause__.text)
        result.exception = False
    """
    ended = run_program(source, tmp_path)
    assert ended.code == 0, ended.err
    assert len(re.findall(r'\|   File ".*program.py", line \d+', ended.out)) == 3
    assert 'File "<' not in ended.out, ended.out


@needs_groups
def test_frames_of_groups_show_lines_of_consoles(tmp_path):
    source = """
    import linecache
    from bocpy import start, wait, when
    text = "def body():\\n    raise ExceptionGroup('some', [ValueError()])\\n"
    linecache.cache["<cell>"] = len(text), None, text.splitlines(True), "<cell>"
    exec(compile(text, "<cell>", "exec"))
    start(worker_count=1)
    result = when()(body)
    wait(60)
    with result as error:
        print(error.__cause__.text)
        result.exception = False
    """
    ended = run_program(source, tmp_path)
    assert ended.code == 0, ended.err
    place = ended.lines.index('  |   File "<cell>", line 2, in body')
    shown = "  |     raise ExceptionGroup('some', [ValueError()])"
    assert ended.lines[place + 1] == shown


@needs_groups
def test_groups_stay_groups_whatever_their_members_are():
    @when()
    def result():
        inner = ExceptionGroup("inner", [HeldError(3), KeyError(4)])  # noqa: F821
        error = ExceptionGroup("outer", [ValueError(1), inner])  # noqa: F821
        error.add_note("noted")
        raise error

    error = failure_of(result)
    assert type(error) is ExceptionGroup  # noqa: F821
    first, inner = error.exceptions
    held, last = inner.exceptions
    assert (first.args, last.args, type(last)) == ((1,), (4,), KeyError)
    assert (type(held), held.kind) == (RemoteError, "test_failures.HeldError")
    assert error.__notes__ == ["noted"]
    assert "test_failures.HeldError: (3, " in error.__cause__.text


class OddGroup(getattr(builtins, "ExceptionGroup", Exception)):
    """Cannot be made again."""

    def derive(self, members):
        """Fail."""
        raise ValueError(members)


@needs_groups
def test_groups_that_cannot_be_made_again_stay_groups():
    @when()
    def result():
        error = OddGroup("odd", [HeldError(1), ValueError(2)])
        error.more = threading.Lock()
        raise error

    error = failure_of(result)
    assert type(error) is ExceptionGroup  # noqa: F821
    assert [type(member) for member in error.exceptions] == [RemoteError, ValueError]
    assert "OddGroup" in error.__cause__.text


def test_stand_ins_keep_notes_and_the_module():
    @when()
    def result():
        error = HeldError("held")
        error.__notes__ = ["first", "second"]
        raise error

    error = failure_of(result)
    assert type(error) is RemoteError
    assert error.kind == "test_failures.HeldError"
    assert str(error).startswith("test_failures.HeldError: ('held', ")
    assert error.__notes__ == ["first", "second"]


@pytest.mark.usefixtures("backend")
def test_records_of_workers_show_files_that_the_user_knows(tmp_path):
    source = """
    import logging
    from bocpy import Cown, start, wait, when
    logging.basicConfig(level=logging.WARNING)
    class Unloadable:
        def __reduce__(self):
            return refuse, ()
    def refuse():
        raise ValueError("refused")
    start(worker_count=1)
    @when(Cown([Unloadable()]))
    def result(c):
        return 1
    wait(60)
    with result:
        result.exception = False
    """
    ended = run_program(source, tmp_path)
    assert ended.code == 0, ended.err
    assert re.search(r'(?m)^  File ".*program.py", line \d+, in refuse$', ended.err)
    assert not re.search(r'(?m)^ *File "<', ended.err), ended.err


def arrived():
    @when()
    def result():
        raise ValueError("arrived", [1])

    return failure_of(result)


def test_an_arrived_exception_takes_its_text_wherever_it_crosses():
    error = arrived()
    nested = RuntimeError("nested", error)
    send("failures", {"nested": [nested]})
    contents = receive("failures", PATIENCE)[1]
    again = contents["nested"][0].args[1]
    assert again.__cause__.text == error.__cause__.text
    (_, value), (_, plain) = outcomes(Cown({"e": error}), Cown({"e": ValueError(3)}))
    assert value["e"].__cause__.text == error.__cause__.text
    assert plain["e"].__cause__ is None


def test_arrived_exceptions_that_hold_each_other_cross():
    first, second = arrived(), arrived()
    first.other, second.other = second, first
    (_, value), (_, other) = outcomes(Cown([first]), Cown([second]))
    for [error] in (value, other):
        assert error.other.other is error
        assert error.__cause__.text == first.__cause__.text
    first.lock = threading.Lock()
    with pytest.raises(TypeError) as raised:
        Cown([second])
    assert "value[0].other.lock: _thread.lock" in printed(raised.value)


def test_what_the_user_pickles_and_copies_of_it_is_plain():
    error = arrived()
    for made in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(made), made.args) == (ValueError, error.args)
        assert made.__cause__ is None
    assert copy.copy(error).args[1] is error.args[1]
    assert b"bocpy" not in pickle.dumps(error)


def test_an_arrived_exception_changes_no_errors_of_pickling():
    error = arrived()
    with pytest.raises(TypeError) as raised:
        Cown([threading.Lock()])
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert [frame.filename for frame in frames] == [__file__]
    error.args = (threading.Lock(),)
    with pytest.raises(TypeError) as raised:
        Cown([error])
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert [frame.filename for frame in frames] == [__file__]
    assert "value[0].args[0]: _thread.lock" in printed(raised.value)
