"""A flock: every cell of a grid is a behavior over its own boids and its neighbours'.

Cells that share no neighbour move at the same time; nobody locks anything. Watch it in
a window (`pip install "bocpy[boids]"`) or write a film with `--mode video`: through
ffmpeg, or as one PNG for each frame if the output ends in `.png`.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from bocpy import TIMEOUT, Cown, Matrix, receive, send, start, wait, when
from bocpy.examples._film import Film, Picture
from bocpy.examples._options import CommandLine, positive, refusing
from bocpy.examples._progress import Progress

if TYPE_CHECKING:
    from argparse import Namespace

Cell = tuple[int, int]
Row = tuple[float, float, float, float]
"""One boid: where it is and where it is going."""

SIGHT, CROWD, PATIENCE = 40.0, 12.0, 60.0
SLOWEST, FASTEST, MARGIN = 2.0, 6.0, 60.0


def rows_of(spots: Matrix, moves: Matrix) -> list[Row]:
    """Take the boids of one cell out of its matrices."""
    return [
        (spots[i, 0], spots[i, 1], moves[i, 0], moves[i, 1]) for i in range(spots.rows)
    ]


def steer(boid: Row, near: list[Row], width: float, height: float) -> Row:
    """Move one boid: keep together, fly alike, keep apart, stay inside."""
    x, y, vx, vy = boid
    seen = [o for o in near if o is not boid and math.dist(o[:2], (x, y)) < SIGHT]
    if seen:
        count = len(seen)
        vx += 0.005 * (sum(o[0] for o in seen) / count - x)
        vy += 0.005 * (sum(o[1] for o in seen) / count - y)
        vx += 0.05 * (sum(o[2] for o in seen) / count - vx)
        vy += 0.05 * (sum(o[3] for o in seen) / count - vy)
        close = [o for o in seen if math.dist(o[:2], (x, y)) < CROWD]
        vx += 0.05 * sum(x - o[0] for o in close)
        vy += 0.05 * sum(y - o[1] for o in close)
    vx += 0.3 * ((x < MARGIN) - (x > width - MARGIN))
    vy += 0.3 * ((y < MARGIN) - (y > height - MARGIN))
    speed = math.hypot(vx, vy) or 1.0
    wanted = min(max(speed, SLOWEST), FASTEST) / speed
    vx, vy = vx * wanted, vy * wanted
    return (x + vx, y + vy, vx, vy)


def move_cell(
    members: list[int],
    spots: list[Cown[Matrix]],
    moves: list[Cown[Matrix]],
    area: tuple[float, float],
) -> None:
    """Schedule one cell, the first of the lists; the others are its neighbours."""

    @when(spots, moves)
    def _(spots: list[Cown[Matrix]], moves: list[Cown[Matrix]]) -> None:
        cells = [rows_of(s.value, m.value) for s, m in zip(spots, moves, strict=True)]
        near = [boid for cell in cells for boid in cell]
        send("update", (members, [steer(boid, near, *area) for boid in cells[0]]))


class Simulation:
    """A flock in a rectangle; `positions` and `velocities` have a row for each boid."""

    def __init__(
        self, num_boids: int, width: float, height: float, spacing: float = 50
    ) -> None:
        """Scatter the boids; `spacing` is the width of a cell of the grid."""
        self.num_boids = num_boids
        self.spacing = spacing
        self.num_behaviors: int = 0
        self.positions: Matrix = Matrix(num_boids, 2)
        self.velocities: Matrix = Matrix(num_boids, 2)
        for i in range(num_boids):
            angle = random.uniform(0, 2 * math.pi)
            heading = (FASTEST * math.cos(angle), FASTEST * math.sin(angle))
            self.place(
                i, (random.uniform(0, width), random.uniform(0, height), *heading)
            )

    def place(self, index: int, boid: Row) -> None:
        """Set one boid."""
        self.positions[index, 0], self.positions[index, 1] = boid[:2]
        self.velocities[index, 0], self.velocities[index, 1] = boid[2:]

    def boids(self) -> list[Row]:
        """Return all boids."""
        return rows_of(self.positions, self.velocities)

    def step(self, width: float, height: float) -> None:
        """Move every boid once: one behavior for each cell that is not empty."""
        boids = self.boids()
        members: dict[Cell, list[int]] = defaultdict(list)
        for index, (x, y, _, _) in enumerate(boids):
            members[int(x // self.spacing), int(y // self.spacing)].append(index)
        spots, moves = {}, {}
        for cell, indices in members.items():
            flat = [boids[i] for i in indices]
            spots[cell] = Cown(Matrix(len(flat), 2, [n for b in flat for n in b[:2]]))
            moves[cell] = Cown(Matrix(len(flat), 2, [n for b in flat for n in b[2:]]))
        for (column, row), indices in members.items():
            block = [(column + dx, row + dy) for dx in (0, -1, 1) for dy in (0, -1, 1)]
            near = [cell for cell in block if cell in spots]
            moving = [moves[cell] for cell in near]
            move_cell(indices, [spots[c] for c in near], moving, (width, height))
        self.num_behaviors += len(members)
        for _ in members:
            tag, update = receive("update", PATIENCE)
            if tag == TIMEOUT:
                raise RuntimeError("a cell of the grid did not answer")
            for index, boid in zip(*update, strict=True):
                self.place(index, boid)


def size_of(options: Namespace) -> tuple[int, int]:
    """Return the pixels of a picture."""
    return round(options.width * options.scale), round(options.height * options.scale)


def record(flock: Simulation, options: Namespace) -> None:
    """Write a film and say how fast the behaviors ran; raises OSError if it cannot."""
    size = size_of(options)
    frames = max(1, round(options.duration * options.fps))
    began, done = time.perf_counter(), flock.num_behaviors
    with Film(options.output, size, options.fps) as film:
        progress = Progress(frames)
        for frame in range(frames):
            progress.show(frame, f"frame {frame + 1} of {frames}")
            flock.step(options.width, options.height)
            picture = Picture(*size)
            for x, y, vx, vy in flock.boids():
                picture.arrow(x * options.scale, y * options.scale, vx, vy)
            film.add(picture)
        progress.clear()
    rate = (flock.num_behaviors - done) / (time.perf_counter() - began)
    print(f"average behavior rate: {rate:.0f}/s")
    print(f"frames written: {frames} ({film.written()})")


def parse_options() -> Namespace:
    """Read the command line."""
    parser = CommandLine(__doc__)
    parser.count("--boids -b", 1, 300, "how many")
    parser.count("--width", 1, 1200, "of the rectangle they fly in")
    parser.count("--height", 1, 800, "of the rectangle they fly in")
    add = parser.add_argument
    add("--scale", type=positive, default=1.0, help="pixels for each of these")
    parser.count("--fps", 1, 30, "frames a second")
    parser.count("--workers", 1, None, "how many (default: bocpy.WORKER_COUNT)")
    modes = ["window", "video"]
    add("--mode", choices=modes, default="window", help="where to show them")
    add("--duration", type=positive, default=30.0, help="seconds of a video")
    text = "file of a video; NAME.png for numbered pictures"
    add("--output", "-o", type=Path, default=Path("boids.mp4"), help=text)
    options: Namespace = parser.read()
    if 0 in size_of(options):
        parser.error("--scale leaves {}x{} pixels".format(*size_of(options)))
    return options


def main() -> None:
    """Show or record a flock."""
    options = parse_options()
    if options.mode == "window":
        try:
            from bocpy.examples import _window  # noqa: PLC0415  needs pyglet

            window = _window.open_window(size_of(options))
        except ImportError as error:
            sys.exit(f'{error}: pip install "bocpy[boids]", or use --mode video')
        except OSError as error:
            sys.exit(f"{error}: use --mode video")
    start(worker_count=options.workers)
    try:
        flock = Simulation(options.boids, options.width, options.height)
        if options.mode == "video":
            with refusing("boids", OSError):
                record(flock, options)
        else:
            _window.show(flock, window, options.fps, options.scale)
    finally:
        wait()


if __name__ == "__main__":
    main()
