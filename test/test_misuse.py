"""No function of the package crashes, whatever it is given."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import bocpy
from bocpy import Cown, _core
from sharing import quiescence, shared_runtime  # noqa: F401

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=3),
    st.binary(max_size=3),
    st.lists(st.integers(), max_size=2),
    st.tuples(st.text(max_size=1), st.none()),
    st.sampled_from([int, len, object(), Ellipsis, Cown, {}, set(), iter(())]),
)

HARMLESS = [
    "Cown",
    "when",
    "whencall",
    "notice_read",
    "notice_write",
    "notice_update",
    "notice_delete",
    "send",
]

INNER = [
    "BehaviorCapsule",
    "CownCapsule",
    "cown_pin_pointers",
    "notice_sync_complete",
    "noticeboard_write_direct",
    "noticeboard_delete",
]


@pytest.mark.parametrize("name", HARMLESS)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arguments=st.lists(ODD, max_size=4))
def test_public_functions_raise_at_most(name, arguments):
    try:
        made = getattr(bocpy, name)(*arguments)
        if name == "when":
            made(arguments[0] if arguments else None)
    except Exception:
        return


@pytest.mark.parametrize("name", INNER)
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arguments=st.lists(ODD, max_size=5))
def test_inner_functions_raise_at_most(name, arguments):
    if name == "noticeboard_write_direct" and len(arguments) > 2:
        del arguments[2:]
    try:
        getattr(_core, name)(*arguments)
    except Exception:
        return
