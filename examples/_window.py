"""Shows the flock in a window; needs pyglet (the extra `boids`)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pyglet

if TYPE_CHECKING:
    from bocpy.examples.boids import Simulation


def show(
    flock: Simulation, width: int, height: int, fps: int, scale: float = 1.0
) -> None:
    """Run until the window is closed."""
    window = pyglet.window.Window(round(width * scale), round(height * scale), "boids")
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
