"""`python -m tests.pictures.once`: pictures of what a person sees but once."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication

from desktop.main_window import MainWindow
from desktop.theme.apply_theme import apply_theme
from engine.commands import Command
from engine.events import EngineStateChanged, LeverageChanged
from engine.events.keys import Finding, KeyFinding, KeyPlace, KeysChecked, KeysListed
from engine.key_commands import CheckKeys
from engine.trading_types import EngineState, EnvironmentKind
from tests.gui import scene

IMAGES = Path(__file__).resolve().parents[2] / "resources" / "help" / "images"
KINDS = {
    "paper": EnvironmentKind.PAPER,
    "testnet": EnvironmentKind.TESTNET,
    "live": EnvironmentKind.LIVE,
}
FINDINGS = (
    (Finding.GOOD, "This computer's clock is 12 ms off; that is fine."),
    (Finding.GOOD, "The exchange accepts the key and its signature."),
    (Finding.GOOD, "The account may trade futures."),
    (Finding.GOOD, "The key may trade futures."),
    (Finding.GOOD, "The key cannot withdraw."),
    (
        Finding.WARNING,
        "The key works from everywhere: bind it to your address where it was made.",
    ),
    (Finding.GOOD, "Each symbol has one position (one-way mode)."),
)


def main() -> int:
    app = QApplication([])
    apply_theme(app)
    first_trade(app)
    keys(app)
    return 0


def first_trade(app: QApplication) -> None:
    window = made([])
    window.handle_events([*scene.streams(), *scene.market(), *scene.account()[-4:-2]])
    live = EngineStateChanged(state=EngineState.LIVE, sentence="Live.", gap_s=0.7)
    leverage = LeverageChanged(symbol="BTCUSDT", leverage=20, event_ms=0)
    window.handle_events([scene.terms(), leverage, live])
    window.market.ticket.price.clear()
    for _ in range(5):
        app.processEvents()
    picture = window.grab(QRect(700, 0, 740, 420))
    picture.save(str(IMAGES / "first-trade.png"))
    window.deleteLater()


def keys(app: QApplication) -> None:
    asked: list[Command] = []
    window = made(asked)
    window.set_environment("live", EnvironmentKind.LIVE)
    window.keys.open()
    dialog = window.keys._dialog
    assert dialog is not None
    places = {"testnet": KeyPlace.KEY_STORE, "live": KeyPlace.NOWHERE}
    window.handle_events([KeysListed(request_id="", places=places, has_store=True)])
    dialog.key.setText("x" * 64)
    dialog.secret.setText("x" * 64)
    dialog.test.click()
    check = asked[-1]
    assert isinstance(check, CheckKeys)
    findings = tuple(KeyFinding(finding=kind, sentence=said) for kind, said in FINDINGS)
    window.handle_events(
        [KeysChecked(request_id=check.request_id, environment="live", findings=findings)]
    )
    for _ in range(5):
        app.processEvents()
    dialog.grab().save(str(IMAGES / "keys.png"))
    window.deleteLater()


def made(asked: list[Command]) -> MainWindow:
    window = MainWindow(
        environment="paper",
        kind=EnvironmentKind.PAPER,
        symbol="BTCUSDT",
        environments=KINDS,
        submit=asked.append,
        has_hints=True,
        now_ms=lambda: scene.NOW_MS,
    )
    window.set_instruments(scene.INSTRUMENTS)
    window.show()
    return window


if __name__ == "__main__":
    sys.exit(main())
