"""Cells that the tables of orders, fills and plans have in common. Pure."""

from __future__ import annotations

from desktop.formatting import quantity_text
from desktop.models.table_model import Cell
from desktop.theme import palette
from engine.market.instruments import Instrument
from engine.protection_views import AlgoView
from engine.trading_types import Side
from engine.views import ZERO, OrderView


def side_cell(side: Side) -> Cell:
    return Cell(side.value, palette.SIDE_COLOUR[side])


def filled_cell(order: OrderView | AlgoView, instrument: Instrument | None) -> Cell:
    if isinstance(order, AlgoView):
        return Cell("", sort=ZERO)
    text = quantity_text(order.executed_qty, instrument)
    colour = palette.TEXT if order.executed_qty else palette.TEXT_FAINT
    return Cell(text, colour, sort=order.executed_qty)
