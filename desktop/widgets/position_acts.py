"""What a person may do to a position: close a part, at a limit, reverse, protect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMenu, QWidget

from desktop.models.positions_model import PositionsModel
from desktop.widgets.close_dialog import CloseDialog
from desktop.widgets.confirmation import Confirmation
from desktop.widgets.protect_dialog import ProtectDialog
from engine.commands import ClosePosition, Command
from engine.market.instruments import Instrument
from engine.protection_commands import ReversePosition
from engine.trading_types import PositionSide
from engine.views import PositionView

Key = tuple[str, PositionSide]
_SHARES_PCT = (25, 50, 75, 100)


class PositionActs(QObject):
    """`window` bears the dialogs."""

    def __init__(
        self,
        window: QWidget,
        positions: PositionsModel,
        instruments: Mapping[str, Instrument],
        submit: Callable[[Command], None],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._positions = positions
        self._instruments = instruments
        self._submit = submit

    @Slot(object, object)
    def fill_menu(self, key: Key, menu: QMenu) -> None:
        position = self._positions.row_of(key)
        if position is None:
            return
        for share_pct in _SHARES_PCT:
            _add(
                menu,
                f"positions.close.{share_pct}",
                f"Close {share_pct} % at market",
                partial(self.close_share, key, Decimal(share_pct)),
            )
        if position.symbol in self._instruments:
            _add(menu, "positions.closeAt", "Close at a limit...", lambda: self.ask_close(key))
        menu.addSeparator()
        _add(menu, "positions.reverse", "Reverse...", lambda: self.ask_reverse(key))
        if position.symbol in self._instruments:
            _add(menu, "positions.protect", "TP / SL...", lambda: self.ask_protect(key))

    def close_share(self, key: Key, share_pct: Decimal) -> None:
        """At market, reduce-only. A position that is gone needs none."""
        if self._positions.row_of(key) is not None:
            symbol, side = key
            self._submit(ClosePosition(symbol=symbol, position_side=side, share_pct=share_pct))

    def ask_close(self, key: Key) -> None:
        position = self._positions.row_of(key)
        if position is None:
            return
        dialog = CloseDialog(
            self._window,
            position=position,
            instrument=self._instruments[position.symbol],
            mark_price=self._positions.mark_of(position),
        )
        dialog.command_wanted.connect(self._submit)
        dialog.open()

    def ask_protect(self, key: Key) -> None:
        position = self._positions.row_of(key)
        if position is None:
            return
        dialog = ProtectDialog(
            self._window,
            position=position,
            instrument=self._instruments[position.symbol],
            mark_price=self._positions.mark_of(position),
            exits=self._positions.exits_of(key),
        )
        dialog.command_wanted.connect(self._submit)
        dialog.open()

    def ask_reverse(self, key: Key) -> None:
        position = self._positions.row_of(key)
        if position is None:
            return
        symbol, side = key
        dialog = Confirmation(
            self._window,
            name="positions.reverse",
            question=f"Reverse {symbol}?",
            sentences=[_reverse_words(position)],
            confirm="Reverse",
        )
        dialog.accepted.connect(
            lambda: self._submit(ReversePosition(symbol=symbol, position_side=side))
        )
        dialog.open()


def _reverse_words(position: PositionView) -> str:
    is_long = position.quantity > 0
    now, then = ("long", "short") if is_long else ("short", "long")
    size = f"{abs(position.quantity):f}"
    return f"Close the {now} of {size} at market, then open a {then} of {size} at market."


def _add(menu: QMenu, name: str, text: str, act: Callable[[], None]) -> None:
    action = menu.addAction(text)
    action.setObjectName(name)
    action.triggered.connect(lambda _=False: act())
