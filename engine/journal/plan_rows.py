"""Plans as rows of the journal. What was asked for is one JSON text: it is only read whole."""

from __future__ import annotations

import sqlite3

import msgspec

from engine.journal.journal_rows import Row
from engine.plan_records import TERMS, Plan
from engine.trading_types import PlanKind, PlanState

UPSERT_PLAN = "INSERT OR REPLACE INTO plans VALUES (?,?,?,?,?,?,?,?,?)"
UNFINISHED_PLANS = """
    SELECT * FROM plans WHERE state IN ('running', 'stopping') ORDER BY created_ms
"""
NEWEST_PLANS = "SELECT * FROM plans ORDER BY created_ms DESC LIMIT ?"
# the client ids of a plan's orders begin with its own id and a dash; a dot follows the dash
CHILD_ORDERS = """
    SELECT * FROM orders WHERE symbol = ? AND client_order_id >= ? AND client_order_id < ?
"""
LONELY_CHILDREN = """
    SELECT * FROM intents WHERE kind = 'PLACE' AND symbol = ?1
    AND client_order_id >= ?2 AND client_order_id < ?3 AND NOT EXISTS (
        SELECT 1 FROM orders WHERE orders.symbol = intents.symbol
        AND orders.client_order_id = intents.client_order_id)
"""


def plan_row(plan: Plan) -> Row:
    terms = msgspec.json.encode(plan.terms).decode()
    head = (plan.plan_id, plan.kind.value, plan.state.value, plan.reason, plan.cancels_rest)
    return (*head, plan.next_index, terms, plan.created_ms, plan.updated_ms)


def plan_of(row: sqlite3.Row) -> Plan:
    return Plan(
        plan_id=row["plan_id"],
        terms=msgspec.json.decode(row["terms"], type=TERMS[PlanKind(row["kind"])]),
        state=PlanState(row["state"]),
        reason=row["reason"],
        cancels_rest=bool(row["cancels_rest"]),
        next_index=row["next_index"],
        created_ms=row["created_ms"],
        updated_ms=row["updated_ms"],
    )


def child_range(plan: Plan) -> tuple[str, str, str]:
    return plan.terms.symbol, f"{plan.plan_id}-", f"{plan.plan_id}."
