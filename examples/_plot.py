"""Draws the results of a sweep; needs matplotlib (the extra `plot`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bocpy.examples._sweep import shown

if TYPE_CHECKING:
    from pathlib import Path


def check_plot(picture: Path | None) -> None:
    """Raise ValueError or OSError if that picture is wanted and cannot be drawn."""
    if picture is None:
        return
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra
    except ImportError:
        raise ValueError('no --plot: pip install "bocpy[plot]"') from None
    if kind_of(picture) not in Figure().canvas.get_supported_filetypes():
        raise ValueError(f"no --plot: {picture} is no picture, such as a PNG or an SVG")
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.open("ab").close()


def kind_of(picture: Path) -> str:
    """Tell the format that the name of a picture asks for."""
    return picture.suffix[1:].lower()


def figure_of(document: dict[str, Any]) -> Any:
    """Draw throughput over the axis; for workers, speed-up beside the ideal line."""
    from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra

    axis, about = document["sweep"]["axis"], document["metadata"]
    pairs = [
        (value, point["throughput_mean"])
        for value, point in zip(
            document["sweep"]["values"], document["points"], strict=False
        )
        if point["throughput_mean"]
    ]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    values, means = [value for value, _ in pairs], [mean for _, mean in pairs]
    if axis == "workers" and pairs:
        ideal = [value / values[0] for value in values]
        axes.plot(values, ideal, "--", color="gray", label="ideal")
        axes.plot(values, [mean / means[0] for mean in means], "o-", label="measured")
        axes.set_xticks(values)
        axes.set_ylabel("speed-up")
        axes.legend()
    else:
        axes.plot([shown(value) for value in values], means, "o-")
        axes.set_ylabel("throughput per second")
    axes.set_xlabel("" if axis == "none" else axis)
    axes.set_ylim(bottom=0)
    of = f"bocpy {about['bocpy_version']}, Python {about['python_version']}"
    axes.set_title(f"{axes.get_ylabel()}, {of}")
    return figure


def draw(document: dict[str, Any], picture: Path) -> None:
    """Draw the results into a file, in the format of its name."""
    figure_of(document).savefig(picture, format=kind_of(picture))
