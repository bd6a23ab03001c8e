"""Open positions, their profit kept live from the mark price."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import NamedTuple

from PySide6.QtCore import QObject

from desktop.formatting import (
    DASH,
    average_price_text,
    grouped,
    pct_text,
    price_text,
    quantity_text,
    signed,
)
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from engine.market.instruments import Instrument
from engine.trading_types import MarginType, PositionSide
from engine.views import ZERO, PositionView

ACTION = ""  # closes all of it
HALF = "half"
MORE = "more"


class Exits(NamedTuple):
    """What the exchange holds for a position; None where it holds nothing.

    `bare`: why the stop that was asked for does not stand; "" where it does, or none was.
    `uncovered`: so much of the position has no stop though another part of it has.
    """

    stop: Decimal | None = None
    target: Decimal | None = None
    bare: str = ""
    uncovered: Decimal = ZERO


class PositionsModel(TableModel[PositionView]):
    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        self._marks: dict[str, Decimal] = {}
        self._exits_by_key: dict[Hashable, Exits] = {}
        super().__init__(
            [
                Column("Symbol", lambda p: Cell(p.symbol), sample="1000PEPEUSDT"),
                Column("Side", _side, sample="SHORT 125x"),
                Column("Size", self._size, numeric=True, sample="12,345.000"),
                Column("Entry", self._entry, numeric=True, sample="123,456.00"),
                Column("Mark", self._mark, numeric=True, sample="123,456.00"),
                Column("Liq.", self._liquidation, numeric=True, sample="123,456.00"),
                Column("Value", self._value, numeric=True, sample="123,456.00"),
                Column("Margin", self._margin, numeric=True, sample="123,456.00"),
                Column("uPnL", self._profit, numeric=True, sample="+12,345.00"),
                Column("ROE", self._return, numeric=True, sample="+123.00%"),
                Column("Realized", _realized, numeric=True, sample="+12,345.00"),
                Column("TP / SL", self._exits, numeric=True, sample="64,250.1 / 64,250.1"),
                Column(HALF, _half, sample="50%", is_button=True),
                Column(ACTION, _action, sample="Close", is_button=True),
                Column(MORE, _more, sample="...", is_button=True),
            ],
            parent=parent,
        )

    def put_position(self, position: PositionView) -> None:
        """Show the position; one of zero size leaves the table."""
        key = (position.symbol, position.position_side)
        if position.quantity:
            self.put(key, position)
        else:
            self.remove(key)

    def set_mark_price(self, symbol: str, mark_price: float) -> None:
        """Recompute what leans on the mark; only touched cells repaint."""
        mark = Decimal(repr(mark_price))
        if self._marks.get(symbol) == mark:
            return
        self._marks[symbol] = mark
        self.refresh([(symbol, side) for side in PositionSide])

    def set_exits(self, exits: Mapping[Hashable, Exits]) -> None:
        """Of all positions, by key."""
        changed = [k for k in self.keys_held() if self._exits_by_key.get(k) != exits.get(k)]
        self._exits_by_key = dict(exits)
        self.refresh(changed)

    def exits_of(self, key: Hashable) -> Exits:
        return self._exits_by_key.get(key, Exits())

    def unrealized_pnl(self) -> Decimal:
        return sum((self._profit_of(position) for position in self.rows()), ZERO)

    def cross_pnl_but(self, symbol: str) -> Decimal:
        """The profit of the cross positions of every other symbol."""
        others = [
            position
            for position in self.rows()
            if position.symbol != symbol and position.margin_type is MarginType.CROSSED
        ]
        return sum((self._profit_of(position) for position in others), ZERO)

    def position_of(self, symbol: str) -> PositionView | None:
        """The one to draw for a symbol; in hedge mode the larger of the two."""
        held = [position for position in self.rows() if position.symbol == symbol]
        return max(held, key=lambda position: abs(position.quantity), default=None)

    def keys_held(self) -> list[Hashable]:
        return [(position.symbol, position.position_side) for position in self.rows()]

    # --- numbers --------------------------------------------------------------

    def mark_of(self, position: PositionView) -> Decimal:
        return self._marks.get(position.symbol, position.mark_price)

    def _profit_of(self, position: PositionView) -> Decimal:
        if position.symbol not in self._marks:
            return position.unrealized_pnl
        return position.quantity * (self._marks[position.symbol] - position.entry_price)

    def _margin_of(self, position: PositionView) -> Decimal:
        if position.margin_type is MarginType.ISOLATED and position.isolated_margin:
            return position.isolated_margin
        if not position.leverage:
            return ZERO
        return abs(position.quantity) * self.mark_of(position) / position.leverage

    # --- cells ----------------------------------------------------------------

    def _size(self, position: PositionView) -> Cell:
        text = quantity_text(abs(position.quantity), self._instruments.get(position.symbol))
        return Cell(text, sort=abs(position.quantity))

    def _entry(self, position: PositionView) -> Cell:
        text = average_price_text(position.entry_price, self._instruments.get(position.symbol))
        return Cell(text, sort=position.entry_price)

    def _mark(self, position: PositionView) -> Cell:
        mark = self.mark_of(position)
        return Cell(price_text(mark, self._instruments.get(position.symbol)), sort=mark)

    def _liquidation(self, position: PositionView) -> Cell:
        price = position.liquidation_price
        text = price_text(price, self._instruments.get(position.symbol))
        return Cell(text, palette.UNKNOWN if price > 0 else palette.TEXT_FAINT, sort=price)

    def _value(self, position: PositionView) -> Cell:
        value = abs(position.quantity) * self.mark_of(position)
        return Cell(grouped(value, 2), palette.TEXT_DIM, sort=value)

    def _margin(self, position: PositionView) -> Cell:
        margin = self._margin_of(position)
        kind = "Isolated" if position.margin_type is MarginType.ISOLATED else "Cross"
        text = grouped(margin, 2) if margin else DASH
        return Cell(text, palette.TEXT_DIM, tip=f"{kind} margin", sort=margin)

    def _exits(self, position: PositionView) -> Cell:
        exits = self.exits_of((position.symbol, position.position_side))
        if exits.bare:
            return Cell("UNPROTECTED", palette.ERROR, tip=exits.bare)
        if exits.stop is None and exits.target is None:
            return Cell("none", palette.UNKNOWN, tip="No stop and no target at the exchange")
        rules = self._instruments.get(position.symbol)
        texts = [
            price_text(price, rules) if price is not None else DASH
            for price in (exits.target, exits.stop)
        ]
        tip = "Target / stop, as the exchange holds them"
        if exits.stop is None:
            tip += ": there is no stop"
        elif exits.uncovered:
            tip += f": {quantity_text(exits.uncovered, rules)} of it has no stop"
        is_covered = exits.stop is not None and not exits.uncovered
        colour = palette.TEXT if is_covered else palette.UNKNOWN
        return Cell(" / ".join(texts), colour, tip=tip, sort=exits.stop or ZERO)

    def _profit(self, position: PositionView) -> Cell:
        profit = self._profit_of(position)
        return Cell(signed(profit, 2), palette.signed_colour(profit), sort=profit)

    def _return(self, position: PositionView) -> Cell:
        """On the margin at entry, as the venue's own window shows it."""
        if not position.leverage or not position.entry_price:
            return Cell(DASH, palette.TEXT_FAINT)
        margin = abs(position.quantity) * position.entry_price / position.leverage
        pct = float(self._profit_of(position) / margin * 100)
        return Cell(pct_text(pct), palette.signed_colour(pct), sort=pct)


def _half(_position: PositionView) -> Cell:
    return Cell("50%", palette.TEXT_DIM, tip="Close half of it at market, reduce-only")


def _more(_position: PositionView) -> Cell:
    return Cell("...", palette.TEXT_DIM, tip="Close a part, at a limit, reverse, TP / SL")


def _side(position: PositionView) -> Cell:
    is_long = position.quantity > 0
    leverage = f" {position.leverage}x" if position.leverage else ""
    word = "LONG" if is_long else "SHORT"
    return Cell(f"{word}{leverage}", palette.BUY if is_long else palette.SELL)


def _realized(position: PositionView) -> Cell:
    colour = palette.signed_colour(position.realized_pnl)
    return Cell(signed(position.realized_pnl, 2), colour, sort=position.realized_pnl)


def _action(_position: PositionView) -> Cell:
    return Cell("Close", palette.TEXT_DIM, tip="Close the whole position at market, reduce-only")
