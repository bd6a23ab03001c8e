"""Whatever the order of arrival: a venue's history ends in the venue's last state."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.events import Alert, Event, FillRecorded, OrderUpdate
from engine.oms.order_changes import Change, OutcomeLost, Write
from engine.oms.order_models import Order
from engine.oms.order_tracker import OrderTracker
from engine.trading_types import ExecutionType, OrderStatus
from engine.views import FillView
from tests.unit.engine.oms.test_order_models import an_order, an_update

D = Decimal


class History(Struct):
    events: list[OrderUpdate]
    reads: list[OrderUpdate]
    trades: list[FillView]

    @property
    def last(self) -> OrderUpdate:
        return self.events[-1]


@st.composite
def histories(draw: st.DrawFn) -> History:
    """One order at an honest venue: placed, amended, traded, perhaps ended."""
    now = 1000
    state = an_update("NEW", now, orig_qty=D(10), created_ms=now)
    events, trades = [state], []
    for step in range(draw(st.integers(0, 6))):
        now += draw(st.integers(0, 2))
        event_ms = 2000 + step  # the venue's event time tells two amends of one ms apart
        if draw(st.integers(0, 3)) == 0:
            quantity = state.executed_qty + draw(st.integers(1, 10))
            price = D(draw(st.integers(59990, 60010)))
            state = replace(state, price=price, orig_qty=quantity, update_ms=now)
            events.append(replace(state, execution=ExecutionType.AMENDMENT, event_ms=event_ms))
            continue
        left = state.orig_qty - state.executed_qty
        quantity = D(draw(st.integers(1, int(left))))
        executed = state.executed_qty + quantity
        is_full = executed == state.orig_qty
        status = OrderStatus.FILLED if is_full else OrderStatus.PARTIALLY_FILLED
        state = replace(state, status=status, executed_qty=executed, update_ms=now)
        trade = replace(
            state,
            execution=ExecutionType.TRADE,
            event_ms=event_ms,
            trade_id=500 + step,
            last_qty=quantity,
            last_price=state.price,
            commission=D("0.25"),
            commission_asset="USDT",
            realized_pnl=D(1),
        )
        events.append(trade)
        trades.append(trade)
        if is_full:
            break
    if state.status != OrderStatus.FILLED and draw(st.booleans()):
        ends = [OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.EXPIRED_IN_MATCH]
        status = draw(st.sampled_from(ends))
        now += draw(st.integers(0, 2))
        events.append(
            replace(state, status=status, update_ms=now, execution=ExecutionType.CANCELED)
        )
    reads = [
        replace(e, execution=ExecutionType.QUERY, event_ms=0, trade_id=0)
        for e in draw(st.lists(st.sampled_from(events), max_size=3))
    ]
    return History(events, reads, [_listed(t) for t in trades])


def _listed(trade: OrderUpdate) -> FillView:
    return FillView(
        symbol=trade.symbol,
        trade_id=trade.trade_id,
        order_id=trade.order_id,
        client_order_id="",
        side=trade.side,
        price=trade.last_price,
        quantity=trade.last_qty,
        commission=trade.commission,
        commission_asset=trade.commission_asset,
        realized_pnl=trade.realized_pnl,
    )


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[History, list[Change]]:
    """Everything at least once, some of it twice, in any order, with REST reads between."""
    history = draw(histories())
    extra = draw(st.lists(st.sampled_from(history.events), max_size=4))
    changes: list[Change] = [*history.events, *extra, *history.reads]
    if history.trades:
        changes += draw(st.lists(st.sampled_from(history.trades), max_size=3))
    if draw(st.booleans()):
        changes.append(OutcomeLost(Write.PLACE, "the answer was lost", 1001))
    return history, draw(st.permutations(changes))


@settings(max_examples=300, deadline=None)
@given(deliveries())
def test_any_delivery_ends_in_the_venues_final_state(
    delivery: tuple[History, list[Change]],
) -> None:
    history, changes = delivery
    events: list[Event] = []
    tracker = OrderTracker(events.append, FakeClock(), strict=True)
    order = an_order(orig_qty=D(10))
    tracker.add(order)
    for change in changes:
        tracker.apply(order, change)
    _assert_is_final(order, history)
    fills = [event.fill for event in events if isinstance(event, FillRecorded)]
    assert sorted(f.trade_id for f in fills) == sorted(t.trade_id for t in history.trades)
    assert not [event for event in events if isinstance(event, Alert)]


def _assert_is_final(order: Order, history: History) -> None:
    last = history.last
    assert order.status == last.status
    assert order.executed_qty == last.executed_qty
    assert (order.price, order.orig_qty) == (last.price, last.orig_qty)
    assert order.filled_qty == last.executed_qty
    assert order.cummulative_quote_qty == sum(
        (t.price * t.quantity for t in history.trades), start=D(0)
    )
    assert order.commission == D("0.25") * len(history.trades)
    assert order.realized_pnl == len(history.trades)
    assert not order.needs_asking
