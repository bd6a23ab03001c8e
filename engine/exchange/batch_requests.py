"""Several orders in one call: their parameters, and an answer for each. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from engine.errors import BadInput, OutcomeUnknown, PerpdeskError
from engine.exchange.gateway_orders import BatchResult, NewOrder, OrderAmendment
from engine.exchange.order_requests import Params, amend_params, place_params
from engine.exchange.translate_rows import order_from_reply
from engine.wire.codec import UNREADABLE, decode_reply
from engine.wire.outcomes import classify, error_for
from engine.wire.rest_messages import ErrorReply, OrderReply

_LONGEST = 5
_LONGEST_CANCEL = 10
_ELEMENT_STATUS = 400  # an element's error comes without a status of its own


def place_batch_params(orders: Sequence[NewOrder]) -> Params:
    _check_length("orders", len(orders), _LONGEST)
    return _batch([new_order_params(order) for order in orders])


def new_order_params(order: NewOrder) -> Params:
    return place_params(
        order.symbol,
        order.side,
        order.type,
        order.quantity,
        order.price,
        time_in_force=order.time_in_force,
        reduce_only=order.reduce_only,
        position_side=order.position_side,
        client_order_id=order.client_order_id,
    )


def amend_batch_params(amendments: Sequence[OrderAmendment]) -> Params:
    _check_length("amendments", len(amendments), _LONGEST)
    rows = [
        amend_params(
            one.symbol,
            one.side,
            one.quantity,
            one.price,
            order_id=one.order_id,
            client_order_id=one.client_order_id,
        )
        for one in amendments
    ]
    return _batch(rows)


def cancel_batch_params(
    symbol: str, order_ids: Sequence[int], client_order_ids: Sequence[str]
) -> Params:
    if bool(order_ids) == bool(client_order_ids):
        raise BadInput("order_ids", "Name the orders by order_ids or client_order_ids.")
    ids: Sequence[int | str] = order_ids or client_order_ids
    _check_length("order_ids", len(ids), _LONGEST_CANCEL)
    name = "orderIdList" if order_ids else "origClientOrderIdList"
    return {"symbol": symbol, name: _json(list(ids))}


def batch_results(elements: Sequence[msgspec.Raw], wanted: int) -> list[BatchResult]:
    """In the order of the request. An answer of another length tells nothing of any."""
    if len(elements) != wanted:
        return [OutcomeUnknown("The exchange answered for another number of orders.")] * wanted
    return [_result(bytes(element)) for element in elements]


def _result(element: bytes) -> BatchResult:
    try:
        error = decode_reply(element, ErrorReply)
        if error.code < 0:
            return _refusal(error)
        return order_from_reply(decode_reply(element, OrderReply))
    except UNREADABLE:
        return OutcomeUnknown("The exchange's answer could not be read.")


def _refusal(error: ErrorReply) -> PerpdeskError:
    outcome = classify(_ELEMENT_STATUS, error.code, error.msg, True)
    return error_for(outcome, _ELEMENT_STATUS, error.code, error.msg)


def _batch(rows: list[Params]) -> Params:
    return {"batchOrders": _json([_texts(row) for row in rows])}


def _texts(row: Params) -> dict[str, str]:
    """Every value as text: that is how the venue documents an element."""
    texts = {}
    for name, value in row.items():
        if value is not None and value != "":
            texts[name] = ("true" if value else "false") if isinstance(value, bool) else str(value)
    return texts


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode("utf-8")


def _check_length(field: str, length: int, longest: int) -> None:
    if not 1 <= length <= longest:
        raise BadInput(field, f"{field} must have 1 to {longest} elements, not {length}.")
