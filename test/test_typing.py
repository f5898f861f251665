"""Type checkers see what users mean: mypy and pyright read it, pytest runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import bocpy
from bocpy import (
    Cown,
    Matrix,
    WaitResult,
    notice_read,
    quiesce,
    receive,
    start,
    wait,
    when,
    whencall,
)
from bocpy._math import MatrixIndices

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import assert_type

    from bocpy._core import CownCapsule
else:

    def assert_type(value: Any, kind: Any) -> Any:
        """Return the value, as the function of `typing` does from 3.11 on."""
        return value


def test_a_cown_has_the_type_of_its_value() -> None:
    number = Cown(1)
    assert_type(number, Cown[int])
    assert_type(Cown({"a": [1.5]}), Cown[dict[str, list[float]]])
    with number as value:
        assert_type(value, int)
        assert_type(number.value, int)
        assert_type(number.exception, bool)
    capsule: CownCapsule[int] = number.impl
    capsule.acquire()
    assert_type(capsule.value, int)
    capsule.release()
    assert_type(Cown(number.impl), Cown[int])
    assert_type(number.unwrap(), int)


def test_a_value_of_another_type_is_an_error_of_the_program() -> None:
    number: Cown[Any] = Cown(1)

    def store(cown: Cown[int]) -> None:
        cown.value = "one"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]

    with number:
        store(number)
        assert number.value == "one"


def test_the_result_of_a_behavior_has_the_type_of_what_it_returns() -> None:
    total = Cown(2)

    @when(total)
    def half(total: Cown[int]) -> float:
        return total.value / 2

    @when()
    def nothing() -> None:
        pass

    @when(half, [total, total])
    def both(half: Cown[float], totals: list[Cown[int]]) -> tuple[float, int]:
        return half.value, sum(cown.value for cown in totals)

    assert_type(half, Cown[float])
    assert_type(nothing, Cown[None])
    assert_type(both, Cown[tuple[float, int]])
    wait()
    assert both.value == (1.0, 4)


def test_groups_are_lists_or_tuples_of_cowns_of_any_types() -> None:
    number, text = Cown(1), Cown("one")
    many = [Cown(n) for n in range(3)]

    @when(many, (number, text))
    def length(many: list[Cown[int]], pair: list[Cown[Any]]) -> int:
        return len(many) + len(pair)

    @when(*many)
    def total(*many: Cown[int]) -> int:
        return sum(cown.value for cown in many)

    assert_type(length, Cown[int])
    assert_type(total, Cown[int])
    wait()
    assert (length.value, total.value) == (5, 3)


def test_what_is_no_cown_is_an_error_of_the_program() -> None:
    def schedule() -> Cown[None]:
        @when(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        def body(_: int) -> None:
            pass

        return body

    with pytest.raises(TypeError, match="cowns or sequences of cowns"):
        schedule()


def test_matrices_are_values_like_others() -> None:
    matrix = Cown(Matrix(2, 2, 1.0))

    @when(matrix)
    def square(matrix: Cown[Matrix]) -> Matrix:
        return matrix.value @ matrix.value

    assert_type(square, Cown[Matrix])
    wait()
    assert_type(square.unwrap().sum(), float)
    assert_type(Matrix(2, 2).sum(0), Matrix)


class Place:
    """An index of its own type, as those of numpy are."""

    def __index__(self) -> int:
        """Give the second place."""
        return 1


def test_matrices_take_indices_of_any_type() -> None:
    m, places = Matrix(2, 2, range(4)), [Place(), Place()]
    assert_type(m[places], Matrix)
    assert_type(m[:, places], Matrix)
    assert_type(m[places, :], Matrix)
    assert_type(m[Place(), Place()], float)
    m[places] = 1
    m[:, places] = Matrix(2, 2)
    assert_type(m.take(places), Matrix)
    assert_type(m.argmin(0)[0, Place()], float)
    assert_type(m.argmin(0)[0, :], Matrix)
    assert_type(m.argmin(0)[:, places], Matrix)
    assert_type(m.argmin(0)[0], int)


def test_matrices_tell_the_type_of_their_results() -> None:
    m, flag = Matrix(2, 2), bool(__name__)
    assert_type(m.argmin(0), MatrixIndices)
    assert_type(m.argmax(0, None, True), Matrix)
    assert_type(m.argmax(0, as_matrix=flag), MatrixIndices | Matrix)
    assert_type(m.argmin(0, None, flag), MatrixIndices | Matrix)
    assert_type(m.argmin(as_matrix=flag), int)
    assert_type(m.bin(2, bounds=Matrix(2, 1, [0, 2])), Matrix)
    assert_type(m.bin(2, bounds=(0, Matrix(1, 1, 2))), Matrix)
    joined: Matrix = Matrix.concat([m, [1, 2]])
    assert_type(joined.rows, int)


def test_waiting_answers_with_what_is_asked_for() -> None:
    start(worker_count=1)
    assert_type(quiesce(stats=True), list[dict[str, int]])
    assert_type(quiesce(noticeboard=True), dict[str, Any])
    assert_type(wait(60, stats=True, noticeboard=True), WaitResult)
    assert_type(wait(stats=True), list[dict[str, int]])
    assert_type(wait(noticeboard=True), dict[str, Any])
    assert_type(bocpy.__version__, str)
    assert_type(bocpy.WORKER_COUNT, int)


def test_messages_and_notices_may_be_anything() -> None:
    start(worker_count=1)
    assert_type(receive("nothing", 0), tuple[str, Any])
    assert_type(receive("nothing", 0, lambda: 1), Any)
    assert_type(receive("nothing", 0, after=lambda: 1), Any)
    bocpy.send("something", 1)
    assert_type(receive("something", after=lambda: 1), Any)
    assert_type(notice_read("nothing"), Any)
    board: Mapping[str, Any] = bocpy.noticeboard()
    assert_type(board["nothing"] if board else None, Any | None)

    def add(cown: Cown[int]) -> int:
        return cown.value + 1

    assert_type(whencall(add, [Cown(1)]), Cown[int])

    def schedule(name: str) -> Cown[Any]:
        return assert_type(whencall(name, [Cown(1)]), Cown[Any])

    with pytest.raises(TypeError, match="not a thunk name"):
        schedule("nothing")
