"""Pictures of the filled window, for people to judge: python -m tests.gui.picture FOLDER

`QT_SCALE_FACTOR=2` before it gives the double size.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from desktop.theme.apply_theme import apply_theme
from engine.protection_commands import Kill
from engine.trading_types import AlertLevel, EnvironmentKind, StreamState
from tests.gui import scene

_SIZES = (QSize(1280, 720), QSize(1440, 900), QSize(1920, 1080))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", type=EnvironmentKind, default=EnvironmentKind.PAPER)
    parser.add_argument("--tab", type=int, default=1)
    parser.add_argument("--stale", action="store_true")
    parser.add_argument("--toasts", action="store_true")
    parser.add_argument("--empty", action="store_true")
    parser.add_argument("--ticket", choices=("limit", "market", "stop", "exits"), default="limit")
    parser.add_argument("--alarms", action="store_true")
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    apply_theme(app)
    window = MainWindow(
        environment=options.kind.value,
        kind=options.kind,
        symbol="BTCUSDT",
        submit=lambda _command: None,
        now_ms=lambda: scene.NOW_MS,
    )
    window.show()
    if not options.empty:
        _fill(window, options)
    for size in _SIZES:
        window.resize(size)
        app.processEvents()
        name = f"{size.width()}x{size.height()}{'-stale' if options.stale else ''}.png"
        options.folder.mkdir(parents=True, exist_ok=True)
        window.grab().save(str(options.folder / name))
    return 0


def _fill(window: MainWindow, options: argparse.Namespace) -> None:
    window.set_instruments(scene.INSTRUMENTS)
    window.handle_events(scene.everything())
    window.account.blotter.setCurrentIndex(options.tab)
    window.market.ticket.price.setText("64246.0")
    window.market.ticket.quantity.setText("0.120")
    _fill_ticket(window, options.ticket)
    if options.alarms:
        window.handle_events(scene.alarms())
        window.submit(Kill())
    if options.stale:
        window.handle_events(scene.streams(StreamState.STALE))
    if options.toasts:
        window.toasts.show("Bought 0.120 BTC at 64,246.0", icon_name="fill", colour="#27b887")
        window.toasts.show(
            "Price must be a multiple of 0.1 - use 64,250.1?",
            AlertLevel.WARNING,
            action="Use 64,250.1",
        )
        window.toasts.show("The private stream is silent; reconnecting.", AlertLevel.ERROR)
        window.market.ticket.price.setText("64250.13")


def _fill_ticket(window: MainWindow, kind: str) -> None:
    ticket = window.market.ticket
    if kind == "market":
        ticket.type.setCurrentIndex(1)
    if kind == "stop":
        ticket.type.setCurrentIndex(2)
        ticket.trigger_type.setCurrentIndex(1)
        ticket.trigger.setText("64300.0")
        ticket.price.setText("64310.0")
    if kind == "exits":
        ticket.exits.setChecked(True)
        ticket.stop.setText("63900.0")
        ticket.target.setText("65000.0")
        ticket.unit.setCurrentIndex(3)
        ticket.quantity.setText("50")


if __name__ == "__main__":
    sys.exit(main())
