from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.clock import FakeClock
from engine.event_hub import EventHub
from engine.events import BookTicker, BookView, Event, OrderChanged
from engine.events.review import ExecutionMeasured
from engine.execution_watch import ExecutionWatch
from engine.market.market_state import MarketState
from engine.trading_types import OrderOrigin, OrderStatus, OrderType, Side
from engine.views import OrderView

D = Decimal
SENT = OrderView(
    client_order_id="pd-1",
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.MARKET,
    status=OrderStatus.PENDING_NEW,
    price=D(0),
    orig_qty=D(1),
)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.hub = EventHub()
        self.market = MarketState()
        self.told: list[Event] = []
        self.watch = ExecutionWatch(self.hub, self.market, self.clock, self.told.append)

    def quote(self, age_ms: int = 0) -> None:
        self.market.on_event(
            BookTicker(
                symbol="BTCUSDT",
                update_id=1,
                event_ms=self.clock.now_ms() - age_ms,
                bid_price=99.5,
                bid_quantity=1,
                ask_price=100.1,
                ask_quantity=1,
            )
        )

    def order(self, status: OrderStatus, **changes: object) -> None:
        view = replace(SENT, status=status, **changes)
        self.hub.publish(OrderChanged(order=view))

    def last(self):
        event = self.told[-1]
        assert isinstance(event, ExecutionMeasured)
        return event.execution


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_prices_at_the_intent_and_times_until_acknowledged_and_filled(bench: Bench) -> None:
    bench.quote()
    bench.order(OrderStatus.PENDING_NEW)
    assert bench.told == []
    bench.clock.advance(0.004)
    bench.order(OrderStatus.NEW, order_id=7)
    assert (bench.last().bid, bench.last().ask, bench.last().ack_ms) == (D("99.5"), D("100.1"), 4)
    bench.clock.advance(0.002)
    bench.order(OrderStatus.PARTIALLY_FILLED, order_id=7)
    assert len(bench.told) == 1
    bench.order(OrderStatus.FILLED, order_id=7)
    assert (bench.last().ack_ms, bench.last().fill_ms) == (4, 6)
    bench.order(OrderStatus.FILLED, order_id=7)
    assert len(bench.told) == 2


def test_an_order_that_fills_with_its_first_word_has_both_times(bench: Bench) -> None:
    bench.order(OrderStatus.PENDING_NEW)
    bench.clock.advance(0.003)
    bench.order(OrderStatus.FILLED, order_id=7)
    assert (bench.last().ack_ms, bench.last().fill_ms, bench.last().ask) == (3, 3, None)


def test_an_old_quote_is_no_price_at_the_click(bench: Bench) -> None:
    bench.quote(age_ms=60_000)
    bench.order(OrderStatus.PENDING_NEW)
    bench.order(OrderStatus.NEW, order_id=7)
    assert bench.last().ask is None


def test_the_book_serves_where_no_ticker_is_followed(bench: Bench) -> None:
    book = BookView(
        symbol="BTCUSDT",
        bids=((99.0, 1.0),),
        asks=((101.0, 1.0),),
        event_ms=bench.clock.now_ms(),
        is_synced=True,
    )
    bench.market.on_event(book)
    bench.order(OrderStatus.PENDING_NEW)
    bench.order(OrderStatus.NEW, order_id=7)
    assert (bench.last().bid, bench.last().ask) == (D("99.0"), D("101.0"))


@pytest.mark.parametrize(
    "words",
    [
        [(OrderStatus.PENDING_NEW, {}), (OrderStatus.REJECTED, {})],
        [(OrderStatus.PENDING_NEW, {}), (OrderStatus.UNKNOWN, {})],
        [(OrderStatus.NEW, {"order_id": 7}), (OrderStatus.FILLED, {"order_id": 7})],
        [
            (OrderStatus.PENDING_NEW, {"origin": OrderOrigin.ELSEWHERE}),
            (OrderStatus.NEW, {"origin": OrderOrigin.ELSEWHERE, "order_id": 7}),
        ],
    ],
)
def test_refused_unknown_earlier_and_foreign_orders_are_not_measured(bench: Bench, words) -> None:
    for status, changes in words:
        bench.order(status, **changes)
    assert bench.told == []
