"""The benchmarks refuse what cannot be measured, say what failed, and draw."""

from __future__ import annotations

import json
import re

import pytest

from bocpy.examples import _sweep
from programs import run_command, run_program

QUICK = {
    "benchmark": ["--duration", "0.1", "--warmup", "0", "--null-payload"],
    "fanout_benchmark": ["--producer-steps", "1"],
}
ONE = ["--sweep-axis", "none"]


def run(name, *arguments, **environment):
    return run_command("-m", f"bocpy.examples.{name}", *arguments, **environment)


def refusal(name, *arguments):
    """Run a benchmark that measures nothing; give the one line that says why."""
    ended = run(name, *arguments)
    assert ended.code == 2
    assert ended.out == ""
    return [line for line in ended.err.splitlines() if "warning" not in line]


@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        ("benchmark", "--sweep-axis payload --sweep-values 4x4,5x6", "payload=5x6"),
        ("benchmark", "--sweep-axis none --payload-cols 5", "the point"),
        ("fanout_benchmark", "--sweep-axis none --payload-rows 5", "the point"),
    ],
)
def test_matrices_that_cannot_be_multiplied_are_refused(name, line, complaint):
    [told] = refusal(name, *line.split())
    assert told.startswith(f"{name}: {complaint} is invalid: matrices of ")
    assert told.endswith(" cannot be multiplied: not square")


@pytest.mark.slow
def test_matrices_that_nobody_multiplies_have_any_shape(tmp_path):
    shape = ["--payload-rows", "2", "--payload-cols", "3"]
    output = ["--output", str(tmp_path / "results.json")]
    assert run("benchmark", *ONE, *QUICK["benchmark"], *shape, *output).code == 0


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("--sweep-axis payload --sweep-values=4", "'4' is not a payload, as 16x16 is"),
        ("--sweep-axis payload --sweep-values=axb", "'axb' is not a payload"),
        ("--sweep-values=1,,2", "'' is not a whole number"),
        ("--sweep-values=", "'' is not a whole number"),
    ],
)
def test_a_value_that_is_none_is_named_with_its_option(line, complaint):
    [told] = refusal("benchmark", *line.split())
    assert told.startswith(f"benchmark: --sweep-values: {complaint}")


NO_BEHAVIOR = """
from bocpy.examples import benchmark

if __name__ == "__main__":
    options = benchmark.parser().parse_args()
    options.payload_cols = 5
    options.rings = options.chains_per_ring = 1
    options.duration, options.warmup = 0.1, 0
    benchmark.measure(vars(options))
"""


def test_a_run_in_which_every_body_failed_is_an_error(tmp_path):
    ended = run_program(NO_BEHAVIOR, tmp_path)
    assert ended.code == 1
    assert ended.err.splitlines()[-1] == "RuntimeError: no behavior was completed"


@pytest.mark.parametrize("name", QUICK)
def test_a_failed_point_says_what_its_process_said_last(name, tmp_path):
    output = ["--output", str(tmp_path / "results.json")]
    ended = run(name, *ONE, *QUICK[name], *output, BOCPY_BACKEND="bogus")
    assert ended.code == 1
    [told] = re.findall(r"^  failed: (.*)$", ended.err, re.MULTILINE)
    assert told.startswith("ValueError: unknown backend 'bogus'")


@pytest.mark.parametrize("option", ["--output", "--plot"])
@pytest.mark.parametrize("name", QUICK)
def test_a_file_that_cannot_be_written_is_told_before_the_sweep(name, option, tmp_path):
    if option == "--plot":
        pytest.importorskip("matplotlib")
    (tmp_path / "plain").touch()
    endless = ["--duration", "1000"] if name == "benchmark" else []
    place = str(tmp_path / "plain/file.svg")
    [told] = refusal(name, *ONE, *endless, option, place)
    assert told.startswith(f"{name}: ")
    assert "plain" in told
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_results_do_not_take_the_place_of_a_folder(tmp_path):
    (tmp_path / "results").mkdir()
    [told] = refusal("benchmark", *ONE, "--output", str(tmp_path / "results"))
    assert told.startswith("benchmark: no results in ")
    assert [path.name for path in tmp_path.iterdir()] == ["results"]


def document(axis, values, means):
    """Make results as a sweep would, as far as tables and pictures show them."""
    return {
        "metadata": {"bocpy_version": "1.2.3", "python_version": "3.4.5"},
        "sweep": {"axis": axis, "values": values},
        "points": [
            {
                "throughput_mean": mean,
                "throughput_stdev": None,
                "error": None if mean else {"message": "lost", "stderr_tail": ""},
                "repeats": [{"corrected_throughput": mean}],
            }
            for mean in means
        ],
    }


@pytest.mark.parametrize(
    ("axis", "values", "head", "labels"),
    [
        ("payload", [[4, 4], [16, 16]], "payload", ["4x4", "16x16"]),
        ("none", [None], "point", ["-"]),
        ("workers", [1, 2], "workers", ["1", "2"]),
    ],
)
def test_a_table_names_its_points_as_the_command_line_does(
    axis, values, head, labels, capsys
):
    _sweep.print_table(document(axis, values, [5.0] * len(values)))
    header, _, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[0] == head
    assert [row.split()[0] for row in rows] == labels


MAGIC = {"plot.png": b"\x89PNG", "PLOT.PNG": b"\x89PNG", "plot.svg": b"<?xml"}


@pytest.mark.parametrize("name", MAGIC)
def test_a_picture_is_drawn_in_the_format_of_its_name(name, tmp_path):
    pytest.importorskip("matplotlib")
    from bocpy.examples import _plot  # noqa: PLC0415 -- once there is matplotlib

    picture = tmp_path / "new" / name
    _plot.check_plot(picture)
    _plot.draw(document("workers", [1, 2], [5.0, 9.0]), picture)
    assert picture.read_bytes().startswith(MAGIC[name])


@pytest.mark.parametrize(
    ("axis", "values", "labels", "ordinate"),
    [
        ("workers", [1, 2, 4], ["1", "2", "4"], "speed-up"),
        ("payload", [[4, 4], [8, 8], [9, 9]], ["4x4", "8x8"], "throughput per second"),
        ("none", [None], ["-"], "throughput per second"),
    ],
)
def test_a_picture_says_what_it_shows_of_what(axis, values, labels, ordinate):
    pytest.importorskip("matplotlib")
    from bocpy.examples import _plot  # noqa: PLC0415 -- once there is matplotlib

    means = [5.0, 9.0, 17.0] if axis == "workers" else [5.0, 9.0, None][: len(values)]
    [axes] = _plot.figure_of(document(axis, values, means)).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == labels
    assert axes.get_ylabel() == ordinate
    assert axes.get_title() == f"{ordinate}, bocpy 1.2.3, Python 3.4.5"


def test_a_picture_of_no_known_kind_is_refused(tmp_path):
    pytest.importorskip("matplotlib")
    [told] = refusal("benchmark", "--plot", str(tmp_path / "plot.doc"))
    assert told.endswith("plot.doc is no picture, such as a PNG or an SVG")


@pytest.mark.slow
def test_a_sweep_draws_what_it_measured(tmp_path):
    pytest.importorskip("matplotlib")
    output, picture = tmp_path / "results.json", tmp_path / "plot.svg"
    files = ["--output", str(output), "--plot", str(picture)]
    ended = run("benchmark", *QUICK["benchmark"], "--sweep-values", "1", *files)
    assert ended.code == 0, ended.err
    assert json.loads(output.read_text(encoding="utf-8"))["points"]
    assert "<svg" in picture.read_text(encoding="utf-8")
