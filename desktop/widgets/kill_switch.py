"""KILL: cancel everything, close everything, after one confirmation."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QPushButton, QWidget

from desktop.theme.fonts import ui_font
from desktop.theme.redress import put_icon
from desktop.widgets.confirmation import Confirmation
from engine.protection_commands import Kill


class KillPlan(msgspec.Struct, frozen=True):
    """What is known to be open now: for the question; the engine looks for itself."""

    order_count: int
    order_symbols: tuple[str, ...]
    position_symbols: tuple[str, ...]

    def sentences(self) -> list[str]:
        if not self.order_symbols and not self.position_symbols:
            return [
                "Nothing is known to be open here. The exchange is asked all the same, and"
                " whatever it has is cancelled and closed."
            ]
        lines = []
        if self.order_symbols:
            noun = "order" if self.order_count == 1 else "orders"
            lines.append(f"Cancel {self.order_count} {noun} in {', '.join(self.order_symbols)}.")
        if self.position_symbols:
            names = ", ".join(self.position_symbols)
            lines.append(f"Close {len(self.position_symbols)} at market, reduce-only: {names}.")
        lines.append("Then ask the exchange whether anything is left, until nothing is.")
        return lines


class KillSwitch(QPushButton):
    """Asks once, then sends Kill: the engine acts on what is open at that moment."""

    command_wanted = Signal(object)

    def __init__(self, plan: Callable[[], KillPlan], parent: QWidget | None = None) -> None:
        super().__init__(" KILL", parent)
        self.setObjectName("killSwitch")
        self.setAccessibleName("Kill switch: cancel all orders and close all positions")
        self.setToolTip("Cancel all orders and close all positions")
        self.setProperty("role", "kill")
        self.setFont(ui_font(12, QFont.Weight.DemiBold))
        put_icon(self, "kill", "TEXT_ON_COLOUR")
        self.setFixedHeight(30)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._plan = plan
        self._dialog: Confirmation | None = None
        self.clicked.connect(self._ask)

    def set_closed(self, sentence: str) -> None:
        """Why there is nothing to end from this window; "" where there is."""
        self.setEnabled(not sentence)
        if sentence:
            self.setToolTip(sentence)

    @Slot()
    def _ask(self) -> None:
        if self._dialog is not None:
            return  # the question is on the screen already
        plan = self._plan()
        dialog = Confirmation(
            self.window(),
            name="killSwitch",
            question="Cancel everything and close everything?",
            sentences=plan.sentences(),
            confirm="Cancel and close all",
        )
        dialog.accepted.connect(self._kill)
        dialog.finished.connect(self._forget)
        self._dialog = dialog
        dialog.open()

    @Slot()
    def _kill(self) -> None:
        self.command_wanted.emit(Kill())

    @Slot()
    def _forget(self) -> None:
        self._dialog = None
