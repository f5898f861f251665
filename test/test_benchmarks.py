"""The programs in benchmarks/ run, and what they compute is what they say."""

import importlib.util
import json
import subprocess
import sys
from concurrent import futures
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
WORKLOADS = ("hop", "hops", "hop2", "chain", "independent", "pairs", "dict", "board")

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="only beside the benchmarks, which wheels do not hold"
)


def ended(program, *arguments):
    """Run one program of the folder; how it ended."""
    command = [sys.executable, str(FOLDER / program), *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120
    )


def run(program, *arguments):
    """Run one program of the folder that ends well; what it printed."""
    done = ended(program, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


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


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("instructions.py --only nope", "--only: 'nope' is none of hop, hop2, "),
        ("scale_model.py --workload nope", "--workload: 'nope' is none of ring, "),
        ("scale_model.py --workers 1,no", "--workers: 'no' is not a whole number"),
        ("behaviors.py --only hop,nope", "--only: 'nope' is none of hop, hops, "),
        ("behaviors.py --only key", "--only: 'key' is none of hop, hops, "),
        ("behaviors.py --workers 0", "--workers: '0' is not a whole number from 1"),
        ("paths.py nope", "names: 'nope' is none of hop, hop2, "),
        ("workloads.py nope", "name: invalid choice: 'nope' (choose from "),
    ],
)
def test_a_name_that_there_is_not_is_refused_with_those_there_are(line, complaint):
    done = ended(*line.split())
    assert done.returncode == 2
    assert f"error: argument {complaint}" in done.stderr.splitlines()[-1]


NO_PROGRAMS = {"baseline.py", "options.py"}
NO_PROGRAMS |= {"soak.py"} if sys.platform == "win32" else set()
PROGRAMS = sorted({path.name for path in FOLDER.glob("*.py")} - NO_PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_program_tells_what_it_takes(program):
    text = run(program, "--help")
    assert text.startswith(f"usage: {program} ")
    assert "(default: None)" not in text


POOLS = ("ThreadPoolExecutor", "InterpreterPoolExecutor", "ProcessPoolExecutor")


@pytest.mark.slow
def test_the_peers_are_timed_beside_the_package_in_both_ways():
    pools = [name for name in POOLS if hasattr(futures, name)]
    header, *rows = run("peers.py", "--repeat", 1).splitlines()
    assert header.split() == ["many", "one", "at", "a", "time"]
    assert [row.split()[0] for row in rows] == ["bare", "bocpy", *pools]
    for row in rows[1:]:
        _, many, one, bar = row.split()
        assert float(many) > 0
        assert float(one) > 0
        assert set(bar) == {"#"}
    assert max(row.count("#") for row in rows) == 40


@pytest.mark.slow
def test_the_comparison_reads_what_the_peers_print():
    table = json.loads(run("behaviors.py", "--only", "peers", "--repeat", 1, "--json"))
    for name in ("bocpy", "ThreadPoolExecutor", "ProcessPoolExecutor"):
        assert table[name]["bocpy"] > 0
        assert table[f"{name}, one at a time"]["bocpy"] > 0


@pytest.fixture(scope="module")
def baseline():
    spec = importlib.util.spec_from_file_location("baseline", FOLDER / "baseline.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_path_is_slower_if_it_takes_more_than_the_limit_more(baseline):
    before = {"hop": 1000, "chain": 1000, "gone": 1}
    now = {"hop": 1050, "chain": 1051, "new": 9999}
    assert baseline.slower(now, before, 5) == ["chain"]
    assert baseline.slower(now, before, 0) == ["hop", "chain"]
    assert baseline.slower(before, now, 5) == []


def test_what_is_on_record_counts_for_what_made_it_and_nothing_else(baseline, tmp_path):
    file = tmp_path / "record.json"
    baseline.write(file, "3.14", "one compiler", {"hop": 1000.4})
    baseline.write(file, "3.14t", "one compiler", {"hop": 3000})
    assert baseline.read(file, "3.14", "one compiler") == {"hop": 1000}
    assert baseline.read(file, "3.14", "another") is None
    assert baseline.read(file, "3.15", "one compiler") is None
    baseline.write(file, "3.14", "another", {"chain": 2000})
    assert baseline.read(file, "3.14", "another") == {"chain": 2000}
    assert baseline.read(file, "3.14t", "one compiler") == {"hop": 3000}


def test_what_cannot_be_compared_is_told_apart_from_what_is_slower(tmp_path):
    file = tmp_path / "record.json"
    file.write_text("{}", encoding="utf-8")
    done = ended("instructions.py", "--baseline", file)
    assert done.returncode == 3
    assert done.stdout.startswith("nothing on record for ")


def test_the_record_names_the_paths_that_the_stage_of_ci_counts(baseline):
    record = json.loads((FOLDER / "instructions.json").read_text("utf-8"))
    names = {"hop", "chain scheduled", "chain run"}
    assert record
    assert all(names <= entry["instructions"].keys() for entry in record.values())
    assert all(
        baseline.read(FOLDER / "instructions.json", name, entry["made by"])
        for name, entry in record.items()
    )
