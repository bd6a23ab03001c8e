"""Orders and trades: place, amend, cancel and look up, one at a time or in batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from engine.errors import VenueError
from engine.paper.paper_call import DAY_MS, Call, Handler
from engine.paper.paper_checks import matched_price
from engine.paper.paper_market import PaperMarket
from engine.paper.paper_order_request import (
    Params,
    check_quantity,
    flag,
    parse_number,
    parse_order,
    parse_price,
    parse_price_match,
    parse_side,
    required,
    whole_number,
)
from engine.paper.paper_orders import PaperOrder
from engine.paper.paper_refusals import missing, not_required, refusal

_LONGEST_BATCH = 5
_LONGEST_CANCEL_BATCH = 10
_LONGEST_QUERY_MS = 7 * DAY_MS
_SUCCESS = {"code": 200, "msg": "The operation of cancel all open order is done."}


def place(call: Call) -> object:
    call.check_deadline()
    market = call.market()
    request = parse_order(call.params, market.spec, call.now_ms, default_stp=call.default_stp)
    return call.exchange.place(call.account, market, request, call.now_ms)[1]


def _test(call: Call) -> object:
    """All checks, no order; the answer has an order's shape."""
    market = call.market()
    request = parse_order(call.params, market.spec, call.now_ms, default_stp=call.default_stp)
    return call.exchange.accept(call.account, market, request, call.now_ms).written(market.grid)


def find_order(call: Call, market: PaperMarket) -> PaperOrder | None:
    """By orderId, which wins, or origClientOrderId. Raises -1102 without either."""
    order_id = whole_number(call.params, "orderId")
    if order_id is not None:
        return call.account.orders.get((market.symbol, order_id))
    client_id = call.params.get("origClientOrderId")
    if not client_id:
        raise refusal(
            -1102,
            "Either 'origClientOrderId' or 'orderId' must be sent, both were empty/null.",
        )
    return call.account.last_by_client_id.get((market.symbol, client_id))


def cancel(call: Call) -> object:
    market = call.market()
    order = find_order(call, market)
    if order is None or not order.is_open:
        raise refusal(-2011)
    return call.exchange.cancel(call.account, order, call.now_ms)


def amend(call: Call) -> object:
    call.check_deadline()
    market = call.market()
    order = find_order(call, market)
    if order is None or not order.is_open:
        raise refusal(-2013)
    if parse_side(call.params) != order.side:
        raise refusal(-1117)
    if flag(call.params, "reduceOnly") and not order.reduce_only:
        raise refusal(-5047)
    quantity = parse_number(call.params, "quantity")
    qty_steps = check_quantity(quantity, market.spec, is_market=False)
    price_match = parse_price_match(call.params, is_market=False)
    if price_match != "NONE":
        price_ticks = matched_price(market, order.side, price_match)
    else:
        price_ticks = parse_price(call.params, "price", market.spec)
    return call.exchange.amend(
        call.account,
        order,
        price_ticks,
        qty_steps,
        call.now_ms,
        modify_id=whole_number(call.params, "modifyId"),
    )


def query(call: Call) -> object:
    market = call.market()
    order = find_order(call, market)
    if order is None or _forgotten(order, call.now_ms):
        raise refusal(-2013)
    return order.queried(market.grid)


def _forgotten(order: PaperOrder, now_ms: int) -> bool:
    """Unfilled cancelled orders vanish after 3 days, all after 90 (venue rule)."""
    if order.is_open:
        return False
    age_ms = now_ms - order.updated_ms
    unfilled = not order.executed_steps and order.status in ("CANCELED", "EXPIRED")
    return age_ms > (3 if unfilled else 90) * DAY_MS


def _open_order(call: Call) -> object:
    market = call.market()
    order = find_order(call, market)
    if order is None or not order.is_open:
        raise refusal(-2013)
    return order.queried(market.grid)


def _open_orders(call: Call) -> object:
    return [
        order.queried(market.grid)
        for market in call.markets()
        for order in call.account.open_orders.get(market.symbol, {}).values()
    ]


def _all_orders(call: Call) -> object:
    symbol = call.market().symbol if call.params.get("symbol") else None
    start_ms, end_ms = call.times(_LONGEST_QUERY_MS)
    from_id = whole_number(call.params, "orderId")
    orders: list[PaperOrder] = []
    for order in reversed(call.account.orders.values()):  # ids rise, so the rest is older
        if order.order_id < (from_id or 0) or order.created_ms < (start_ms or 0):
            break
        if (
            (symbol is None or order.symbol == symbol)
            and (end_ms is None or order.created_ms <= end_ms)
            and not _forgotten(order, call.now_ms)
        ):
            orders.append(order)
    orders.reverse()
    limit = call.limit(500, 1000)
    chosen = orders[-limit:] if from_id is None and start_ms is None else orders[:limit]
    return [
        {**order.queried(call.exchange.grids[order.symbol]), "cumBase": "0", "pair": order.symbol}
        for order in chosen
    ]


def _user_trades(call: Call) -> object:
    market = call.market()
    start_ms, end_ms = call.times(_LONGEST_QUERY_MS)
    from_id, order_id = (
        whole_number(call.params, "fromId"),
        whole_number(call.params, "orderId"),
    )
    if from_id is not None and (start_ms is not None or end_ms is not None):
        raise refusal(-1128)
    fills = [
        fill
        for fill in call.account.fills.get(market.symbol, ())
        if (from_id is None or fill.trade_id >= from_id)
        and (order_id is None or fill.order_id == order_id)
        and (start_ms is None or fill.time_ms >= start_ms)
        and (end_ms is None or fill.time_ms <= end_ms)
    ]
    limit = call.limit(500, 1000)
    chosen = fills[-limit:] if from_id is None and start_ms is None else fills[:limit]
    return [fill.row(market.grid) for fill in chosen]


def _cancel_all(call: Call) -> object:
    market = call.market()
    for order in list(call.account.open_orders.get(market.symbol, {}).values()):
        call.exchange.cancel(call.account, order, call.now_ms)
    return _SUCCESS


def _amendments(call: Call) -> object:
    market = call.market()
    order = find_order(call, market)
    start_ms, end_ms = call.times()
    rows = [
        change.row(market.grid)
        for change in call.account.amendments
        if order is not None
        and change.order_id == order.order_id
        and change.symbol == market.symbol
        and (start_ms is None or change.time_ms >= start_ms)
        and (end_ms is None or change.time_ms <= end_ms)
    ]
    rows.reverse()
    return rows[: call.limit(50, 100)]


# batches


def _batch(call: Call, handle: Callable[[Call], object]) -> object:
    """Each element succeeds or fails alone; the whole answers 200 (venue rule)."""
    return [_alone(call, params, handle) for params in _elements(call)]


def _alone(call: Call, params: Params, handle: Callable[[Call], object]) -> object:
    try:
        return handle(msgspec.structs.replace(call, params=params, default_stp="NONE"))
    except VenueError as error:
        return {"code": error.code, "msg": error.text}


def _elements(call: Call) -> list[dict[str, str]]:
    text = required(call.params, "batchOrders")
    try:
        raw = msgspec.json.decode(text.encode("utf-8"), type=list[dict[str, object]])
    except (msgspec.MsgspecError, UnicodeError):
        raise refusal(-1130, "Data sent for parameter 'batchOrders' is not valid.") from None
    if not 1 <= len(raw) <= _LONGEST_BATCH:
        raise refusal(-4082)
    return [{name: _as_text(value) for name, value in row.items()} for row in raw]


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _place_batch(call: Call) -> object:
    return _batch(call, place)


def _amend_batch(call: Call) -> object:
    return _batch(call, amend)


def _cancel_batch(call: Call) -> object:
    symbol = call.market().symbol
    order_ids, client_ids = call.params.get("orderIdList"), call.params.get("origClientOrderIdList")
    if not order_ids and not client_ids:
        raise missing("orderIdList")
    if order_ids and client_ids:
        raise not_required("origClientOrderIdList")
    name, kind, text = (
        ("orderId", int, order_ids) if order_ids else ("origClientOrderId", str, client_ids)
    )
    try:
        ids = msgspec.json.decode((text or "").encode("utf-8"), type=list[kind], strict=False)  # type: ignore[valid-type]
    except (msgspec.MsgspecError, UnicodeError):
        raise refusal(-1130, f"Data sent for parameter '{name}List' is not valid.") from None
    if not 1 <= len(ids) <= _LONGEST_CANCEL_BATCH:
        raise refusal(-4032)
    return [_alone(call, {"symbol": symbol, name: str(one)}, cancel) for one in ids]


ORDER_REQUESTS: Mapping[str, Handler] = {
    "place_order": place,
    "test_order": _test,
    "amend_order": amend,
    "cancel_order": cancel,
    "query_order": query,
    "place_batch": _place_batch,
    "amend_batch": _amend_batch,
    "cancel_batch": _cancel_batch,
    "cancel_all": _cancel_all,
    "open_order": _open_order,
    "open_orders": _open_orders,
    "all_orders": _all_orders,
    "user_trades": _user_trades,
    "order_amendments": _amendments,
}
