"""Orders in the book at Binance."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.errors import BadInput, OrderRefused
from engine.events import OrderUpdate
from engine.exchange.batch_requests import (
    amend_batch_params,
    batch_results,
    cancel_batch_params,
    new_order_params,
    place_batch_params,
)
from engine.exchange.gateway_orders import BatchResult, NewOrder, OrderAmendment, OrderCalls
from engine.exchange.order_requests import (
    Params,
    amend_params,
    order_key,
    place_params,
    priority_to_place,
)
from engine.exchange.rate_limiter import Priority
from engine.exchange.translate_rows import fill_from_row, order_from_reply
from engine.exchange.venue_calls import VenueCalls
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number
from engine.views import FillView
from engine.wire.rest_messages import CountdownReply, ErrorReply, OrderReply, UserTrade

_AMEND_CHANGES_NOTHING = -5027


class BinanceOrders(OrderCalls):
    """See OrderCalls."""

    _calls: VenueCalls

    def submit_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number,
        price: Number | None = None,
        *,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        params = place_params(
            symbol,
            side,
            order_type,
            quantity,
            price,
            time_in_force=time_in_force,
            reduce_only=reduce_only,
            position_side=position_side,
            client_order_id=client_order_id,
        )
        priority = priority_to_place(params)
        return order_from_reply(
            self._calls.call("place_order", OrderReply, params, priority=priority)
        )

    def modify_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: Number,
        price: Number,
        *,
        order_id: int | None = None,
        client_order_id: str | None = None,
    ) -> OrderUpdate:
        params = amend_params(
            symbol, side, quantity, price, order_id=order_id, client_order_id=client_order_id
        )
        try:
            return order_from_reply(self._calls.call("amend_order", OrderReply, params))
        except OrderRefused as error:
            if error.code != _AMEND_CHANGES_NOTHING:
                raise
        # the order is as asked already; the refusal does not show it
        return self.query_order(symbol, order_id=order_id, client_order_id=client_order_id)

    def cancel_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        params = order_key(symbol, order_id, client_order_id)
        return order_from_reply(self._calls.call("cancel_order", OrderReply, params))

    def cancel_all_orders(self, symbol: str) -> None:
        self._calls.call("cancel_all", ErrorReply, {"symbol": symbol})

    def query_order(
        self, symbol: str, *, order_id: int | None = None, client_order_id: str | None = None
    ) -> OrderUpdate:
        params = order_key(symbol, order_id, client_order_id)
        return order_from_reply(self._calls.call("query_order", OrderReply, params))

    def get_book_orders(self, symbol: str | None = None) -> list[OrderUpdate]:
        replies = self._calls.call("open_orders", list[OrderReply], {"symbol": symbol})
        return [order_from_reply(reply) for reply in replies]

    def get_user_trades(
        self,
        symbol: str,
        *,
        from_id: int | None = None,
        order_id: int | None = None,
        start_ms: int | None = None,
        limit: int = 1000,
    ) -> list[FillView]:
        params = {
            "symbol": symbol,
            "fromId": from_id,
            "orderId": order_id,
            "startTime": start_ms,
            "limit": limit,
        }
        rows = self._calls.call("user_trades", list[UserTrade], params)
        return [fill_from_row(row) for row in sorted(rows, key=lambda row: row.id)]

    def test_order(self, order: NewOrder) -> None:
        self._calls.call("test_order", dict, new_order_params(order))

    def countdown_cancel_all(self, symbol: str, countdown_ms: int) -> None:
        if countdown_ms < 0:
            raise BadInput("countdown_ms", "The countdown must be 0 (off) or more ms.", "0")
        params = {"symbol": symbol, "countdownTime": countdown_ms}
        self._calls.call("countdown_cancel_all", CountdownReply, params)

    # --- several at once ----------------------------------------------------------------

    def submit_orders(self, orders: Sequence[NewOrder]) -> list[BatchResult]:
        params = place_batch_params(orders)
        priority = max(priority_to_place(new_order_params(order)) for order in orders)
        return self._batch("place_batch", params, len(orders), priority)

    def modify_orders(self, amendments: Sequence[OrderAmendment]) -> list[BatchResult]:
        return self._batch("amend_batch", amend_batch_params(amendments), len(amendments))

    def cancel_orders(
        self,
        symbol: str,
        *,
        order_ids: Sequence[int] = (),
        client_order_ids: Sequence[str] = (),
    ) -> list[BatchResult]:
        params = cancel_batch_params(symbol, order_ids, client_order_ids)
        wanted = len(order_ids or client_order_ids)
        return self._batch("cancel_batch", params, wanted)

    def _batch(
        self, name: str, params: Params, wanted: int, priority: Priority | None = None
    ) -> list[BatchResult]:
        elements = self._calls.call(name, list[msgspec.Raw], params, priority=priority)
        return batch_results(elements, wanted)
