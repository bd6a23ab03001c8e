"""What a person or script gives for a conditional order, as the venue's parameters. Pure."""

from __future__ import annotations

from engine.errors import BadInput
from engine.exchange.order_requests import SELF_TRADE_PREVENTION, Params, member, number_text
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce, WorkingType
from engine.utils.decimals import Number

_LIMIT_TYPES = (OrderType.STOP, OrderType.TAKE_PROFIT)
_CLOSING_TYPES = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
_TRAILING = OrderType.TRAILING_STOP_MARKET


def algo_params(
    symbol: str,
    side: Side | str,
    order_type: OrderType | str,
    quantity: Number | None,
    *,
    trigger_price: Number | None,
    price: Number | None,
    callback_pct: Number | None,
    activate_price: Number | None,
    close_position: bool,
    reduce_only: bool,
    position_side: PositionSide | str,
    working_type: WorkingType | str,
    price_protect: bool,
    time_in_force: TimeInForce | str | None,
    client_algo_id: str | None,
) -> Params:
    """Raises BadInput that names the field, before anything is sent."""
    kind = member(OrderType, order_type, "order_type")
    if kind not in (*_LIMIT_TYPES, *_CLOSING_TYPES, _TRAILING):
        raise BadInput("order_type", f"{kind} is no conditional order.")
    params: Params = {
        "algoType": "CONDITIONAL",
        "symbol": symbol,
        "side": member(Side, side, "side"),
        "type": kind,
        "workingType": member(WorkingType, working_type, "working_type"),
        "clientAlgoId": client_algo_id,
        "selfTradePreventionMode": SELF_TRADE_PREVENTION,
        **_size(kind, quantity, close_position=close_position, reduce_only=reduce_only),
    }
    if kind is _TRAILING:
        params |= _trailing(callback_pct, activate_price)
    else:
        params["triggerPrice"] = _needed(trigger_price, "trigger_price", kind)
    if kind in _LIMIT_TYPES:
        params["price"] = _needed(price, "price", kind)
        params["timeInForce"] = member(
            TimeInForce, time_in_force or TimeInForce.GTC, "time_in_force"
        )
    held = member(PositionSide, position_side, "position_side")
    if held is not PositionSide.BOTH:
        params["positionSide"] = held
    if price_protect:
        params["priceProtect"] = True
    return params


def algo_key(algo_id: int | None, client_algo_id: str | None) -> Params:
    """How one conditional order is named; the venue's id wins over ours."""
    if algo_id is not None:
        return {"algoId": algo_id}
    if client_algo_id:
        return {"clientAlgoId": client_algo_id}
    raise BadInput("algo_id", "Name the order by algo_id or client_algo_id.")


def _size(
    kind: OrderType, quantity: Number | None, *, close_position: bool, reduce_only: bool
) -> Params:
    if not close_position:
        params: Params = {"quantity": _needed(quantity, "quantity", kind)}
        if reduce_only:
            params["reduceOnly"] = True
        return params
    if kind not in _CLOSING_TYPES:
        raise BadInput("close_position", f"{kind} cannot close a whole position.")
    if quantity is not None:
        raise BadInput("quantity", "An order that closes the position takes no quantity.")
    # it only ever reduces, and the venue refuses to be told so
    return {"closePosition": True}


def _trailing(callback_pct: Number | None, activate_price: Number | None) -> Params:
    params: Params = {"callbackRate": _needed(callback_pct, "callback_pct", _TRAILING)}
    if activate_price is not None:
        params["activatePrice"] = number_text(activate_price, "activate_price")
    return params


def _needed(value: Number | None, field: str, kind: OrderType) -> str:
    if value is None:
        raise BadInput(field, f"{kind} needs {field}.")
    return number_text(value, field)
