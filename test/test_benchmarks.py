"""The programs in benchmarks/ run, and what they compute is what they say."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
WORKLOADS = ("hop", "hops", "hop2", "chain", "independent", "pairs", "dict", "board")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="only beside the benchmarks, which wheels do not hold"
)


def run(program, *arguments):
    """Run one program of the folder; what it printed."""
    command = [sys.executable, str(FOLDER / program), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=120
    ).stdout


@pytest.mark.parametrize("name", [*WORKLOADS, "spin", "messages", "startup"])
def test_each_workload_ends_and_tells_its_time(name):
    result = json.loads(run("workloads.py", name, "--count", 64))
    assert result["us"] > 0
    assert result["peak_mib"] > 1


def test_the_paths_that_are_counted_are_walked_in_order():
    lines = run("paths.py", "chain", "hop", "cown").splitlines()
    assert [line.rsplit(maxsplit=1)[0] for line in lines] == [
        *["chain scheduled", "chain run"] * 2,
        *["hop"] * 2,
        *["cown"] * 2,
    ]


def test_the_comparison_reads_what_the_workloads_print():
    options = ("--only", "hop,memory", "--repeat", 1, "--scale", 0.01, "--json")
    table = json.loads(run("behaviors.py", f"this={sys.executable}", *options))
    assert table["hop"]["this"] > 0
    assert "this" in table["memory"]


def test_the_model_gives_chains_of_two_workers_twice_the_speed_of_one():
    options = ("--workload", "hops", "--workers", "1,2", "--behaviors", 100)
    one, two = run("scale_model.py", *options).splitlines()[1:]
    assert one.endswith("x1.00")
    assert 1.9 < float(two.rpartition("x")[2]) <= 2.0


def test_the_model_lets_one_count_for_all_limit_many_workers():
    options = ("--workload", "hops", "--workers", "1,64", "--behaviors", 100)
    last = run("scale_model.py", *options, "--counted").splitlines()[-1]
    assert float(last.rpartition("x")[2]) < 8
