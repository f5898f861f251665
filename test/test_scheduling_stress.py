"""Long random programs under load; `BOCPY_SEED` replays the seed that is printed."""

# ruff: noqa: B023 -- bodies see the loop variable of their turn

from __future__ import annotations

import contextlib
import os
import random
import threading
import time
from pathlib import Path

import pytest

from bocpy import Cown, _core, receive, send, start, wait, when
from observing import PATIENCE, bump, expect, values_of
from programs import output_of, run_command

pytestmark = pytest.mark.stress

SECONDS = 60.0 if os.environ.get("BOCPY_STRESS_LONG") else 3.0


@pytest.fixture
def rng():
    """Give random numbers whose seed is printed."""
    seed = int(os.environ.get("BOCPY_SEED") or random.SystemRandom().getrandbits(32))
    print(f"BOCPY_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def until():
    """Give the time at which a stress test should come to an end."""
    return time.monotonic() + SECONDS


def spread(cowns, total, seed, depth):
    """Run over random cowns and spawn one or two of the same kind."""
    rng = random.Random(seed)
    chosen = rng.sample(range(len(cowns)), rng.randint(1, 3))

    @when(total, [cowns[n] for n in chosen])
    def _(total, group):
        total.value += 1
        for cown in group:
            before = cown.value
            cown.value = None
            cown.value = before + 1

    if depth:

        @when()
        def _():
            for branch in range(1 + seed % 2):
                spread(cowns, total, seed * 31 + branch, depth - 1)


def branches(seed, depth):
    """Count the behaviors over the total that `spread` schedules."""
    if depth == 0:
        return 1, 1 + 0
    below = [branches(seed * 31 + b, depth - 1)[0] for b in range(1 + seed % 2)]
    return 1 + sum(below), 0


def test_fan_out_loses_nothing(rng, until):
    while time.monotonic() < until:
        start(worker_count=rng.randint(1, 4))
        cowns = [Cown(0) for _ in range(rng.randint(1, 20))]
        wanted = [0] * len(cowns)
        for _ in range(2000):
            which = rng.randrange(len(cowns))
            wanted[which] += 1

            @when(cowns[which])
            def _(c):
                c.value += 1

        assert values_of(*cowns) == wanted
        wait(PATIENCE)


def test_spawning_bodies_lose_nothing(rng, until):
    while time.monotonic() < until:
        start(worker_count=rng.randint(1, 4))
        cowns, total = [Cown(0) for _ in range(6)], Cown(0)
        seeds = [rng.randrange(1000) for _ in range(5)]
        for seed in seeds:
            spread(cowns, total, seed, 6)
        wait(PATIENCE)
        assert total.value == sum(branches(seed, 6)[0] for seed in seeds)
        total.release()


def test_start_and_stop_storm(rng, until):
    total, runs = Cown(0), 0
    while time.monotonic() < until:
        start(worker_count=rng.randint(1, 4))
        for _ in range(rng.randint(0, 20)):
            runs += 1
            bump(total)

        wait(PATIENCE)
        assert _core.terminator_count() == 0
    assert values_of(total) == [runs]


def test_stops_that_time_out_under_load(rng, until):
    while time.monotonic() < until:
        start(worker_count=2)
        cowns = [Cown(0) for _ in range(4)]
        for _ in range(rng.randint(1, 300)):

            @when(*rng.sample(cowns, 2))
            def _(a, b):
                a.value += 1
                b.value += 1

        with contextlib.suppress(RuntimeError):
            wait(rng.choice([0, 0.001, 0.01]))
        wait(PATIENCE)
        counts = []
        for cown in cowns:
            with cown as value:
                counts.append(value)
        assert sum(counts) % 2 == 0


def test_threads_and_messages_under_load(rng, until):
    start(worker_count=3)
    rounds = 0
    while rounds == 0 or time.monotonic() < until:
        rounds += 1
        count = rng.randint(1, 50)

        def produce(first):
            for number in range(first, first + count):

                @when(Cown(number))
                def _(c):
                    send("work", c.value)
                    assert receive("credit", 60)[0] == "credit"

        threads = [threading.Thread(target=produce, args=(n * 100,)) for n in range(3)]
        for thread in threads:
            thread.start()
        seen = []
        for _ in range(3 * count):
            seen.append(expect("work"))
            send("credit", None)
        for thread in threads:
            thread.join(PATIENCE)
        assert sorted(seen) == [n * 100 + k for n in range(3) for k in range(count)]


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no such counter")
def test_starts_and_stops_keep_the_size(backend, tmp_path):
    program = """
        import pathlib
        from bocpy import Cown, notice_read, notice_sync, notice_write
        from bocpy import receive, send, start, wait, when

        sizes = []
        for run in range(12):
            start(worker_count=2)
            for n in range(20):

                @when(Cown({n: [n]}))
                def result(c):
                    notice_write("n", [c.value])
                    notice_sync()
                    send("n", [notice_read("n")])
                    receive("n", 0)
                    return [Cown(c.value)]

                @when(result)
                def failed(r):
                    raise ValueError(r.value)

                @when(failed)
                def _(f):
                    f.exception = False

            wait()
            sizes.append(int(pathlib.Path("/proc/self/statm").read_text().split()[1]))
        print((sizes[-1] - sizes[2]) * 4096 // 2**20)
    """
    [grown] = output_of(program, tmp_path)
    assert int(grown) < 8


@pytest.mark.slow
def test_a_long_run_keeps_its_size(backend):
    soak = Path(__file__).parents[1] / "benchmarks" / "soak.py"
    count = "100000000" if os.environ.get("BOCPY_STRESS_LONG") else "1000000"
    ended = run_command(
        str(soak), "--behaviors", count, "--backend", backend, timeout=7200
    )
    assert ended.code == 0, ended.out + ended.err
    assert "all ran" in ended.lines[-1]
