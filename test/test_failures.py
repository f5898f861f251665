"""What an exception from a body tells its reader, whatever became of it."""

from __future__ import annotations

import copy
import pickle
import threading
import traceback

import pytest

from bocpy import Cown, receive, send, when
from observing import PATIENCE, failure_of, outcomes


def printed(error):
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))


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
