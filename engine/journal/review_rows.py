"""Between the journal's rows and what a review speaks of."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal

from engine.events import Event
from engine.events.review import ExecutionMeasured, IncomeRecorded, TradeNoted
from engine.review_views import Execution, TradeNote
from engine.trading_types import OrderType, PositionSide, Side
from engine.views import IncomeView

Row = tuple[object, ...]

# a line of the statement has one identity; seeing it again adds nothing
INSERT_INCOME = "INSERT OR IGNORE INTO income VALUES (?,?,?,?,?,?,?,?)"
UPSERT_NOTE = "INSERT OR REPLACE INTO trade_notes VALUES (?,?,?,?,?,?)"
UPSERT_EXECUTION = "INSERT OR REPLACE INTO executions VALUES (?,?,?,?,?,?,?,?,?)"

REVIEW_EVENTS: tuple[type[Event], ...] = (IncomeRecorded, TradeNoted, ExecutionMeasured)


def review_statements(events: list[Event]) -> dict[str, list[Row]]:
    """By statement, the rows of those events that a review needs kept; the newest of each."""
    notes: dict[tuple[str, PositionSide, int], Row] = {}
    executions: dict[tuple[str, str], Row] = {}
    income: list[Row] = []
    for event in events:
        if isinstance(event, ExecutionMeasured):
            one = event.execution
            executions[one.symbol, one.client_order_id] = _execution_row(one)
        elif isinstance(event, TradeNoted):
            note = event.note
            notes[note.symbol, note.position_side, note.trade_id] = _note_row(note)
        elif isinstance(event, IncomeRecorded):
            income += map(_income_row, event.rows)
    return {
        INSERT_INCOME: income,
        UPSERT_NOTE: list(notes.values()),
        UPSERT_EXECUTION: list(executions.values()),
    }


def _income_row(row: IncomeView) -> Row:
    key = (row.kind, row.asset, row.symbol, row.time_ms, row.transaction_id, row.trade_id)
    return (*key, str(row.income), row.info)


def income_view(row: sqlite3.Row) -> IncomeView:
    return IncomeView(
        kind=row["kind"],
        asset=row["asset"],
        symbol=row["symbol"],
        time_ms=row["time_ms"],
        transaction_id=row["transaction_id"],
        trade_id=row["trade_id"],
        income=Decimal(row["income"]),
        info=row["info"],
    )


def _note_row(note: TradeNote) -> Row:
    key = (note.symbol, note.position_side.value, note.trade_id)
    return (*key, note.note, json.dumps(note.tags, ensure_ascii=False), note.at_ms)


def note_view(row: sqlite3.Row) -> TradeNote:
    return TradeNote(
        symbol=row["symbol"],
        position_side=PositionSide(row["position_side"]),
        trade_id=row["trade_id"],
        note=row["note"],
        tags=tuple(json.loads(row["tags"])),
        at_ms=row["at_ms"],
    )


def _execution_row(one: Execution) -> Row:
    head = (one.symbol, one.client_order_id, one.side.value, str(one.type), one.at_ms)
    prices = (None if price is None else str(price) for price in (one.bid, one.ask))
    return (*head, *prices, one.ack_ms, one.fill_ms)


def execution_view(row: sqlite3.Row) -> Execution:
    kind = row["type"]
    return Execution(
        symbol=row["symbol"],
        client_order_id=row["client_order_id"],
        side=Side(row["side"]),
        type=OrderType(kind) if kind in OrderType.__members__ else kind,
        at_ms=row["at_ms"],
        bid=None if row["bid"] is None else Decimal(row["bid"]),
        ask=None if row["ask"] is None else Decimal(row["ask"]),
        ack_ms=row["ack_ms"],
        fill_ms=row["fill_ms"],
    )
