"""`python -m tests.frozen.hand [--wine FOLDER]`: a first trade with the packaged program, by
the mouse and the keyboard of a screen, as a person's come: through the system, not through Qt.

It opens on a virtual screen, a market order is typed and clicked, the fill must be in the
journal, and told to close the program must end well. With `--wine` it is the Windows package
that stands in the `win/dist` folder of a wine set-up. The places to click come from the same
window made here.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from PySide6.QtCore import QPoint, QSize
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QTabBar, QWidget

from desktop.theme.apply_theme import apply_theme
from desktop.theme.colours import DARK
from tests.frozen.screen import Screen, first_block
from tests.pictures.states import STATES, open_window

ROOT = Path(__file__).resolve().parents[2]
T = TypeVar("T")
SIZE = QSize(1440, 900)
_PATIENCE_S = 60.0
_LOOK_S = 0.25


class Package:
    """The two programs, and how a path is called inside: under wine a drive comes before it."""

    def __init__(self, wine: Path | None) -> None:
        self._root = wine / "root" if wine else None
        self._start = [str(wine / "wrun")] if wine else []
        self._suffix = ".exe" if wine else ""
        self._place = wine / "root" / "win" if wine else ROOT
        # where it can write in both worlds; a person's folder may have a space in its name
        self.folder = wine / "root" / "win" if wine else Path(tempfile.gettempdir())

    def words(self, name: str, *more: str) -> list[str]:
        program = self._place / "dist" / "perpdesk" / f"{name}{self._suffix}"
        return [*self._start, self.inside(program), *more]

    def close(self, program: subprocess.Popen[bytes]) -> None:
        """As the system asks a program to close: its window on Windows, the process elsewhere."""
        if self._root is None:
            program.terminate()
        else:
            subprocess.run([*self._start, "taskkill", "/im", "perpdesk.exe"], check=True)

    def inside(self, path: Path) -> str:
        if self._root is None:
            return str(path)
        return "Z:\\" + "\\".join(path.relative_to(self._root).parts)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.frozen.hand", description=__doc__)
    parser.add_argument("--wine", type=Path, metavar="FOLDER", help="the wine set-up's folder")
    parser.add_argument(
        "--picture", type=Path, metavar="FILE.png", help="the screen, before or as it failed"
    )
    given = parser.parse_args()
    package = Package(given.wine)
    with tempfile.TemporaryDirectory(
        prefix="hand of ", dir=package.folder, ignore_cleanup_errors=True
    ) as made:
        folder = Path(made)
        with Screen(folder) as screen:
            trade(package, screen, folder / "data of mine", given.picture)
    return 0


def trade(package: Package, screen: Screen, data: Path, picture: Path | None) -> None:
    """Market, a quantity, BUY; then the program is told to close."""
    places = places_of("orderTicket.type", "orderTicket.quantity", "orderTicket.side.buy")
    size = f"{SIZE.width()}x{SIZE.height()}"
    words = package.words("perpdesk", "--user-data", package.inside(data), "--size", size)
    program = subprocess.Popen(words, env=screen.environment())
    try:
        origin = until(
            "the window is painted", lambda: first_block(screen.picture(), QColor(DARK.KILL))
        )
        say("ok the window is painted")
        screen.click(origin + places["orderTicket.type"])
        screen.click(origin + places["orderTicket.quantity"])
        screen.hand("key", "--delay", "60", *("0", "period", "0", "1"))  # wine hears no `type`
        buy = origin + places["orderTicket.side.buy"] - QPoint(60, 0)  # beside its words
        wanted = QColor(DARK.BUY_BUTTON).rgb()
        until("BUY can be pressed", lambda: screen.picture().pixel(buy) == wanted)
        say("ok BUY can be pressed")
        screen.click(buy)
        until("the fill", lambda: fills(package, data) == 1)
        say("ok the fill is in the journal")
        if picture is not None:
            screen.picture().save(str(picture))
            picture = None
        package.close(program)
        code = program.wait(_PATIENCE_S)
        if code != 0:
            raise SystemExit(f"the program ended with code {code} when it was told to close")
        say("ok told to close, the program ends")
    finally:
        if picture is not None:
            screen.picture().save(str(picture))
        program.kill()
        program.wait()


def places_of(*names: str) -> dict[str, QPoint]:
    """Where the middles of these widgets are, seen from the KILL button's corner.

    Of the row of order types it is the second one, Market.
    """
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    app = cast("QApplication", QApplication.instance() or QApplication(["hand"]))
    apply_theme(app)
    window = open_window()
    window.resize(SIZE)
    STATES["market"](window)
    for _ in range(3):
        app.processEvents()
    corner_here = first_block(window.grab().toImage(), QColor(DARK.KILL))
    assert corner_here is not None
    found = {}
    for name in names:
        widget = window.findChild(QWidget, name)
        assert widget is not None, name
        middle = (
            widget.tabRect(1).center() if isinstance(widget, QTabBar) else widget.rect().center()
        )
        found[name] = widget.mapTo(window, middle) - corner_here
    window.keep_choices()
    window.deleteLater()
    return found


def fills(package: Package, data: Path) -> int:
    """As many as the packaged console finds in the journal; 0 before there is one."""
    csv = data.parent / "fills.csv"
    words = package.words("perpdesk-cli", "export", "fills", package.inside(csv))
    done = subprocess.run(
        [*words, "--user-data", package.inside(data)],
        check=False, capture_output=True, timeout=_PATIENCE_S,
    )  # fmt: skip
    return int(done.stdout.split()[0]) if done.returncode == 0 else 0


def until(what: str, look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it is something."""
    end_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end_s:
        found = look()
        if found:
            return found
        time.sleep(_LOOK_S)
    raise SystemExit(f"not seen on the screen within {_PATIENCE_S:.0f} s: {what}")


def say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    sys.exit(main())
