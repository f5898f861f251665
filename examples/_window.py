"""Shows the flock in a window; needs pyglet (the extra `boids`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pyglet

if TYPE_CHECKING:
    from bocpy.examples.boids import Simulation


def open_window(size: tuple[int, int]) -> Any:
    """Open a window of so many pixels; raises OSError if there is no place for it."""
    try:
        return pyglet.window.Window(*size, "boids")
    except Exception as error:  # each platform has its own, and nothing in common
        raise OSError(f"no window ({error})") from error


def show(flock: Simulation, window: Any, fps: int, scale: float = 1.0) -> None:
    """Run until the window is closed."""
    batch = pyglet.graphics.Batch()
    arrows = [
        pyglet.shapes.Triangle(8, 0, -5, 4, -5, -4, color=(240, 200, 90), batch=batch)
        for _ in range(flock.num_boids)
    ]
    for arrow in arrows:
        arrow.anchor_position = (8, 0)

    def update(_: float) -> None:
        flock.step(window.width / scale, window.height / scale)
        for arrow, (x, y, vx, vy) in zip(arrows, flock.boids(), strict=True):
            arrow.position = (x * scale, y * scale)
            arrow.rotation = -math.degrees(math.atan2(vy, vx))

    def on_draw() -> None:
        window.clear()
        batch.draw()

    window.push_handlers(on_draw=on_draw)
    pyglet.clock.schedule_interval(update, 1 / fps)
    pyglet.app.run()
