"""Orders whose life is over, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject

from desktop.formatting import (
    average_price_text,
    local_date_time_text,
    local_time_text,
    price_text,
    quantity_text,
    signed,
)
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.order_marks import order_mark
from engine.market.instruments import Instrument
from engine.views import OrderView

_KEPT = 2000


class OrderHistoryModel(TableModel[OrderView]):
    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00"),
                Column("Symbol", lambda o: Cell(o.symbol), sample="DOGEUSDT"),
                Column("Side", _side, sample="SELL"),
                Column("Type", lambda o: Cell(_words(o.type)), sample="Take profit"),
                Column("Price", self._price, numeric=True, sample="123,456.00"),
                Column("Average", self._average, numeric=True, sample="123,456.00"),
                Column("Quantity", self._quantity, numeric=True, sample="12,345.000"),
                Column("Filled", self._filled, numeric=True, sample="12,345.000"),
                Column("Fee", _fee, numeric=True, sample="0.00000 USDT"),
                Column("Realized", _realized, numeric=True, sample="+1,234.00"),
                Column("Status", _status, sample="Expired in match"),
                Column("Reason", lambda o: Cell(o.reason, palette.TEXT_DIM, tip=o.reason)),
            ],
            newest_first=True,
            limit=_KEPT,
            parent=parent,
        )

    def put_order(self, order: OrderView) -> None:
        """Take the order in once it is over; others are not for this table."""
        if order.status.is_terminal:
            self.put(order.client_order_id, order)

    def put_history(self, orders: Iterable[OrderView]) -> None:
        """Orders of earlier days, oldest first; those that are over."""
        self.put_new({o.client_order_id: o for o in orders if o.status.is_terminal})

    def _price(self, order: OrderView) -> Cell:
        text = price_text(order.price, self._instruments.get(order.symbol))
        return Cell(text if order.price else "market", sort=order.price)

    def _average(self, order: OrderView) -> Cell:
        text = average_price_text(order.avg_price, self._instruments.get(order.symbol))
        return Cell(text, sort=order.avg_price)

    def _quantity(self, order: OrderView) -> Cell:
        text = quantity_text(order.orig_qty, self._instruments.get(order.symbol))
        return Cell(text, sort=order.orig_qty)

    def _filled(self, order: OrderView) -> Cell:
        text = quantity_text(order.executed_qty, self._instruments.get(order.symbol))
        colour = palette.TEXT if order.executed_qty else palette.TEXT_FAINT
        return Cell(text, colour, sort=order.executed_qty)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _time(order: OrderView) -> Cell:
    at_ms = order.updated_at or order.created_at
    return Cell(
        local_time_text(at_ms), palette.TEXT_DIM, tip=local_date_time_text(at_ms), sort=at_ms
    )


def _side(order: OrderView) -> Cell:
    return Cell(order.side.value, palette.SIDE_COLOUR[order.side])


def _fee(order: OrderView) -> Cell:
    if not order.commission:
        return Cell("")
    return Cell(
        f"{order.commission:,.5f} {order.commission_asset}",
        palette.TEXT_DIM,
        sort=order.commission,
    )


def _realized(order: OrderView) -> Cell:
    if not order.realized_pnl:
        return Cell("")
    return Cell(
        signed(order.realized_pnl, 2),
        palette.signed_colour(order.realized_pnl),
        sort=order.realized_pnl,
    )


def _status(order: OrderView) -> Cell:
    mark = order_mark(order)
    return Cell(mark.words, mark.colour, mark, tip=order.reason)
