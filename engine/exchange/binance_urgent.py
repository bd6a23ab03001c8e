"""What the kill switch reads at Binance, with the priority of a cancel."""

from __future__ import annotations

from engine.events import AlgoUpdate, OrderUpdate
from engine.exchange.gateway_urgent import UrgentCalls
from engine.exchange.rate_limiter import Priority
from engine.exchange.translate_rows import algo_from_reply, order_from_reply, position_from_row
from engine.exchange.venue_calls import VenueCalls
from engine.views import PositionView
from engine.wire.rest_messages import AlgoReply, OrderReply, PositionRow

_FIRST = Priority.CANCEL


class BinanceUrgentCalls(UrgentCalls):
    """See UrgentCalls."""

    _calls: VenueCalls

    def urgent_open_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        params = {"symbol": symbol}
        replies = self._calls.call("open_orders", list[OrderReply], params, priority=_FIRST)
        return [order_from_reply(reply) for reply in replies]

    def urgent_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        params = {"symbol": symbol}
        replies = self._calls.call("open_algos", list[AlgoReply], params, priority=_FIRST)
        return [algo_from_reply(reply) for reply in replies]

    def urgent_positions(self, symbol: str | None = None) -> list[PositionView]:
        params = {"symbol": symbol}
        rows = self._calls.call("position_risk", list[PositionRow], params, priority=_FIRST)
        return [position_from_row(row, None) for row in rows if row.position_amt]
