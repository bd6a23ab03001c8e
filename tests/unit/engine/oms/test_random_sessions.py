"""Random sessions on a venue that loses answers and events, with gaps and restarts.

When the network has been quiet for a while, our books equal the venue's.
"""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.errors import NotConnected, PerpdeskError
from engine.events import FillRecorded
from engine.oms.order_models import Order
from engine.oms.order_tracker import OrderTracker
from engine.trading_types import OrderStatus, PositionSide, Side, StreamState
from engine.views import FillView, OrderView
from tests.helpers.fake_gateway import FakeGateway, Loses
from tests.helpers.oms_bench import OmsBench

D = Decimal
STEPS = 60


class Session:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.bench = OmsBench()
        self.gateway: FakeGateway = self.bench.gateway
        self.fills: dict[tuple[str, int, int], FillView] = {}
        self.sent: set[str] = set()  # client ids of every intent of every life
        self.taken = 0  # events of the bench's log that were looked at

    # --- what may happen -----------------------------------------------------------

    def step(self) -> None:
        actions = [
            self.place,
            self.place,
            self.amend,
            self.cancel,
            self.cancel_all,
            self.fill,
            self.fill,
            self.end,
            self.break_next_call,
            self.hold_or_release_events,
            self.gap,
            self.let_time_pass,
        ]
        if self.chance.random() < 0.05:
            actions = [self.kill_and_restart]
        self.chance.choice(actions)()

    def place(self) -> None:
        with contextlib.suppress(PerpdeskError):
            self.bench.buy("0.1", str(60000 + self.chance.randrange(3)))

    def amend(self) -> None:
        if order := self.any_order():
            price = str(60000 + self.chance.randrange(5))
            quantity = self.chance.choice(["0.1", "0.2"])
            with contextlib.suppress(PerpdeskError):
                self.bench.oms.modify_order(order, price=price, quantity=quantity)

    def cancel(self) -> None:
        if order := self.any_order():
            with contextlib.suppress(PerpdeskError):
                self.bench.oms.cancel_order(order)

    def cancel_all(self) -> None:
        if self.chance.random() < 0.3:
            with contextlib.suppress(PerpdeskError):
                self.bench.oms.cancel_all("BTCUSDT")

    def fill(self) -> None:
        if order_id := self.any_venue_order():
            left = (
                self.gateway.orders[order_id].orig_qty - self.gateway.orders[order_id].executed_qty
            )
            quantity = min(left, D(self.chance.choice(["0.02", "0.05", "0.2"])))
            self.gateway.fill(order_id, str(quantity), emits=self.chance.random() < 0.8)

    def end(self) -> None:
        if order_id := self.any_venue_order():
            self.gateway.end(order_id, OrderStatus.EXPIRED, emits=self.chance.random() < 0.8)

    def break_next_call(self) -> None:
        call = self.chance.choice(["submit", "modify", "cancel", "cancel_all", "query"])
        faults = (
            [Loses.BEFORE, Loses.AFTER]
            if call != "query"
            else [NotConnected("The answer dripped too slowly.")]
        )
        self.gateway.plan(call, self.chance.choice(faults))

    def hold_or_release_events(self) -> None:
        if not self.gateway.holds_events:
            self.gateway.holds_events = True
            return
        self.chance.shuffle(self.gateway.held)
        copies = self.gateway.held[: self.chance.randrange(3)]
        self.gateway.held.extend(copies)
        self.gateway.release()

    def gap(self) -> None:
        self.gateway.say(StreamState.DISCONNECTED)
        self.gateway.held.clear()
        self.gateway.holds_events = False
        if order_id := self.any_venue_order():
            self.gateway.fill(order_id, "0.01", emits=False)
        self.gateway.go_live()
        self.read_account()

    def let_time_pass(self) -> None:
        for _ in range(self.chance.randrange(1, 6)):
            self.bench.tick(self.chance.choice([0.3, 1, 3]))

    def kill_and_restart(self) -> None:
        """The journal keeps the intents and, at best, a part of the later states."""
        self.collect()
        known = [f for f in self.fills.values() if self.chance.random() < 0.9]
        counted: Counter[int | None] = Counter()
        for fill in known:
            counted[fill.order_id] += fill.quantity  # type: ignore[assignment]
        views = [self.remembered(order) for order in self.bench.oms.open_orders()]
        views += [
            replace(order.view, status=OrderStatus.UNKNOWN)
            for order in self.bench.oms.orders()
            if order.is_terminal and order.executed_qty > counted[order.order_id]
        ]
        last = {"BTCUSDT": max((f.trade_id for f in known), default=0)} if known else {}
        self.gateway.held.clear()
        self.gateway.holds_events = False
        self.bench = OmsBench(live=False, gateway=self.gateway)
        self.taken = 0
        self.bench.oms.restore(views, known, last)
        self.gateway.go_live()
        self.read_account()

    def remembered(self, order: Order) -> OrderView:
        view = order.view
        if self.chance.random() < 0.3:  # only the intent reached the disk
            view = replace(view, order_id=None, executed_qty=D(0), realized_pnl=D(0))
        return replace(view, status=OrderStatus.UNKNOWN, amend=None)

    # --- shared --------------------------------------------------------------------

    def any_order(self) -> Order | None:
        orders = self.bench.oms.open_orders()
        return self.chance.choice(orders) if orders else None

    def any_venue_order(self) -> int | None:
        open_ids = [
            order.order_id
            for order in self.gateway.orders.values()
            if not OrderStatus(order.status).is_terminal
        ]
        return self.chance.choice(open_ids) if open_ids else None

    def read_account(self) -> None:
        self.gateway.faults["query"].clear()
        self.bench.oms.reconciler.run()

    def collect(self) -> None:
        """Remember every fill and intent told so far, and that none is told twice."""
        for event in self.bench.log.events[self.taken :]:
            if isinstance(event, FillRecorded):
                fill = event.fill
                self.fills[fill.symbol, fill.trade_id, fill.order_id] = fill
        assert "order.impossible" not in self.bench.log.alert_codes()
        self.taken = len(self.bench.log.events)
        self.sent |= {intent.client_order_id for intent in self.bench.journal.intents}

    def settle(self) -> None:
        """The network is quiet: nothing is lost any more, and time passes."""
        self.gateway.faults.clear()
        self.gateway.say(StreamState.DISCONNECTED)
        if self.gateway.holds_events:
            self.gateway.release()
        self.gateway.go_live()
        self.read_account()
        for _ in range(40):
            self.bench.tick(1)
        self.collect()


def assert_resting_is_current(tracker: OrderTracker) -> None:
    """The sum that is kept is the one that counting gives, with and without each order."""
    for side in Side:
        rests = {
            o.client_order_id: o.remaining_qty for o in tracker.open_orders() if o.side is side
        }
        key = ("BTCUSDT", side, PositionSide.BOTH)
        assert tracker.resting_qty(*key) == sum(rests.values())
        for name, part in rests.items():
            assert tracker.resting_qty(*key, without=name) == sum(rests.values()) - part


@pytest.mark.parametrize("seed", range(150))
def test_after_any_session_our_books_equal_the_venues(seed: int) -> None:
    session = Session(seed)
    for _ in range(STEPS):
        session.step()
        assert_resting_is_current(session.bench.oms.tracker)
    session.settle()

    venue = session.gateway.orders
    by_client_id = [order.client_order_id for order in venue.values()]
    assert len(by_client_id) == len(set(by_client_id)), "an intent was live twice"
    assert set(by_client_id) <= session.sent

    tracker = session.bench.oms.tracker
    assert tracker.lost() == []
    open_ids = {
        order.order_id for order in venue.values() if not OrderStatus(order.status).is_terminal
    }
    assert {order.order_id for order in tracker.open_orders()} == open_ids
    for order in tracker.orders():
        if order.order_id is None:
            assert order.status is OrderStatus.REJECTED
            assert order.client_order_id not in by_client_id
            continue
        theirs = venue[order.order_id]
        assert (order.status, order.executed_qty) == (theirs.status, theirs.executed_qty)
        assert (order.price, order.orig_qty) == (theirs.price, theirs.orig_qty)
        assert order.missing_fill_qty == 0
        assert order.amend is None
    told = {key: fill.quantity for key, fill in session.fills.items()}
    assert told == {(t.symbol, t.trade_id, t.order_id): t.quantity for t in session.gateway.trades}
