"""From the text of an algo request to a conditional order, or the venue's refusal."""

from __future__ import annotations

from decimal import Decimal

from engine.paper.contract_specs import ContractSpec
from engine.paper.paper_algo_orders import PaperAlgoOrder
from engine.paper.paper_order_request import (
    Params,
    check_price,
    check_quantity,
    flag,
    parse_client_id,
    parse_number,
    parse_position_side,
    parse_price,
    parse_price_match,
    parse_side,
    parse_stp,
    required,
    whole_number,
)
from engine.paper.paper_refusals import bad_value, not_required, refusal

_TYPES = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")
_LIMIT_TYPES = ("STOP", "TAKE_PROFIT")
_CLOSING_TYPES = ("STOP_MARKET", "TAKE_PROFIT_MARKET")
_TIMES_IN_FORCE = ("GTC", "IOC", "FOK", "GTX", "GTD", "GTE_GTC")
_SMALLEST_CALLBACK = Decimal("0.1")
_LARGEST_CALLBACK = Decimal(20)
_GTD_LEAD_MS = 600_000


def parse_algo(params: Params, spec: ContractSpec, account_id: str, now_ms: int) -> PaperAlgoOrder:
    """An order with no id yet. Raises VenueError for the first thing that is wrong."""
    if required(params, "algoType") != "CONDITIONAL":
        raise bad_value("algoType")
    side, kind = parse_side(params), required(params, "type")
    if kind not in _TYPES:
        raise refusal(-1116)
    closes = flag(params, "closePosition")
    if closes:
        _check_closing(params, kind)
    time_in_force = _time_in_force(params, closes=closes)
    algo = PaperAlgoOrder(
        account_id=account_id,
        symbol=spec.symbol,
        algo_id=0,
        client_algo_id=parse_client_id(params, "clientAlgoId"),
        side=side,
        type=kind,
        time_in_force=time_in_force,
        created_ms=now_ms,
        updated_ms=now_ms,
        position_side=parse_position_side(params),
        working_type=_working_type(params),
        price_protect=flag(params, "priceProtect"),
        reduce_only=flag(params, "reduceOnly"),
        close_position=closes,
        self_trade_prevention=parse_stp(params, "NONE"),
        good_till_ms=_good_till(params, time_in_force, now_ms),
    )
    if not closes:
        quantity = parse_number(params, "quantity")
        algo.qty_steps = check_quantity(quantity, spec, is_market=kind not in _LIMIT_TYPES)
    _take_prices(algo, params, spec)
    return algo


def _take_prices(algo: PaperAlgoOrder, params: Params, spec: ContractSpec) -> None:
    if algo.type in _LIMIT_TYPES:
        algo.price_match = parse_price_match(params, is_market=False)
        if algo.price_match == "NONE":
            algo.price_ticks = parse_price(params, "price", spec)
    elif params.get("price"):
        raise not_required("price")
    if not algo.is_trailing:
        algo.trigger_ticks = parse_price(params, "triggerPrice", spec)
        return
    algo.callback_rate = parse_number(params, "callbackRate")
    if not _SMALLEST_CALLBACK <= algo.callback_rate <= _LARGEST_CALLBACK:
        raise refusal(-4136)
    if params.get("activatePrice"):
        algo.activate_ticks = check_price(parse_number(params, "activatePrice"), spec)


def _check_closing(params: Params, kind: str) -> None:
    if kind not in _CLOSING_TYPES:
        raise bad_value("closePosition")
    if params.get("quantity"):
        raise refusal(-4137)
    if params.get("reduceOnly"):
        raise refusal(-4138)


def _time_in_force(params: Params, *, closes: bool) -> str:
    """A stop that closes the position goes with it: good till expired."""
    text = params.get("timeInForce") or "GTC"
    if text not in _TIMES_IN_FORCE:
        raise refusal(-1115)
    return "GTE_GTC" if closes and text == "GTC" else text


def _working_type(params: Params) -> str:
    text = params.get("workingType") or "CONTRACT_PRICE"
    if text not in ("CONTRACT_PRICE", "MARK_PRICE"):
        raise refusal(-4031)
    return text


def _good_till(params: Params, time_in_force: str, now_ms: int) -> int:
    good_till_ms = whole_number(params, "goodTillDate")
    if time_in_force != "GTD":
        return 0
    if good_till_ms is None or good_till_ms <= now_ms + _GTD_LEAD_MS:
        raise refusal(-5040)
    return good_till_ms // 1000 * 1000
