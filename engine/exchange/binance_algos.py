"""Conditional orders at Binance: the algo service."""

from __future__ import annotations

from engine.events import AlgoUpdate
from engine.exchange.algo_requests import algo_key, algo_params
from engine.exchange.gateway_algos import AlgoOrderCalls
from engine.exchange.order_requests import priority_to_place
from engine.exchange.translate_rows import algo_from_reply
from engine.exchange.venue_calls import VenueCalls
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce, WorkingType
from engine.utils.decimals import Number
from engine.wire.rest_messages import AlgoCancelReply, AlgoReply, ErrorReply


class BinanceAlgoOrders(AlgoOrderCalls):
    """See AlgoOrderCalls."""

    _calls: VenueCalls

    def place_algo_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number | None = None,
        *,
        trigger_price: Number | None = None,
        price: Number | None = None,
        callback_pct: Number | None = None,
        activate_price: Number | None = None,
        close_position: bool = False,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        working_type: WorkingType | str = WorkingType.CONTRACT_PRICE,
        price_protect: bool = False,
        time_in_force: TimeInForce | str | None = None,
        client_algo_id: str | None = None,
    ) -> AlgoUpdate:
        params = algo_params(
            symbol,
            side,
            order_type,
            quantity,
            trigger_price=trigger_price,
            price=price,
            callback_pct=callback_pct,
            activate_price=activate_price,
            close_position=close_position,
            reduce_only=reduce_only,
            position_side=position_side,
            working_type=working_type,
            price_protect=price_protect,
            time_in_force=time_in_force,
            client_algo_id=client_algo_id,
        )
        priority = priority_to_place(params)
        return algo_from_reply(self._calls.call("place_algo", AlgoReply, params, priority=priority))

    def cancel_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> None:
        params = algo_key(algo_id, client_algo_id)
        self._calls.call("cancel_algo", AlgoCancelReply, params)

    def cancel_all_algo_orders(self, symbol: str) -> None:
        self._calls.call("cancel_all_algo", ErrorReply, {"symbol": symbol})

    def query_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> AlgoUpdate:
        params = algo_key(algo_id, client_algo_id)
        return algo_from_reply(self._calls.call("query_algo", AlgoReply, params))

    def get_open_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        replies = self._calls.call("open_algos", list[AlgoReply], {"symbol": symbol})
        return [algo_from_reply(reply) for reply in replies]
