"""Draws the results of a sweep; needs matplotlib (the extra `plot`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def check_plot(picture: Path | None) -> None:
    """Raise ValueError if that picture is wanted and cannot be drawn."""
    if picture is None:
        return
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra
    except ImportError:
        raise ValueError('no --plot: pip install "bocpy[plot]"') from None
    if picture.suffix[1:] not in Figure().canvas.get_supported_filetypes():
        raise ValueError(f"no --plot: {picture} is no picture, such as a PNG or an SVG")


def draw(document: dict[str, Any], picture: Path) -> None:
    """Draw throughput over the axis; for workers, speed-up beside the ideal line."""
    from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra

    axis = document["sweep"]["axis"]
    pairs = [
        (value, point["throughput_mean"])
        for value, point in zip(
            document["sweep"]["values"], document["points"], strict=False
        )
        if point["throughput_mean"]
    ]
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    labels = [value for value, _ in pairs]
    if axis == "workers" and pairs:
        first_value, first = pairs[0]
        ideal = [value / first_value for value in labels]
        axes.plot(labels, ideal, "--", color="gray", label="ideal")
        axes.plot(labels, [mean / first for _, mean in pairs], "o-", label="measured")
        axes.set_ylabel("speed-up")
        axes.legend()
    else:
        axes.plot([str(label) for label in labels], [m for _, m in pairs], "o-")
        axes.set_ylabel("throughput per second")
    axes.set_xlabel(axis)
    axes.set_ylim(bottom=0)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture)
