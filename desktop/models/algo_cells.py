"""How a conditional order is said in a table: its type, what it waits for, its state. Pure."""

from __future__ import annotations

from desktop.formatting import DASH, price_text, quantity_text
from desktop.models.conditional_rules import fires_above, type_words
from desktop.models.table_model import Cell
from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.theme.order_marks import MarkShape, OrderMark
from engine.market.instruments import Instrument
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderType, WorkingType
from engine.utils.decimals import plain


@per_palette
def _marks() -> dict[AlgoStatus, OrderMark]:
    return {
        AlgoStatus.PENDING_NEW: OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Sending"),
        AlgoStatus.NEW: OrderMark(MarkShape.DOT, palette.ACCENT, "Waiting"),
        AlgoStatus.TRIGGERING: OrderMark(MarkShape.HALF, palette.ACCENT, "Triggering"),
        AlgoStatus.TRIGGERED: OrderMark(MarkShape.CHECK, palette.OK, "Triggered"),
        AlgoStatus.FINISHED: OrderMark(MarkShape.CHECK, palette.OK, "Finished"),
        AlgoStatus.PENDING_CANCEL: OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Cancelling"),
        AlgoStatus.CANCELED: OrderMark(MarkShape.DASH, palette.TEXT_FAINT, "Cancelled"),
        AlgoStatus.REJECTED: OrderMark(MarkShape.CROSS, palette.ERROR, "Refused"),
        AlgoStatus.EXPIRED: OrderMark(MarkShape.DASH, palette.TEXT_FAINT, "Expired"),
        AlgoStatus.UNKNOWN: OrderMark(MarkShape.STRIPED, palette.UNKNOWN, "Unknown"),
    }


def type_cell(algo: AlgoView) -> Cell:
    words = [type_words(algo.type)]
    if algo.close_position:
        words.append("closes all")
    elif algo.reduce_only:
        words.append("reduce")
    return Cell(" · ".join(words), tip="A conditional order: it waits at the exchange")


def trigger_cell(algo: AlgoView, instrument: Instrument | None, pending: str = "") -> Cell:
    """>= 64,500.0: from which side it is reached; a trailing stop's callback."""
    watched = "mark price" if algo.working_type == WorkingType.MARK_PRICE else "last price"
    if algo.type == OrderType.TRAILING_STOP_MARKET:
        text = f"{plain(algo.callback_pct)} % back"
        tip = f"Follows the {watched}"
        if algo.activate_price:
            tip += f" from {price_text(algo.activate_price, instrument)}"
        return Cell(text, tip=tip, sort=algo.activate_price)
    sign = "≥" if fires_above(algo.type, algo.side) else "≤"
    text = f"{sign} {price_text(algo.trigger_price, instrument)}"
    tip = f"Triggers by the {watched}. Double-click or F2 to move"
    return Cell(text, tip=tip, pending=pending, sort=algo.trigger_price)


def price_cell(algo: AlgoView, instrument: Instrument | None) -> Cell:
    return Cell(price_text(algo.price, instrument) if algo.price else "market", sort=algo.price)


def quantity_cell(algo: AlgoView, instrument: Instrument | None) -> Cell:
    if algo.close_position:
        return Cell("all", tip="Whatever the position is by then", sort=algo.quantity)
    text = quantity_text(algo.quantity, instrument) if algo.quantity else DASH
    return Cell(text, sort=algo.quantity)


def status_cell(algo: AlgoView) -> Cell:
    mark = _marks()[algo.status]
    return Cell(mark.words, mark.colour, mark, tip=algo.reason)


def action_cell(algo: AlgoView) -> Cell:
    if algo.status in (AlgoStatus.PENDING_CANCEL, AlgoStatus.TRIGGERED):
        return Cell("")
    return Cell("Cancel", palette.TEXT_DIM, tip="Cancel this conditional order (Del)")


def can_move_algo(algo: AlgoView) -> bool:
    """The trigger of one that waits; a trailing stop's moves by itself."""
    return algo.status is AlgoStatus.NEW and algo.type != OrderType.TRAILING_STOP_MARKET
