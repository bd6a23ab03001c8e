"""Orders whose life is over, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject

from desktop.formatting import (
    DASH,
    average_price_text,
    local_date_time_text,
    local_time_text,
    price_text,
    quantity_text,
    signed,
)
from desktop.models import algo_cells
from desktop.models.conditional_rules import type_words
from desktop.models.open_orders_model import algo_key
from desktop.models.order_cells import filled_cell, side_cell
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.order_marks import order_mark
from engine.market.instruments import Instrument
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus
from engine.views import ZERO, OrderView

_KEPT = 2000


class OrderHistoryModel(TableModel[OrderView | AlgoView]):
    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Symbol", lambda o: Cell(o.symbol), sample="DOGEUSDT"),
                Column("Side", lambda o: side_cell(o.side), sample="SELL"),
                Column("Type", _type, sample="Take-profit market"),
                Column("Trigger", self._trigger, numeric=True, sample="≥ 64,250.1"),
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

    def put_algo(self, algo: AlgoView) -> None:
        """One that has become an order is told by that order's own row."""
        if algo.status.is_terminal and algo.status is not AlgoStatus.FINISHED:
            self.put(algo_key(algo.client_algo_id), algo)

    def put_history(self, orders: Iterable[OrderView]) -> None:
        """Orders of earlier days, oldest first; those that are over."""
        self.put_new({o.client_order_id: o for o in orders if o.status.is_terminal})

    def _trigger(self, order: OrderView | AlgoView) -> Cell:
        if isinstance(order, OrderView):
            return Cell("", sort=ZERO)
        cell = algo_cells.trigger_cell(order, self._instruments.get(order.symbol))
        return cell._replace(tip="")

    def _price(self, order: OrderView | AlgoView) -> Cell:
        if isinstance(order, AlgoView):
            return algo_cells.price_cell(order, self._instruments.get(order.symbol))
        text = price_text(order.price, self._instruments.get(order.symbol))
        return Cell(text if order.price else "market", sort=order.price)

    def _average(self, order: OrderView | AlgoView) -> Cell:
        if isinstance(order, AlgoView):
            return Cell(DASH, sort=ZERO)
        text = average_price_text(order.avg_price, self._instruments.get(order.symbol))
        return Cell(text, sort=order.avg_price)

    def _quantity(self, order: OrderView | AlgoView) -> Cell:
        if isinstance(order, AlgoView):
            return algo_cells.quantity_cell(order, self._instruments.get(order.symbol))
        text = quantity_text(order.orig_qty, self._instruments.get(order.symbol))
        return Cell(text, sort=order.orig_qty)

    def _filled(self, order: OrderView | AlgoView) -> Cell:
        return filled_cell(order, self._instruments.get(order.symbol))


def _type(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView):
        return algo_cells.type_cell(order)
    return Cell(type_words(order.type))


def _time(order: OrderView | AlgoView) -> Cell:
    at_ms = order.updated_at or order.created_at
    return Cell(
        local_time_text(at_ms), palette.TEXT_DIM, tip=local_date_time_text(at_ms), sort=at_ms
    )


def _fee(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView) or not order.commission:
        return Cell("")
    return Cell(
        f"{order.commission:,.5f} {order.commission_asset}",
        palette.TEXT_DIM,
        sort=order.commission,
    )


def _realized(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView) or not order.realized_pnl:
        return Cell("")
    return Cell(
        signed(order.realized_pnl, 2),
        palette.signed_colour(order.realized_pnl),
        sort=order.realized_pnl,
    )


def _status(order: OrderView | AlgoView) -> Cell:
    if isinstance(order, AlgoView):
        return algo_cells.status_cell(order)
    mark = order_mark(order)
    return Cell(mark.words, mark.colour, mark, tip=order.reason)
