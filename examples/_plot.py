"""Draws the results of a sweep; needs matplotlib (the extra `plot`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def draw(document: dict[str, Any], picture: Path) -> bool:
    """Draw throughput over the axis; for workers, speed-up beside the ideal line."""
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  an optional extra
    except ImportError:
        print('no picture: pip install "bocpy[plot]"', file=sys.stderr)
        return False
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
    figure.savefig(picture)
    return True
