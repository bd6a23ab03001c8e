"""A contract, candles, a book and orders for tests of what shows them."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

from engine.events import BookView
from engine.market.instruments import Instrument, QuantityRule
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus, OrderType, Side
from engine.views import Candle, OrderView

START_MS = 1_790_000_040_000
MINUTE_MS = 60_000
_RULE = QuantityRule(Decimal("0.001"), Decimal(1000), Decimal("0.001"))
BTCUSDT = Instrument(
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    status="TRADING",
    tick_size=Decimal("0.10"),
    min_price=Decimal("0.1"),
    max_price=Decimal(1_000_000),
    limit_quantity=_RULE,
    market_quantity=_RULE,
    min_notional=Decimal(5),
)


def candles(count: int = 400, first: int = 0) -> list[Candle]:
    """A walk around 64,000; the same for the same numbers."""
    chance = random.Random(7)
    price, found = 64_000.0, []
    for n in range(first, first + count):
        opened, price = price, price + chance.gauss(0, 15)
        found.append(
            Candle(
                open_ms=START_MS + n * MINUTE_MS,
                close_ms=START_MS + (n + 1) * MINUTE_MS - 1,
                open=round(opened, 1),
                high=round(max(opened, price) + 5, 1),
                low=round(min(opened, price) - 5, 1),
                close=round(price, 1),
                volume=chance.expovariate(0.02),
            )
        )
    return found


def book(mid_ticks: int = 640_000, levels: int = 20, *, is_synced: bool = True) -> BookView:
    """A level at each tick; the best bid at `mid_ticks`, quantities 1, 2, 3 ..."""
    return BookView(
        symbol="BTCUSDT",
        bids=tuple((round((mid_ticks - i) / 10, 1), i + 1.0) for i in range(levels)),
        asks=tuple((round((mid_ticks + 1 + i) / 10, 1), i + 1.0) for i in range(levels)),
        event_ms=START_MS,
        is_synced=is_synced,
    )


def limit_order(
    client_order_id: str,
    side: Side,
    price: str,
    status: OrderStatus = OrderStatus.NEW,
    **more: Any,
) -> OrderView:
    return OrderView(
        client_order_id=client_order_id,
        symbol="BTCUSDT",
        side=side,
        type=more.pop("type", OrderType.LIMIT),
        status=status,
        price=Decimal(price),
        orig_qty=Decimal("0.150"),
        **more,
    )


def stop_order(
    client_algo_id: str,
    side: Side,
    trigger_price: str,
    status: AlgoStatus = AlgoStatus.NEW,
    **more: Any,
) -> AlgoView:
    return AlgoView(
        client_algo_id=client_algo_id,
        symbol=more.pop("symbol", "BTCUSDT"),
        side=side,
        type=more.pop("type", OrderType.STOP_MARKET),
        status=status,
        quantity=Decimal("0.150"),
        trigger_price=Decimal(trigger_price),
        **more,
    )
