"""Between the journal's rows and what the rest of Perpdesk speaks of."""

from __future__ import annotations

import sqlite3
from decimal import Decimal

import msgspec

from engine.commands import AmendOrder, CancelOrder, PlaceOrder
from engine.protection_commands import CancelAlgo, PlaceAlgo
from engine.protection_views import AlgoView
from engine.trading_types import (
    AlgoStatus,
    OrderOrigin,
    OrderStatus,
    OrderType,
    PositionSide,
    Side,
    TimeInForce,
    WorkingType,
)
from engine.views import ZERO, FillView, OrderView

Row = tuple[object, ...]
OrderIntent = PlaceOrder | AmendOrder | CancelOrder
AlgoIntent = PlaceAlgo | CancelAlgo
Intent = OrderIntent | AlgoIntent

INSERT_INTENT = "INSERT INTO intents VALUES (NULL,?,?,?,?,?,?,?,?,?,?,?,?)"
INSERT_ALGO_INTENT = "INSERT INTO algo_intents VALUES (NULL,?,?,?,?,?,?)"
UPSERT_ORDER = "INSERT OR REPLACE INTO orders VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
UPSERT_ALGO = "INSERT OR REPLACE INTO algos VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
UPSERT_BRACKET = "INSERT OR REPLACE INTO brackets VALUES (?,?,?,?)"
# a trade has one identity; seeing it again adds nothing
INSERT_FILL = "INSERT OR IGNORE INTO fills VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
FORGET_EVENTS = """
    DELETE FROM events WHERE at_ms < ?2
    AND seq IN (SELECT seq FROM events ORDER BY seq LIMIT ?1)
"""
INSERT_EVENT = "INSERT INTO events VALUES (NULL,?,?,?)"

ORDER_COLUMNS = (
    "symbol",
    "client_order_id",
    "order_id",
    "side",
    "type",
    "status",
    "price",
    "orig_qty",
    "executed_qty",
    "cummulative_quote_qty",
    "avg_price",
    "time_in_force",
    "position_side",
    "reduce_only",
    "commission",
    "commission_asset",
    "realized_pnl",
    "created_at",
    "updated_at",
    "origin",
    "reason",
    "client_algo_id",
)
ALGO_COLUMNS = (
    "symbol",
    "client_algo_id",
    "algo_id",
    "order_id",
    "side",
    "type",
    "status",
    "quantity",
    "trigger_price",
    "price",
    "callback_pct",
    "activate_price",
    "close_position",
    "reduce_only",
    "position_side",
    "working_type",
    "price_protect",
    "time_in_force",
    "created_at",
    "updated_at",
    "origin",
    "reason",
    "replaces",
)
FILL_COLUMNS = (
    "symbol",
    "trade_id",
    "order_id",
    "client_order_id",
    "side",
    "price",
    "quantity",
    "commission",
    "commission_asset",
    "realized_pnl",
    "is_maker",
    "position_side",
    "time_ms",
)


def intent_statement(intent: Intent, at_ms: int) -> tuple[str, Row]:
    """SQL and its values."""
    if isinstance(intent, PlaceAlgo | CancelAlgo):
        return INSERT_ALGO_INTENT, _algo_intent_row(intent, at_ms)
    return INSERT_INTENT, _intent_row(intent, at_ms)


def _algo_intent_row(intent: AlgoIntent, at_ms: int) -> Row:
    kind = "PLACE" if isinstance(intent, PlaceAlgo) else "CANCEL"
    ids = (intent.client_algo_id, intent.request_id, intent.symbol)
    return (at_ms, kind, *ids, msgspec.json.encode(intent).decode())


def _intent_row(intent: OrderIntent, at_ms: int) -> Row:
    head = (at_ms, _KINDS[type(intent)], intent.client_order_id, intent.request_id, intent.symbol)
    if isinstance(intent, PlaceOrder):
        price = None if intent.price is None else str(intent.price)
        kind = (intent.side.value, intent.type.value, str(intent.quantity), price)
        terms = (intent.time_in_force.value, intent.reduce_only, intent.position_side.value)
        return head + kind + terms
    if isinstance(intent, AmendOrder):
        quantity = None if intent.quantity is None else str(intent.quantity)
        price = None if intent.price is None else str(intent.price)
        return (*head, None, None, quantity, price, None, None, None)
    return (*head, None, None, None, None, None, None, None)


_KINDS = {PlaceOrder: "PLACE", AmendOrder: "AMEND", CancelOrder: "CANCEL"}


def order_row(view: OrderView) -> Row:
    return tuple(_plain_value(getattr(view, name)) for name in ORDER_COLUMNS)


def algo_row(view: AlgoView) -> Row:
    return tuple(_plain_value(getattr(view, name)) for name in ALGO_COLUMNS)


def algo_view(row: sqlite3.Row) -> AlgoView:
    return AlgoView(
        symbol=row["symbol"],
        client_algo_id=row["client_algo_id"],
        algo_id=row["algo_id"],
        order_id=row["order_id"],
        side=Side(row["side"]),
        type=_order_type(row["type"]),
        status=AlgoStatus(row["status"]),
        quantity=Decimal(row["quantity"]),
        trigger_price=Decimal(row["trigger_price"]),
        price=Decimal(row["price"]),
        callback_pct=Decimal(row["callback_pct"]),
        activate_price=Decimal(row["activate_price"]),
        close_position=bool(row["close_position"]),
        reduce_only=bool(row["reduce_only"]),
        position_side=PositionSide(row["position_side"]),
        working_type=_working_type(row["working_type"]),
        price_protect=bool(row["price_protect"]),
        time_in_force=_time_in_force(row["time_in_force"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        origin=OrderOrigin(row["origin"]),
        reason=row["reason"],
        replaces=row["replaces"],
    )


def algo_intent(row: sqlite3.Row) -> tuple[PlaceAlgo, int]:
    """What was asked for, and when."""
    return msgspec.json.decode(row["body"], type=PlaceAlgo), int(row["at_ms"])


def fill_row(fill: FillView) -> Row:
    return tuple(_plain_value(getattr(fill, name)) for name in FILL_COLUMNS)


def _plain_value(value: object) -> object:
    return str(value) if isinstance(value, Decimal | str) else value


def order_view(row: sqlite3.Row) -> OrderView:
    return OrderView(
        symbol=row["symbol"],
        client_order_id=row["client_order_id"],
        order_id=row["order_id"],
        side=Side(row["side"]),
        type=_order_type(row["type"]),
        status=OrderStatus(row["status"]),
        price=Decimal(row["price"]),
        orig_qty=Decimal(row["orig_qty"]),
        executed_qty=Decimal(row["executed_qty"]),
        cummulative_quote_qty=Decimal(row["cummulative_quote_qty"]),
        avg_price=Decimal(row["avg_price"]),
        time_in_force=_time_in_force(row["time_in_force"]),
        position_side=PositionSide(row["position_side"]),
        reduce_only=bool(row["reduce_only"]),
        commission=Decimal(row["commission"]),
        commission_asset=row["commission_asset"],
        realized_pnl=Decimal(row["realized_pnl"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        origin=OrderOrigin(row["origin"]),
        reason=row["reason"],
        client_algo_id=row["client_algo_id"],
    )


def order_view_of_intent(row: sqlite3.Row) -> OrderView:
    """An order of which only the intent reached the disk: sent, or just about to be."""
    return OrderView(
        symbol=row["symbol"],
        client_order_id=row["client_order_id"],
        side=Side(row["side"]),
        type=OrderType(row["type"]),
        status=OrderStatus.PENDING_NEW,
        price=ZERO if row["price"] is None else Decimal(row["price"]),
        orig_qty=Decimal(row["quantity"]),
        time_in_force=TimeInForce(row["time_in_force"]),
        position_side=PositionSide(row["position_side"]),
        reduce_only=bool(row["reduce_only"]),
        created_at=row["at_ms"],
        updated_at=row["at_ms"],
    )


def fill_view(row: sqlite3.Row) -> FillView:
    return FillView(
        symbol=row["symbol"],
        trade_id=row["trade_id"],
        order_id=row["order_id"],
        client_order_id=row["client_order_id"],
        side=Side(row["side"]),
        price=Decimal(row["price"]),
        quantity=Decimal(row["quantity"]),
        commission=Decimal(row["commission"]),
        commission_asset=row["commission_asset"],
        realized_pnl=Decimal(row["realized_pnl"]),
        is_maker=bool(row["is_maker"]),
        position_side=PositionSide(row["position_side"]),
        time_ms=row["time_ms"],
    )


def _order_type(text: str) -> OrderType | str:
    return OrderType(text) if text in OrderType.__members__ else text


def _time_in_force(text: str) -> TimeInForce | str:
    return TimeInForce(text) if text in TimeInForce.__members__ else text


def _working_type(text: str) -> WorkingType | str:
    return WorkingType(text) if text in WorkingType.__members__ else text
