"""Prices and times at an order's intent, its acknowledgement and its fill, by our own clock.

Listens on the publishing threads, so that nothing waits in between: dictionary work
only. What was sent before the last start has no intent here and stays unmeasured.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal

from msgspec.structs import replace

from engine.clock import Clock
from engine.event_hub import EventHub
from engine.events import Event, OrderChanged
from engine.events.review import ExecutionMeasured
from engine.market.market_state import MarketState
from engine.review_views import Execution
from engine.trading_types import OrderOrigin, OrderStatus
from engine.views import OrderView

_FRESH_MS = 10_000  # an older quote may not have held any more: then none is known
Key = tuple[str, str]


class ExecutionWatch:
    """Publishes ExecutionMeasured at the acknowledgement and when all is filled."""

    def __init__(
        self, hub: EventHub, market: MarketState, clock: Clock, publish: Callable[[Event], None]
    ) -> None:
        self._market = market
        self._clock = clock
        self._publish = publish
        self._lock = threading.Lock()
        self._open: dict[Key, tuple[Execution, float]] = {}
        hub.listen(OrderChanged, self.on_order)

    def on_order(self, event: OrderChanged) -> None:
        order = event.order
        key = (order.symbol, order.client_order_id)
        is_new = order.status is OrderStatus.PENDING_NEW
        if not is_new and key not in self._open:
            return  # most events: cheap, and without the lock
        if order.origin is not OrderOrigin.OURS:
            return
        with self._lock:
            known = self._open.get(key)
            if known is None:
                if is_new:
                    self._open[key] = (self._begin(order), self._clock.monotonic())
                return
            measured = self._measured(known, order)
            if order.status.is_terminal:
                del self._open[key]
            elif measured is not None:
                self._open[key] = (measured, known[1])
        if measured is not None:
            self._publish(ExecutionMeasured(execution=measured))

    def _begin(self, order: OrderView) -> Execution:
        now_ms = self._clock.now_ms()
        quote = self._market.fresh_quote(order.symbol, now_ms - _FRESH_MS)
        bid, ask = map(_exact, quote) if quote is not None else (None, None)
        return Execution(
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            side=order.side,
            type=order.type,
            at_ms=now_ms,
            bid=bid,
            ask=ask,
        )

    def _measured(self, known: tuple[Execution, float], order: OrderView) -> Execution | None:
        """None when this changes nothing: an order has many events, two count."""
        execution, begun_s = known
        if order.order_id is None or order.status is OrderStatus.UNKNOWN:
            return None
        is_filled = order.status is OrderStatus.FILLED
        if execution.ack_ms is not None and not is_filled:
            return None
        spent_ms = round((self._clock.monotonic() - begun_s) * 1000, 3)
        return replace(
            execution,
            ack_ms=spent_ms if execution.ack_ms is None else execution.ack_ms,
            fill_ms=spent_ms if is_filled else None,
        )


def _exact(price: float) -> Decimal:
    return Decimal(repr(price))
