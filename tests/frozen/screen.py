"""A virtual X screen of one's own, with eyes and a hand: real clicks and keys from outside.

The picture is read from the file that Xvfb keeps it in; the hand is xdotool. What is
started on `display` needs no permission, so a program inside a chroot can use it too.
"""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage


class Screen:
    """`with Screen(folder) as screen:`; the server ends with the block."""

    def __init__(self, folder: Path, size: str = "1600x1000") -> None:
        self._folder = folder
        self._size = size
        self.display = ""

    def __enter__(self) -> Self:
        words = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{self._size}x24", "-ac"]
        self._server = subprocess.Popen(
            [*words, "-fbdir", str(self._folder)],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        assert self._server.stdout is not None
        self.display = f":{self._server.stdout.readline().strip()}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.terminate()
        self._server.communicate()

    def picture(self) -> QImage:
        """What is on the screen now (an XWD file: its header's fields are big endian)."""
        data = (self._folder / "Xvfb_screen0").read_bytes()
        fields = struct.unpack_from(">25I", data)
        header, width, height, line, colours = (fields[at] for at in (0, 4, 5, 12, 19))
        begin = header + colours * 12
        pixels = data[begin : begin + line * height]
        return QImage(pixels, width, height, line, QImage.Format.Format_RGB32).copy()

    def click(self, spot: QPoint) -> None:
        self.hand("mousemove", str(spot.x()), str(spot.y()), "sleep", "0.2", "click", "1")

    def hand(self, *words: str) -> None:
        subprocess.run(["xdotool", *words], check=True, env=self.environment())

    def environment(self) -> dict[str, str]:
        """Of a program that shall show itself here."""
        return {**os.environ, "DISPLAY": self.display, "QT_QPA_PLATFORM": "xcb"}


def first_block(picture: QImage, colour: QColor, side: int = 24) -> QPoint | None:
    """Where a block of that colour, at least `side` wide, first begins; None without one."""
    wanted = colour.rgb()
    for y in range(0, picture.height()):
        run = 0
        for x in range(picture.width()):
            run = run + 1 if picture.pixel(x, y) == wanted else 0
            if run == side:
                return QPoint(x - side + 1, y)
    return None
