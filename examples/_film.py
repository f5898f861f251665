"""Pictures without a window: RGBA frames to ffmpeg, or to numbered PNG files."""

from __future__ import annotations

import contextlib
import math
import shutil
import struct
import subprocess
import sys
import zlib
from typing import IO, TYPE_CHECKING

from bocpy.examples._pipes import other_pipe

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from typing_extensions import Self

INK, PAPER = bytes((240, 200, 90, 255)), bytes((18, 24, 38, 255))


class Picture:
    """A rectangle of pixels."""

    def __init__(self, width: int, height: int) -> None:
        """Start empty."""
        self.width, self.height = width, height
        self.pixels = bytearray(PAPER * (width * height))

    def dot(self, x: float, y: float, size: int) -> None:
        """Fill a small square around a place, as far as it is inside."""
        left, right = max(0, round(x) - size), min(self.width, round(x) + size + 1)
        for row in range(
            max(0, round(y) - size), min(self.height, round(y) + size + 1)
        ):
            if left < right:
                begin, end = (
                    4 * (row * self.width + left),
                    4 * (row * self.width + right),
                )
                self.pixels[begin:end] = INK * (right - left)

    def arrow(self, x: float, y: float, dx: float, dy: float) -> None:
        """Draw a head at a place and a tail where it came from."""
        length = math.hypot(dx, dy) or 1.0
        self.dot(x, y, 2)
        for back in (3, 5, 7):
            self.dot(x - back * dx / length, y - back * dy / length, 0)

    def png(self) -> bytes:
        """Encode the picture."""
        stride = 4 * self.width
        rows = (self.pixels[i : i + stride] for i in range(0, len(self.pixels), stride))
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 6, 0, 0, 0)
        parts = [(b"IHDR", header), (b"IEND", b"")]
        parts.insert(1, (b"IDAT", zlib.compress(b"".join(b"\0" + row for row in rows))))
        chunks = (
            struct.pack(">I", len(data))
            + name
            + data
            + struct.pack(">I", zlib.crc32(name + data))
            for name, data in parts
        )
        return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class Film:
    """Frames on their way to a file; `with` finishes it."""

    def __init__(self, output: Path, size: tuple[int, int], fps: int) -> None:
        """Open `output`: numbered pictures for `.png`, a video otherwise.

        Raises OSError if that is no place to write to.
        """
        self.output = output
        self.count = 0
        self.encoder: subprocess.Popen[bytes] | None = None
        film = output.suffix.lower() != ".png"
        tool = shutil.which("ffmpeg")
        if film and tool is None:
            sys.exit("no ffmpeg here: use --output NAME.png")
        output.parent.mkdir(parents=True, exist_ok=True)
        if film and tool is not None:
            output.open("ab").close()
            source = ["-f", "rawvideo", "-pix_fmt", "rgba", "-r", str(fps)]
            source += ["-s", "{}x{}".format(*size), "-i", "-"]
            target = ["-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"]
            command = [tool, "-y", "-loglevel", "error", *source, *target, str(output)]
            self.encoder = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603

    def add(self, picture: Picture) -> None:
        """Append one frame."""
        self.count += 1
        if self.encoder is None:
            self.picture(self.count).write_bytes(picture.png())
        else:
            with other_pipe():
                self.pipe(self.encoder).write(picture.pixels)

    def picture(self, number: int) -> Path:
        """Name the file of one frame."""
        return self.output.with_name(f"{self.output.stem}-{number:05}.png")

    def written(self) -> str:
        """Name what there is on the disk."""
        if self.encoder is not None:
            return str(self.output)
        first, last = self.picture(1), self.picture(self.count)
        return str(first) if first == last else f"{first} to {last.name}"

    @staticmethod
    def pipe(encoder: subprocess.Popen[bytes]) -> IO[bytes]:
        """Return where the encoder reads."""
        if encoder.stdin is None:
            raise RuntimeError("the encoder does not listen")
        return encoder.stdin

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for the encoder; raises ChildProcessError if it failed."""
        if self.encoder is None:
            return
        with other_pipe(), contextlib.suppress(BrokenPipeError):
            self.pipe(self.encoder).close()
        told = error is not None and not isinstance(error, BrokenPipeError)
        if self.encoder.wait(60) != 0 and not told:
            raise ChildProcessError("ffmpeg failed") from error
