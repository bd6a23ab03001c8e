"""From the text of a request to an order that the contract's filters allow.

Only what can be decided without the account and the book is decided here. The
numbers are refused as the venue refuses them, in its order: form, sign, bounds,
grid.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.paper.contract_specs import ContractSpec
from engine.paper.paper_refusals import bad_value, illegal, missing, not_required, refusal

Params = Mapping[str, str]

_LEGAL_NUMBER = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_SIDES = ("BUY", "SELL")
_ALGO_TYPES = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)
_TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK", "GTX", "GTD", "RPI"})
_STP_MODES = frozenset({"NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"})
PRICE_MATCHES = frozenset(
    {
        "NONE",
        "OPPONENT",
        "OPPONENT_5",
        "OPPONENT_10",
        "OPPONENT_20",
        "QUEUE",
        "QUEUE_5",
        "QUEUE_10",
        "QUEUE_20",
    }
)
_GTD_LEAD_MS = 600_000
_GTD_LATEST_MS = 253_402_300_799_000


class OrderRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`price_ticks` is 0 for MARKET, and for a price match until the book is asked."""

    side: str
    type: str
    qty_steps: int
    time_in_force: str = "GTC"
    price_ticks: int = 0
    price_match: str = "NONE"
    position_side: str = "BOTH"
    reduce_only: bool = False
    client_order_id: str = ""
    wants_result: bool = False
    self_trade_prevention: str = "EXPIRE_MAKER"
    good_till_ms: int = 0
    close_position: bool = False
    # of an order that was born from a conditional one
    original_type: str = ""
    stop_ticks: int = 0
    working_type: str = "CONTRACT_PRICE"
    price_protect: bool = False
    activate_price: str = ""
    callback_rate: str = ""


def parse_order(
    params: Params, spec: ContractSpec, now_ms: int, *, default_stp: str = "EXPIRE_MAKER"
) -> OrderRequest:
    """Raises VenueError with the venue's code for the first thing that is wrong."""
    side = parse_side(params)
    order_type = required(params, "type")
    if order_type in _ALGO_TYPES:
        raise refusal(-4120)
    if order_type not in ("LIMIT", "MARKET"):
        raise refusal(-1116)
    is_market = order_type == "MARKET"
    price_match = parse_price_match(params, is_market=is_market)
    time_in_force = _time_in_force(params, is_market=is_market)
    quantity = parse_number(params, "quantity")
    price_ticks = 0
    if is_market:
        if params.get("price"):
            raise not_required("price")
    elif price_match == "NONE":
        price_ticks = parse_price(params, "price", spec)
    return OrderRequest(
        side=side,
        type=order_type,
        qty_steps=check_quantity(quantity, spec, is_market=is_market),
        time_in_force=time_in_force,
        price_ticks=price_ticks,
        price_match=price_match,
        position_side=parse_position_side(params),
        reduce_only=flag(params, "reduceOnly"),
        client_order_id=parse_client_id(params, "newClientOrderId"),
        wants_result=_wants_result(params),
        self_trade_prevention=parse_stp(params, default_stp),
        good_till_ms=_good_till(params, time_in_force, now_ms),
    )


def required(params: Params, name: str) -> str:
    text = params.get(name)
    if not text:
        raise missing(name)
    return text


def flag(params: Params, name: str) -> bool:
    text = params.get(name, "")
    if text.lower() == "true":
        return True
    if text.lower() in ("", "false"):
        return False
    raise bad_value(name)


def whole_number(params: Params, name: str) -> int | None:
    text = params.get(name)
    if not text:
        return None
    if not _INTEGER.fullmatch(text):
        raise illegal(name, "^[0-9]{1,20}$")
    return int(text)


def parse_side(params: Params) -> str:
    side = required(params, "side")
    if side not in _SIDES:
        raise refusal(-1117)
    return side


def parse_number(params: Params, name: str) -> Decimal:
    text = required(params, name)
    if not _NUMBER.fullmatch(text):
        raise illegal(name, _LEGAL_NUMBER)
    return Decimal(text)


def parse_price(params: Params, name: str, spec: ContractSpec) -> int:
    """A limit or trigger price in ticks."""
    return check_price(parse_number(params, name), spec)


def check_price(price: Decimal, spec: ContractSpec) -> int:
    if price <= 0:
        raise refusal(-4001)
    if _decimals(price) > spec.price_precision:
        raise refusal(-1111)
    if price > spec.max_price:
        raise refusal(-4002)
    if price < spec.min_price:
        raise refusal(-4013)
    try:
        return spec.price_to_ticks(price)
    except ValueError:
        raise refusal(-4014) from None


def check_quantity(quantity: Decimal, spec: ContractSpec, *, is_market: bool) -> int:
    if quantity <= 0:
        raise refusal(-4003)
    if _decimals(quantity) > spec.quantity_precision:
        raise refusal(-1111)
    if quantity < spec.min_qty:
        raise refusal(-4004)
    if quantity > (spec.market_max_qty if is_market else spec.max_qty):
        raise refusal(-4005)
    try:
        return spec.qty_to_steps(quantity)
    except ValueError:
        raise refusal(-4023) from None


def parse_price_match(params: Params, *, is_market: bool) -> str:
    price_match = params.get("priceMatch") or "NONE"
    if price_match not in PRICE_MATCHES:
        raise refusal(-5037)
    if price_match == "NONE":
        return price_match
    if is_market:
        raise refusal(-5038)
    if params.get("price"):
        raise not_required("price")
    return price_match


def parse_position_side(params: Params) -> str:
    side = params.get("positionSide") or "BOTH"
    if side not in ("BOTH", "LONG", "SHORT"):
        raise refusal(-4060)
    return side


def parse_client_id(params: Params, name: str) -> str:
    """Empty when the venue is to make one up."""
    text = params.get(name, "")
    if text and not _CLIENT_ID.fullmatch(text):
        if len(text) > 36:
            raise refusal(-4015, "Client order id length should be less than 36 chars")
        raise refusal(-4015)
    return text


def parse_stp(params: Params, default: str) -> str:
    mode = params.get("selfTradePreventionMode") or default
    if mode not in _STP_MODES:
        raise refusal(-5039)
    return mode


def _time_in_force(params: Params, *, is_market: bool) -> str:
    text = params.get("timeInForce", "")
    if is_market:
        if text:
            raise not_required("timeinforce")
        return "GTC"
    if not text:
        raise missing("timeinforce")
    if text not in _TIMES_IN_FORCE:
        raise refusal(-1115)
    return text


def _wants_result(params: Params) -> bool:
    text = params.get("newOrderRespType") or "ACK"
    if text not in ("ACK", "RESULT"):
        raise refusal(-1136, "Invalid newOrderRespType")
    return text == "RESULT"


def _good_till(params: Params, time_in_force: str, now_ms: int) -> int:
    good_till_ms = whole_number(params, "goodTillDate")
    if time_in_force != "GTD":
        if good_till_ms:
            raise not_required("goodTillDate")
        return 0
    if good_till_ms is None:
        raise missing("goodTillDate")
    if not now_ms + _GTD_LEAD_MS < good_till_ms < _GTD_LATEST_MS:
        raise refusal(-5040)
    return good_till_ms // 1000 * 1000


def _decimals(number: Decimal) -> int:
    """Decimals that matter: 0.1000 has one."""
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
