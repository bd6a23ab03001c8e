"""Our trades, newest first; (symbol, trade id) is the identity of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject

from desktop.formatting import (
    grouped,
    local_date_time_text,
    local_time_text,
    price_text,
    quantity_text,
    signed,
)
from desktop.models.order_cells import side_cell
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from engine.market.instruments import Instrument
from engine.views import FillView

_KEPT = 5000


class FillsModel(TableModel[FillView]):
    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Symbol", lambda f: Cell(f.symbol), sample="DOGEUSDT"),
                Column("Side", lambda f: side_cell(f.side), sample="SELL"),
                Column("Price", self._price, numeric=True, sample="123,456.00"),
                Column("Quantity", self._quantity, numeric=True, sample="12,345.000"),
                Column("Value", _value, numeric=True, sample="1,234,567.00"),
                Column("Fee", _fee, numeric=True, sample="0.00000 USDT"),
                Column("Realized", _realized, numeric=True, sample="+1,234.00"),
                Column("Role", _role, sample="Maker"),
                Column("Trade", _trade, numeric=True, sample="1234567890"),
            ],
            newest_first=True,
            limit=_KEPT,
            parent=parent,
        )

    def put_fill(self, fill: FillView) -> None:
        self.put((fill.symbol, fill.trade_id), fill)

    def put_history(self, fills: Iterable[FillView]) -> None:
        """Fills of earlier days, oldest first."""
        self.put_new({(fill.symbol, fill.trade_id): fill for fill in fills})

    def _price(self, fill: FillView) -> Cell:
        return Cell(price_text(fill.price, self._instruments.get(fill.symbol)), sort=fill.price)

    def _quantity(self, fill: FillView) -> Cell:
        text = quantity_text(fill.quantity, self._instruments.get(fill.symbol))
        return Cell(text, sort=fill.quantity)


def _time(fill: FillView) -> Cell:
    tip = local_date_time_text(fill.time_ms)
    return Cell(local_time_text(fill.time_ms), palette.TEXT_DIM, tip=tip, sort=fill.time_ms)


def _value(fill: FillView) -> Cell:
    return Cell(grouped(fill.quote_quantity, 2), sort=fill.quote_quantity)


def _fee(fill: FillView) -> Cell:
    text = f"{fill.commission:,.5f} {fill.commission_asset}".rstrip()
    return Cell(text, palette.TEXT_DIM, sort=fill.commission)


def _realized(fill: FillView) -> Cell:
    if not fill.realized_pnl:
        return Cell("")
    colour = palette.signed_colour(fill.realized_pnl)
    return Cell(signed(fill.realized_pnl, 2), colour, sort=fill.realized_pnl)


def _role(fill: FillView) -> Cell:
    return Cell("Maker" if fill.is_maker else "Taker", palette.TEXT_DIM)


def _trade(fill: FillView) -> Cell:
    tip = f"Order {fill.client_order_id} ({fill.order_id})"
    return Cell(str(fill.trade_id), palette.TEXT_FAINT, tip=tip, sort=fill.trade_id)
