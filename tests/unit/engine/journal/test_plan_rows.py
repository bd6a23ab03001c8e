"""Plans in the journal, and the orders that belong to them."""

from __future__ import annotations

from decimal import Decimal

from engine.clock import SystemClock
from engine.commands import PlaceOrder
from engine.events import OrderChanged
from engine.journal.journal_reader import JournalReader
from engine.journal.journal_writer import JournalWriter
from engine.plan_records import Plan
from engine.protection_commands import StartTwap
from engine.trading_types import OrderStatus, OrderType, PlanState, Side
from engine.views import OrderView


def test_a_plan_is_read_back_with_every_order_that_may_have_been_sent(tmp_path):
    clock = SystemClock()
    writer = JournalWriter(tmp_path / "journal.db", clock, lambda _: None)
    writer.start()
    terms = StartTwap(
        symbol="BTCUSDT", side=Side.BUY, quantity=Decimal("0.3"), count=3, duration_s=60
    )
    plan = Plan(plan_id="pd-1", terms=terms, created_ms=5, next_index=2)
    writer.record_plan(plan)
    writer.record_plan(Plan(plan_id="pd-2", terms=terms, state=PlanState.DONE, created_ms=6))
    for client_order_id in ("pd-1-000", "pd-1-001", "pd-10-000"):
        writer.record_intent(
            PlaceOrder(
                symbol="BTCUSDT",
                side=Side.BUY,
                type=OrderType.MARKET,
                quantity=Decimal("0.1"),
                client_order_id=client_order_id,
            ),
            7,
        )
    filled = OrderView(
        client_order_id="pd-1-000",
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.MARKET,
        status=OrderStatus.FILLED,
        price=Decimal(0),
        orig_qty=Decimal("0.1"),
        executed_qty=Decimal("0.1"),
    )
    writer.record_event(OrderChanged(order=filled))
    assert writer.close()
    reader = JournalReader(tmp_path / "journal.db")
    assert reader.unfinished_plans() == [plan]
    assert [one.plan_id for one in reader.plans()] == ["pd-2", "pd-1"]
    orders = reader.orders_of(plan)
    assert [order.client_order_id for order in orders] == ["pd-1-000", "pd-1-001"]
    assert [order.status for order in orders] == ["FILLED", "PENDING_NEW"]
