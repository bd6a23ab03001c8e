"""The watch list: last price and the day's change of each symbol."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace
from PySide6.QtCore import QObject, QTimer, Slot

from desktop.formatting import DASH, pct_text, price_text
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from engine.market.instruments import Instrument


class Watched(msgspec.Struct, frozen=True):
    symbol: str
    last_price: float = 0.0
    direction: int = 0  # of the last change: 1 up, -1 down
    change_pct: float | None = None
    is_followed: bool = True  # False: its streams are off, the numbers were true once


STAR = "star"
SHOWN_MS = 100  # nobody reads a list of prices that change more often


class WatchModel(TableModel[Watched]):
    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        self._stars: set[str] = set()
        super().__init__(
            [
                Column(STAR, self._star, sample="★", is_button=True, is_flat=True),
                Column("Symbol", lambda w: Cell(w.symbol), sample="DOGEUSDT"),
                Column("Last", self._last, numeric=True, sample="64,250.1"),
                Column("24h", _change, numeric=True, sample="+12.34%"),
            ],
            parent=parent,
        )
        self._just_shown: set[str] = set()
        self._newest: dict[str, float] = {}  # that came too soon after the one shown
        self._soon = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._soon.timeout.connect(self._show_newest)

    def watch(self, symbols: tuple[str, ...]) -> None:
        self.put_new({symbol: Watched(symbol) for symbol in symbols})

    def stars(self) -> list[str]:
        return sorted(self._stars)

    def set_stars(self, symbols: list[str]) -> None:
        changed = self._stars ^ set(symbols)
        self._stars = set(symbols)
        self.refresh(changed)

    def toggle_star(self, symbol: str) -> None:
        self.set_stars(list(self._stars ^ {symbol}))

    def set_last_price(self, symbol: str, price: float) -> None:
        """Shown at once, or with the next turn of all prices when another came just before."""
        if symbol in self._just_shown:
            self._newest[symbol] = price
        else:
            self._show_price(symbol, price)

    def is_waiting(self) -> bool:
        """A price that comes now may be shown a moment later."""
        return self._soon.isActive()

    @Slot()
    def _show_newest(self) -> None:
        self._just_shown.clear()
        newest, self._newest = self._newest, {}
        for symbol, price in newest.items():
            self._show_price(symbol, price)

    def _show_price(self, symbol: str, price: float) -> None:
        row = self.row_of(symbol)
        if row is None or (row.last_price == price and row.is_followed):
            return
        self._just_shown.add(symbol)
        if not self._soon.isActive():
            self._soon.start()
        direction = row.direction if price == row.last_price else _sign(price - row.last_price)
        self.put(symbol, replace(row, last_price=price, direction=direction, is_followed=True))

    def set_change(self, symbol: str, change_pct: float) -> None:
        row = self.row_of(symbol)
        if row is not None:
            self.put(symbol, replace(row, change_pct=change_pct))

    def no_longer_followed(self, symbol: str) -> None:
        """Grey its numbers until the next one comes."""
        self._newest.pop(symbol, None)
        self._just_shown.discard(symbol)
        row = self.row_of(symbol)
        if row is not None:
            self.put(symbol, replace(row, is_followed=False))

    def _star(self, row: Watched) -> Cell:
        if row.symbol in self._stars:
            return Cell("★", palette.WARNING, tip="Starred: shown first", sort=1)
        return Cell("☆", palette.TEXT_FAINT, tip="Star this symbol", sort=0)

    def _last(self, row: Watched) -> Cell:
        colour = {1: palette.BUY, -1: palette.SELL}.get(row.direction, palette.TEXT)
        if not row.is_followed:
            colour = palette.STALE
        text = price_text(row.last_price, self._instruments.get(row.symbol))
        return Cell(text, colour, sort=row.last_price)


def _change(row: Watched) -> Cell:
    if row.change_pct is None:
        return Cell(DASH, palette.TEXT_FAINT, sort=float("-inf"))
    colour = palette.signed_colour(row.change_pct) if row.is_followed else palette.STALE
    return Cell(pct_text(row.change_pct), colour, sort=row.change_pct)


def _sign(number: float) -> int:
    return 1 if number > 0 else -1
