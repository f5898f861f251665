"""What ``wait`` and ``quiesce`` return when they are asked for everything."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, Protocol, overload

__all__ = ["WaitResult", "Waiting"]


class WaitResult(NamedTuple):
    """The counters of the workers, one dict for each, and the noticeboard."""

    stats: list[dict[str, int]]
    noticeboard: dict[str, Any]


class Waiting(Protocol):
    """The type of ``wait`` and ``quiesce``."""

    @overload
    def __call__(
        self,
        timeout: float | None = None,
        *,
        stats: Literal[False] = False,
        noticeboard: Literal[False] = False,
    ) -> None: ...

    @overload
    def __call__(
        self,
        timeout: float | None = None,
        *,
        stats: Literal[True],
        noticeboard: Literal[False] = False,
    ) -> list[dict[str, int]]: ...

    @overload
    def __call__(
        self,
        timeout: float | None = None,
        *,
        stats: Literal[False] = False,
        noticeboard: Literal[True],
    ) -> dict[str, Any]: ...

    @overload
    def __call__(
        self,
        timeout: float | None = None,
        *,
        stats: Literal[True],
        noticeboard: Literal[True],
    ) -> WaitResult: ...
