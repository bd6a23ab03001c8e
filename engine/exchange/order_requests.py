"""What a person or script gives for an order, as the venue's parameters. Pure.

Numbers are sent as plain text without exponents. Raises BadInput that names the
field, before anything is sent.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from engine.errors import BadInput
from engine.exchange.rate_limiter import Priority
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number, plain, to_decimal

E = TypeVar("E", bound=StrEnum)

Params = dict[str, object]

SELF_TRADE_PREVENTION = "EXPIRE_MAKER"
"""Always said: the venue's defaults differ between REST, batches and the order socket."""


def place_params(
    symbol: str,
    side: Side | str,
    order_type: OrderType | str,
    quantity: Number,
    price: Number | None,
    *,
    time_in_force: TimeInForce | str | None,
    reduce_only: bool,
    position_side: PositionSide | str,
    client_order_id: str | None,
) -> Params:
    kind = member(OrderType, order_type, "order_type")
    params: Params = {
        "symbol": symbol,
        "side": member(Side, side, "side"),
        "type": kind,
        "quantity": number_text(quantity, "quantity"),
        "newClientOrderId": client_order_id,
        # the answer then tells the state after matching, not only "taken"
        "newOrderRespType": "RESULT",
        "selfTradePreventionMode": SELF_TRADE_PREVENTION,
    }
    if kind is OrderType.LIMIT:
        if price is None:
            raise BadInput("price", "A limit order needs a price.")
        params["price"] = number_text(price, "price")
        params["timeInForce"] = member(
            TimeInForce, time_in_force or TimeInForce.GTC, "time_in_force"
        )
    elif kind is not OrderType.MARKET:
        raise BadInput("order_type", f"Only LIMIT and MARKET are placed here, not {kind}.")
    held = member(PositionSide, position_side, "position_side")
    if held is not PositionSide.BOTH:
        params["positionSide"] = held
    if reduce_only:
        params["reduceOnly"] = True
    return params


def amend_params(
    symbol: str,
    side: Side | str,
    quantity: Number,
    price: Number,
    *,
    order_id: int | None,
    client_order_id: str | None,
) -> Params:
    """The venue wants the side, and both numbers even when one does not change."""
    return {
        **order_key(symbol, order_id, client_order_id),
        "side": member(Side, side, "side"),
        "quantity": number_text(quantity, "quantity"),
        "price": number_text(price, "price"),
    }


def order_key(symbol: str, order_id: int | None, client_order_id: str | None) -> Params:
    """How one order is named; the venue's id wins over ours."""
    if order_id is not None:
        return {"symbol": symbol, "orderId": order_id}
    if client_order_id:
        return {"symbol": symbol, "origClientOrderId": client_order_id}
    raise BadInput("order_id", "Name the order by order_id or client_order_id.")


def member(kind: type[E], value: str, field: str) -> E:
    """The enum's member for a member or its text, in any case."""
    try:
        return kind(str(value).upper())
    except ValueError:
        known = ", ".join(item.value for item in kind)
        raise BadInput(field, f"{field} must be one of {known}; not {value!r}.") from None


def number_text(value: Number, field: str) -> str:
    return plain(to_decimal(value, field))


def priority_to_place(params: Params) -> Priority:
    """What can only reduce a position goes first, as cancels do (the venue lets it, too)."""
    held, side = params.get("positionSide"), params.get("side")
    closes_long = held is PositionSide.LONG and side is Side.SELL
    closes_short = held is PositionSide.SHORT and side is Side.BUY
    reduces = params.get("reduceOnly") or params.get("closePosition") or closes_long or closes_short
    return Priority.CANCEL if reduces else Priority.PLACE
