"""Every panel and state of the window as pictures, for people to judge."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SCALES = ("1", "1.5", "2")
SIZES = ("1280x720", "1440x900", "2560x1440")
LIGHT_STATES = (
    *("busy", "stop", "exits", "error", "disconnected", "locked", "kill", "plan"),
    *("unprotected", "strategies"),
)
TABS = ("positions", "orders", "plans", "history", "fills", "balances", "alerts", "log")


def take_gallery(folder: Path) -> None:
    """One process a scale: Qt reads it when the application is made."""
    for scale in SCALES:
        subprocess.run(
            [sys.executable, "-m", "tests.pictures.gallery", str(folder)],
            check=True,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": scale},
        )


def _main(folder: Path) -> None:
    # with Qt in it: only the process that paints needs it
    from PySide6.QtCore import QEvent, QSize
    from PySide6.QtGui import QPainter
    from PySide6.QtWidgets import QApplication, QDockWidget, QWidget

    from desktop.theme.apply_theme import Look, apply_theme
    from tests.pictures.desk_panels import DESK, DRESSED, tray_messages
    from tests.pictures.states import PANELS, STATES, open_window, show_tab

    folder.mkdir(parents=True, exist_ok=True)
    app = QApplication(sys.argv[:1])
    apply_theme(app)
    percent = round(100 * float(os.environ["QT_SCALE_FACTOR"]))

    def shoot(name: str, size: str, prepare: Callable[[object], None]) -> None:
        window = open_window(has_hints=name.endswith("first-trade"))
        window.resize(QSize(*map(int, size.split("x"))))
        prepare(window)
        for _ in range(3):
            app.processEvents()
        window.toasts._give_way()  # as they do a moment later
        picture = window.grab()
        opened = [w for w in window.findChildren(QWidget) if w.isWindow() and w.isVisible()]
        for one in opened:
            if one.inherits("QTipLabel"):
                painter = QPainter(picture)
                painter.drawPixmap(window.mapFromGlobal(one.pos()), one.grab())
                painter.end()
            else:
                kind = "floating" if isinstance(one, QDockWidget) else "dialog"
                one.grab().save(str(folder / f"{name}-{kind}-{percent}.png"))
            one.close()
        picture.save(str(folder / f"{name}-{size}-{percent}.png"))
        window.keep_choices()
        window.deleteLater()
        # now: each new dress is put on every window that there is
        app.sendPostedEvents(window, QEvent.Type.DeferredDelete)

    for size in SIZES:
        shoot("busy", size, STATES["busy"])
    shoot("exits", SIZES[0], STATES["exits"])
    if percent != 100:
        return
    messages = "\n".join(tray_messages(open_window()))
    (folder / "tray.txt").write_text(messages, encoding="utf-8")
    for name, prepare in STATES.items():
        shoot(name, SIZES[0], prepare)
        shoot(name, SIZES[1], prepare)
    for tab in TABS:
        shoot(f"tab-{tab}", SIZES[0], lambda window, tab=tab: show_tab(window, tab))
    for name, prepare in (PANELS | DESK | DRESSED).items():
        apply_theme(app)
        shoot(name, SIZES[1], prepare)
    apply_theme(app, Look(theme="light"))
    for name in LIGHT_STATES:
        shoot(f"light-{name}", SIZES[1], STATES[name])
    for tab in TABS:
        shoot(f"light-tab-{tab}", SIZES[0], lambda window, tab=tab: show_tab(window, tab))
    for name, prepare in (PANELS | DESK).items():
        shoot(f"light-{name}", SIZES[1], prepare)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
