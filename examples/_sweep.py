"""What the benchmarks share: points in child processes, results as JSON and tables."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bocpy import _core
from bocpy.examples._progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Callable, Iterable

Inputs = dict[str, Any]
Record = dict[str, Any]


@dataclass(frozen=True)
class Program:
    """How one benchmark presents itself to the sweep."""

    name: str
    marker: str
    unit: str
    resolve: Callable[[Inputs], Inputs]
    seconds: Callable[[Inputs], tuple[float, float]]
    """Expected duration of one repeat, and when to give it up."""
    derived: tuple[str, ...]
    """Inputs that follow from others unless given."""

    def frame(self, record: Record) -> str:
        """Wrap the result of a child for its parent."""
        begin, end = (f"---BOCPY-{self.marker}-{edge}---" for edge in ("BEGIN", "END"))
        return f"{begin}\n{json.dumps(record)}\n{end}"

    def unframe(self, output: str) -> Record:
        """Find the result in what a child printed."""
        begin, end = (f"---BOCPY-{self.marker}-{edge}---" for edge in ("BEGIN", "END"))
        record: Record = json.loads(output.partition(begin)[2].partition(end)[0])
        return record


@dataclass
class Sweep:
    """The points to measure and where the results go."""

    program: Program
    axis: str
    values: list[Any]
    base: Inputs
    output: Path = Path("results.json")
    quiet: bool = False
    with_cores: bool = False
    keep_stats: bool = True

    def say(self, text: str) -> None:
        """Report progress, apart from the results."""
        if not self.quiet:
            over = "\r\033[K" if sys.stderr.isatty() else ""  # the bar of Progress
            print(over + text, file=sys.stderr, flush=True)

    def inputs_at(self, value: Any) -> Inputs:
        """Return the inputs of one point; raises ValueError if they do not fit."""
        inputs = dict(self.base)
        if self.axis == "payload":
            inputs["payload_rows"], inputs["payload_cols"] = value
        elif self.axis != "none":
            inputs[self.axis.replace("-", "_")] = value
        if self.axis in {"workers", "group-size"}:
            inputs.update(dict.fromkeys(self.program.derived))
        return self.program.resolve(inputs)

    def check(self) -> None:
        """Raise ValueError, naming the point, if one of them cannot be measured."""
        value = None
        try:
            for value in self.values:
                self.inputs_at(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{self.label(value)} is invalid: {error}") from None

    @staticmethod
    def load(path: Path) -> Record:
        """Read the results of an earlier run; raises ValueError if they are none."""
        try:
            document: Record = json.loads(path.read_text(encoding="utf-8"))
            document["points"], document["sweep"]["axis"]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise ValueError(f"no results in {path}: {error}") from None
        return document

    def label(self, value: Any) -> str:
        """Name one point."""
        if self.axis == "none":
            return "the point"
        return f"{self.axis}={shown(value)}"

    def run(self) -> Record:
        """Measure every point; what is there by then survives Ctrl-C.

        Raises OSError before the first one if there is no place for the results.
        """
        document: Record = {
            "schema_version": 1,
            "metadata": describe_run(with_cores=self.with_cores),
            "sweep": {"axis": self.axis, "values": self.values, "fixed": self.fixed()},
            "points": [],
        }
        self.save(document)
        points = [self.inputs_at(value) for value in self.values]
        repeats = self.base["repeats"]
        estimates = [self.program.seconds(point)[0] * repeats for point in points]
        whole = sum(estimates)
        self.say(f"{len(points)} points x {repeats} repeats, about {whole:.0f} s")
        progress, done = Progress(whole, quiet=self.quiet), 0.0
        try:
            for value, inputs, estimate in zip(
                self.values, points, estimates, strict=True
            ):
                label = self.label(value)
                with progress.ticking(done, estimate, label):
                    document["points"].append(self.measure(label, inputs))
                done += estimate
                self.save(document)
        except KeyboardInterrupt:
            document["metadata"]["interrupted"] = True
        document["metadata"]["finished_at"] = now()
        self.save(document)
        self.say(f"results: {self.output}")
        return document

    def fixed(self) -> Inputs:
        """Return the inputs that the axis does not change."""
        moving = self.axis == "workers" and self.with_cores
        return {k: v for k, v in self.base.items() if not (moving and k == "workers")}

    def measure(self, label: str, inputs: Inputs) -> Record:
        """Measure one point as often as asked for."""
        point: Record = {"inputs": inputs, "repeats": [], "error": None}
        for index in range(inputs["repeats"]):
            self.say(f"{label}, repeat {index + 1}/{inputs['repeats']} ...")
            try:
                record = self.run_child(inputs)
            except (subprocess.SubprocessError, ValueError) as error:
                point["error"] = describe_failure(error)
                self.say(f"  failed: {reason(point['error'])}")
                break
            if not self.keep_stats:
                record["scheduler_stats"] = record["queue_stats"] = None
            point["repeats"].append({"repeat_index": index, **record})
            self.say(f"  {record['throughput']:.1f} {self.program.unit}/s")
        return point | summarise([each["throughput"] for each in point["repeats"]])

    def run_child(self, inputs: Inputs) -> Record:
        """Measure once, in a process of its own."""
        module = f"bocpy.examples.{self.program.name}"
        command = [sys.executable, "-m", module, "--json-stdout"]
        command += ["--sweep-axis", "none", "--repeats", "1"]
        for key, value in inputs.items():
            option = "--" + key.replace("_", "-")
            if value is True:
                command.append(option)
            elif key != "repeats" and value is not False:
                command += [option, str(value)]
        environment = dict(os.environ)
        environment["BOCPY_BENCH_GIT_SHA"] = git_sha() or ""
        if self.keep_stats:
            environment["BOCPY_BENCH_EMIT_SCHED_STATS"] = "1"
        done = subprocess.run(  # noqa: S603  our own module
            command,
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            timeout=self.program.seconds(inputs)[1],
        )
        return self.program.unframe(done.stdout)

    def save(self, document: Record) -> None:
        """Write the results whole or not at all; raises OSError if it cannot."""
        draft = self.output.parent / f"{self.output.name}.part"
        try:
            self.output.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            draft.replace(self.output)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise OSError(f"no results in {self.output}: {error.strerror}") from error


def add_options(parser: ArgumentParser, axes: Iterable[str]) -> None:
    """Add the options that all benchmarks have, besides numbers."""
    add = parser.add_argument
    add("--sweep-axis", choices=list(axes), default="workers", help="what varies")
    text = "its values, with commas between; a payload is 16x16 (default: a few)"
    add("--sweep-values", metavar="V,V", help=text)
    text = "where the results go (default: results/, by machine and time)"
    add("--output", type=Path, metavar="FILE", help=text)
    add("--plot", type=Path, metavar="PICTURE", help="draw them, as PNG or SVG")
    add("--quiet", action="store_true", help="show no progress")
    add("--json-stdout", action="store_true", help=argparse.SUPPRESS)


def parse_values(axis: str, text: str) -> list[Any]:
    """Read the values of an axis; raises ValueError, naming the one that is none."""
    if axis == "none":
        raise ValueError("--sweep-values must be empty when --sweep-axis is 'none'")
    kind = "a payload, as 16x16 is" if axis == "payload" else "a whole number"
    values: list[Any] = []
    for token in text.split(","):
        try:
            if axis == "payload":
                rows, cols = token.split("x")
                values.append([int(rows), int(cols)])
            else:
                values.append(int(token))
        except ValueError:
            raise ValueError(f"--sweep-values: {token!r} is not {kind}") from None
    return values


def check_payload(inputs: Inputs) -> None:
    """Raise ValueError if the matrices cannot be multiplied with each other."""
    rows, cols = inputs["payload_rows"], inputs["payload_cols"]
    if rows != cols:
        raise ValueError(f"matrices of {rows}x{cols} cannot be multiplied: not square")


def shown(value: Any) -> str:
    """Write a value of an axis as `--sweep-values` has it."""
    if value is None:
        return "-"
    return "x".join(map(str, value)) if isinstance(value, list) else str(value)


def now() -> str:
    """Return the local time in the form the results use."""
    return time.strftime("%Y-%m-%dT%H:%M:%S")


def default_output(prefix: str) -> Path:
    """Name a result file after the machine and the time."""
    stamp = time.strftime("%Y%m%dT%H%M%S")
    return Path("results") / f"{prefix}-{socket.gethostname()}-{stamp}.json"


def git_sha() -> str | None:
    """Return the short commit of the sources, if there is one; asked for once."""
    known = os.environ.get("BOCPY_BENCH_GIT_SHA")
    git = shutil.which("git")
    if known is None and git is not None:
        command = [
            git,
            "-C",
            str(Path(__file__).parent),
            "rev-parse",
            "--short",
            "HEAD",
        ]
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(  # noqa: S603  a fixed command
                command, capture_output=True, text=True, check=True, timeout=10
            )
            known = done.stdout.strip()
        os.environ["BOCPY_BENCH_GIT_SHA"] = known or ""
    return known or None


def describe_run(*, with_cores: bool) -> Record:
    """Say on what and of what the results are."""
    about: Record = {
        "hostname": socket.gethostname(),
        "platform": sys.platform,
        "cpu_count": os.cpu_count(),
        "physical_cpu_count": _core.physical_cpu_count(),
        "python_version": platform.python_version(),
        "python_implementation": sys.implementation.name,
        "free_threaded": not getattr(sys, "_is_gil_enabled", lambda: True)(),
        "bocpy_version": metadata.version("bocpy"),
        "git_sha": git_sha(),
        "started_at": now(),
        "finished_at": None,
        "argv": list(sys.argv),
        "interrupted": False,
    }
    if not with_cores:
        del about["physical_cpu_count"]
    return about


def exit_code(document: Record) -> int:
    """Tell a shell how the sweep went: 130 is Ctrl-C, 1 a point without result."""
    if document["metadata"]["interrupted"]:
        return 130
    return int(any(point["error"] for point in document["points"]))


def describe_failure(error: Exception) -> Record:
    """Say why a child gave no result."""
    tail = getattr(error, "stderr", None) or ""
    text = tail.decode(errors="replace") if isinstance(tail, bytes) else tail
    return {"message": f"{type(error).__name__}: {error}", "stderr_tail": text[-2000:]}


def reason(failure: Record) -> str:
    """Give the line of a failure that tells most: the last that the child wrote."""
    told: list[str] = failure["stderr_tail"].strip().splitlines()
    message: str = failure["message"]
    return told[-1] if told and message.startswith("CalledProcessError") else message


def summarise(throughputs: list[float]) -> Record:
    """Condense the repeats of a point."""
    several = len(throughputs) > 1
    return {
        "throughput_mean": statistics.mean(throughputs) if throughputs else None,
        "throughput_stdev": statistics.stdev(throughputs) if several else None,
        "throughput_min": min(throughputs) if several else None,
        "throughput_max": max(throughputs) if several else None,
    }


def ratio(part: float, whole: float) -> float | None:
    """Divide, or say that there is nothing to divide by."""
    return part / whole if whole else None


def derive(stats: list[Record], completed: int, *producing: str) -> Record:
    """Condense the scheduler's counters; `producing` names what a producer counts."""

    def produced(worker: Record) -> int:
        return sum(worker[key] for key in producing)

    def total(key: str) -> int:
        return sum(worker[key] for worker in stats)

    top = max(stats, key=produced, default=None)
    known = top if top is not None and produced(top) else None
    retries = known["enqueue_cas_retries"] if known else 0
    record: Record = {
        "producer_worker_index": known["worker_index"] if known else None,
        "producer_pushed_local": known["pushed_local"] if known else 0,
        "producer_enqueue_cas_retries": retries,
        "enq_retry_ratio": ratio(retries, produced(known)) if known else None,
        "steal_yield": ratio(total("popped_via_steal"), completed),
        "idle_ratio": ratio(total("steal_failures"), total("steal_attempts")),
    }
    for key in producing[1:]:
        record[f"producer_{key}"] = known[key] if known else 0
    return record


def print_table(document: Record) -> None:
    """Print the points; when sweeping workers, also how they scale."""
    axis = document["sweep"]["axis"]
    scaling = ["speedup", "efficiency"] if axis == "workers" else []
    head = "point" if axis == "none" else axis
    rows = [[head, "throughput", "stdev", *scaling, "corrected"]]
    points = document["points"]
    measured = list(zip(document["sweep"]["values"], points, strict=False))
    means = ((value, point["throughput_mean"]) for value, point in measured)
    first_value, first = next((pair for pair in means if pair[1]), (None, None))
    for value, point in measured:
        label = shown(value)
        mean, spread = point["throughput_mean"], point["throughput_stdev"]
        if point["error"] or mean is None:
            rows.append([label, "ERROR", "-", *("-" for _ in scaling), "-"])
            continue
        row = [label, f"{mean:.1f}", "-" if spread is None else f"{spread:.1f}"]
        if scaling:
            gain = mean / first
            share = gain / (value / first_value)
            row += [f"{gain:.2f}x", f"{share:.0%}"]
        fair = [r["corrected_throughput"] for r in point["repeats"]]
        rows.append([*row, f"{statistics.mean(fair):.1f}"])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for index, row in enumerate(rows):
        cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
        print(" | ".join(cells))
        if index == 0:
            print("-+-".join("-" * width for width in widths))
