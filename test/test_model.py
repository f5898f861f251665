"""Random programs of behaviors agree with a model that runs them one by one.

A program is a list of steps over a few cowns. The model keeps, for each cown, the
list of step numbers that touched it; behaviors write the same lists as they run. The
order on each cown is fixed by the order of scheduling for what the main thread
schedules; what bodies spawn must come after its parent, exactly once.
"""

from __future__ import annotations

import os
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bocpy import Cown, wait
from observing import PATIENCE, launch
from steps import Step, schedule

BACKENDS = ["interpreters", "threads"] if sys.version_info >= (3, 12) else ["threads"]
COWNS = 4
EXAMPLES = int(os.environ.get("BOC_MODEL_EXAMPLES", "40"))


cown_index = st.integers(0, COWNS - 1)
leaf = st.builds(
    Step,
    singles=st.lists(cown_index, max_size=3).map(tuple),
    group=st.lists(cown_index, max_size=3).map(tuple),
    results=st.lists(st.integers(0, 5), max_size=2).map(tuple),
    ending=st.sampled_from(["return", "raise", "exit", "cown", "error", "write"]),
)
inner = st.builds(
    Step,
    singles=leaf.map(lambda step: step.singles),
    group=leaf.map(lambda step: step.group),
    ending=st.sampled_from(["return", "raise"]),
)
parent = st.builds(
    lambda step, children: step._replace(children=tuple(children)),
    leaf,
    st.lists(inner, max_size=3),
)
session = st.lists(parent, min_size=1, max_size=8)
program = st.lists(session, min_size=1, max_size=3)


def touched(step):
    """Give the cowns that a step takes, without duplicates."""
    return dict.fromkeys((*step.singles, *step.group))


def expected_result(step, name):
    """Give the flag and the text of the result that the model expects."""
    return {
        "raise": (True, f"Planned({name!r})"),
        "exit": (True, f"SystemExit({name!r})"),
        "cown": (False, "CownCapsule"),
        "error": (False, f"Planned({name!r})"),
    }.get(step.ending, (False, repr(name)))


def check_cowns(steps, found):
    """Compare what the cowns hold with the model's order."""
    for index in range(COWNS):
        wanted, spawned = [], {}
        for name, step in steps.items():
            if index not in touched(step):
                continue
            if "." in name:
                spawned[name] = step
                continue
            wanted.append(name)
            if step.ending == "write" and step.singles and step.singles[0] == index:
                wanted.append(f"{name} wrote")
        main = [name for name in found[index] if "." not in name]
        assert main == wanted
        children = [name for name in found[index] if "." in name]
        assert sorted(children) == sorted(spawned)
        for child in children:
            above = child.rsplit(".", 1)[0]
            if above in found[index]:
                assert found[index].index(above) < found[index].index(child)


def check_order_is_shared(found):
    """Any two steps that share several cowns appear in one order on all of them."""
    for left in range(COWNS):
        for right in range(left):
            first = [name for name in found[left] if name in found[right]]
            second = [name for name in found[right] if name in found[left]]
            assert first == second


@pytest.mark.parametrize("backend", BACKENDS)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(sessions=program, workers=st.integers(1, 3))
def test_random_programs_agree_with_the_model(backend, sessions, workers):
    cowns = [Cown([]) for _ in range(COWNS)]
    steps, results = {}, []
    for turn, session_steps in enumerate(sessions):
        launch(worker_count=workers, backend=backend)
        for number, step in enumerate(session_steps):
            name = f"{turn}:{number}"
            recent = [result for _, _, result in results[-6:]]
            results.append((step, name, schedule(step, name, cowns, recent)))
            steps[name] = step
            for child, spawned in enumerate(step.children):
                steps[f"{name}.{child}"] = spawned
        wait(PATIENCE)
    found = []
    for cown in cowns:
        with cown as value:
            found.append(value)
    check_cowns(steps, found)
    check_order_is_shared(found)
    for step, name, result in results:
        with result as value:
            kind = type(value).__name__
            text = kind if kind == "CownCapsule" else repr(value)
            assert (result.exception, text) == expected_result(step, name)
            result.exception = False
