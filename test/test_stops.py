"""Deadlines of `wait` and `quiesce` in every state, and what they name."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path

import pytest

import blocking
from bocpy import behaviors, notice_update, quiesce, send, start, wait, when
from observing import PATIENCE, expect
from programs import run_program

HERE = str(Path(__file__).parent)
LATE = 2.0
"""Seconds after which a child has not kept a deadline of 0.2 s."""


@pytest.fixture
def gate():
    """Have a gate, open at the end."""
    made = blocking.Gate()
    yield made
    made.open(8)
    wait(PATIENCE)
    made.close()


def occupy(state, gate):
    """Have a body in a state; give the line of its definition."""
    body, end = getattr(blocking, state), gate.read_end

    @when()
    def outer():
        body(end)

    expect("state")


@pytest.mark.parametrize(("state", "backend"), blocking.settings())
def test_wait_keeps_its_deadline_in_every_state_and_names_what_runs(
    state, backend, gate
):
    start(worker_count=2, backend=backend)
    occupy(state, gate)
    with pytest.raises(RuntimeError) as raised:
        wait(0.2)
    text = str(raised.value)
    first, *rest = text.splitlines()
    assert re.match(r"1 behavior\(s\) still run: outer \(.*\); call wait\(\) ag", first)
    assert any(re.match(r"worker \d runs outer \(.*\) for ", line) for line in rest)
    if blocking.TELLS_LINES:
        assert re.search(rf"line \d+ in {state}$", text, re.MULTILINE), text
    gate.open()
    wait(PATIENCE)
    assert behaviors.BEHAVIORS is None


@pytest.mark.parametrize(("state", "backend"), blocking.settings())
def test_quiesce_keeps_its_deadline_in_every_state_and_names_what_runs(
    state, backend, gate
):
    start(worker_count=2, backend=backend)
    occupy(state, gate)
    with pytest.raises(
        TimeoutError, match=r"pending after 0.2 s\n(.*\n)+.* runs outer"
    ):
        quiesce(0.2)
    gate.open()
    quiesce(PATIENCE)


TIMED = """
import sys, time
backend, folder, what = sys.argv[1:]
sys.path.insert(0, folder)
import blocking
from bocpy import *

def leaves_a_thread(end):
    import threading
    threading.Thread(target=lambda: blocking.reads(end)).start()

def leaves_an_exit_handler(end):
    import atexit, os
    atexit.register(os.read, end, 1)

class Slow:
    def __init__(self, gate):
        self.gate = gate
    def __reduce__(self):
        return load, (self.gate,)

def load(gate):
    import os
    os.read(gate, 1)

def timed(give_up):
    begun = time.monotonic()
    try:
        give_up(0.2)
    except (RuntimeError, TimeoutError):
        print("gave up")
    print(time.monotonic() - begun, flush=True)

if __name__ == "__main__":
    gate = blocking.Gate()
    start(worker_count=3, backend=backend)
    end = gate.read_end
    if what == "notice":
        notice_write("slow", Slow(end))
        timed(wait)
    elif what in ("leaves_a_thread", "leaves_an_exit_handler"):
        leave = globals()[what]
        for worker in range(3):
            @when()
            def leaves():
                leave(end)
                send("left", None)
                receive("go on", 60)
        for worker in range(3):
            receive("left", 60)
        for worker in range(3):
            send("go on", None)
        quiesce(60)
        timed(wait)
    else:
        body = getattr(blocking, what)
        @when()
        def outer():
            body(end)
        receive("state", 60)
        timed(quiesce)
        timed(wait)
    gate.open(8)
    wait(60)
"""


def timed(folder, backend, what):
    """Let a child do something for ever, and give up waiting; tell whether in time."""
    ended = run_program(TIMED, folder, backend, HERE, what)
    assert ended.code == 0, ended.err
    gave_up = [line for line in ended.lines if line == "gave up"]
    took = [float(line) for line in ended.lines if line != "gave up"]
    assert max(took) < LATE, ended.out
    return len(gave_up)


@pytest.mark.parametrize(("state", "backend"), blocking.settings())
def test_deadlines_are_kept_in_time_in_every_state(state, backend, tmp_path):
    assert timed(tmp_path, backend, state) == 2


@pytest.mark.skipif("interpreters" not in str(blocking.settings()), reason="one GIL")
@pytest.mark.parametrize("what", ["leaves_a_thread", "leaves_an_exit_handler"])
def test_wait_keeps_its_deadline_while_several_workers_cannot_end(what, tmp_path):
    assert timed(tmp_path, "interpreters", what) == 1


def test_wait_keeps_its_deadline_beside_a_notice_that_loads_slowly(backend, tmp_path):
    timed(tmp_path, backend, "notice")


def test_wait_names_bodies_that_wait_for_the_noticeboard(backend):
    start(worker_count=1)
    entered.clear()
    leave.clear()
    try:
        notice_update("key", stay, 0)
        assert entered.wait(PATIENCE)

        @when()
        def syncing():
            from bocpy import notice_sync  # noqa: PLC0415

            send("state", "entered")
            notice_sync(60)

        expect("state")
        with pytest.raises(RuntimeError, match=r"still run: syncing \("):
            wait(0.1)
    finally:
        leave.set()
    wait(PATIENCE)


entered, leave = threading.Event(), threading.Event()


def stay(value):
    """Hold the thread of the noticeboard."""
    entered.set()
    leave.wait(60)
    return value


def test_deadlines_name_the_update_that_the_noticeboard_applies():
    start(worker_count=1)
    entered.clear()
    leave.clear()
    try:
        notice_update("key", stay, 0)
        assert entered.wait(PATIENCE)
        busy = r"applies a change of 'key' by stay \(.*test_stops.py:\d+\)"
        with pytest.raises(TimeoutError, match=rf"busy after 0.1 s\n(.*\n)+.*{busy}"):
            quiesce(0.1, noticeboard=True)
        with pytest.raises(RuntimeError, match=rf"within timeout=2\n(.*\n)+.*{busy}"):
            wait(2)
    finally:
        leave.set()
    wait(PATIENCE)


def test_wait_keeps_its_deadline_while_a_body_cannot_be_packed(gate):
    start(worker_count=1)
    end = gate.read_end

    @when()
    def answering():
        send("state", "entered")
        return blocking.Slow(end)

    expect("state")
    with pytest.raises(RuntimeError, match=r"still run: answering \("):
        wait(0.2)


@pytest.mark.skipif("interpreters" not in str(blocking.settings()), reason="one GIL")
def test_wait_keeps_its_deadline_while_a_worker_cannot_end(gate):
    start(worker_count=1, backend="interpreters")
    end = gate.read_end

    @when()
    def leaves_a_thread():
        import threading  # noqa: PLC0415

        threading.Thread(target=lambda: blocking.reads(end)).start()

    expect("state")
    with pytest.raises(
        RuntimeError, match=r"1 worker\(s\) have not ended;.*\n.*\n.* ends"
    ):
        wait(0.2)
    gate.open()
    wait(PATIENCE)
    start(worker_count=1)


SLOW = """
import os, sys, bocpy._core
class Base:
    pass
if not bocpy._core.is_primary():
    os.write(int(os.environ["ENTERED"]), b"!")
    os.read(int(os.environ["GATE"]), 1)
"""

STARTING = """
import os, sys, threading
import slow
from bocpy import *
class Derived(slow.Base):
    pass
if __name__ == "__main__":
    gate, open_gate = os.pipe()
    entered, enter = os.pipe()
    os.environ.update(GATE=str(gate), ENTERED=str(enter))
    def begin():
        start(worker_count=1)
    starter = threading.Thread(target=begin, daemon=True)
    starter.start()
    os.read(entered, 1)
    for give_up, error in (wait, RuntimeError), (quiesce, TimeoutError):
        try:
            give_up(0.2)
        except error as raised:
            print(str(raised).splitlines()[0])
    if sys.argv[1:]:
        os.write(open_gate, b"!!")
        wait(60)
        starter.join()
        start(worker_count=1)
        print("ended well")
"""


def starting(folder, *args):
    """Run a program whose worker takes long to start."""
    (folder / "slow.py").write_text(SLOW, encoding="utf-8")
    return run_program(STARTING, folder, *args, BOCPY_BACKEND="interpreters")


STARTED = ["the runtime is still being started after 0.2 s"] * 2


@pytest.mark.skipif("interpreters" not in str(blocking.settings()), reason="one GIL")
def test_deadlines_are_kept_while_a_worker_starts(tmp_path):
    ended = starting(tmp_path, "go on")
    assert (ended.code, ended.lines) == (0, [*STARTED, "ended well"]), ended.err


@pytest.mark.skipif("interpreters" not in str(blocking.settings()), reason="one GIL")
def test_a_program_may_end_while_a_worker_starts(tmp_path):
    ended = starting(tmp_path)
    assert (ended.code, ended.lines) == (1, STARTED), ended.err
    assert "the program ends although work is left" in ended.err
    assert "a worker starts for" in ended.err
    if blocking.TELLS_LINES:
        assert re.search(r'File ".*slow.py", line \d+ in <module>', ended.err)


ENDINGS = {
    "uncaught": ("wait(0.1)", 1),
    "caught": ("try: wait(0.1)\nexcept RuntimeError: print('caught')", 1),
    "exit": ("try: wait(0.1)\nexcept RuntimeError: sys.exit(0)", 1),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_program_that_gave_up_waiting_ends_and_tells_what_it_left(
    backend, ending, tmp_path
):
    code, expected = ENDINGS[ending]
    source = f"""
import sys
from bocpy import *
if __name__ == "__main__":
    @when()
    def stuck():
        send("entered", 1)
        receive("never", 600)
    receive("entered", 60)
    print("before", flush=True)
{os.linesep.join("    " + line for line in code.splitlines())}
"""
    ended = run_program(source, tmp_path)
    assert ended.code == expected, ended.err
    assert ended.lines[0] == "before"
    assert "the program ends although work is left" in ended.err
    assert re.search(r"^worker \d runs stuck \(", ended.err, re.MULTILINE)


def test_a_program_that_gave_up_may_still_end_well(backend, tmp_path):
    source = """
from bocpy import *
if __name__ == "__main__":
    @when()
    def slow():
        send("entered", 1)
        receive("gate", 600)
    receive("entered", 60)
    try:
        wait(0.1)
    except RuntimeError:
        send("gate", 1)
"""
    ended = run_program(source, tmp_path)
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert "although" not in ended.err
