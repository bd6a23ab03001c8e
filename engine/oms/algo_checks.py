"""What we refuse of a conditional order before a byte is sent, with the reason and the fix.

Source: algo order rules of the venue (types, closePosition, callbackRate 0.1 to 20,
200 waiting ones an account, -2021 for a trigger that is reached already).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.oms.algo_models import AlgoOrder
from engine.oms.contract_rules import check_waiting_price, refusal_of
from engine.protection_commands import PlaceAlgo
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderType, PositionSide, Side
from engine.utils.decimals import plain
from engine.views import ZERO

LIMIT_TYPES = (OrderType.STOP, OrderType.TAKE_PROFIT)
_CLOSING_TYPES = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)
_STOPS = (OrderType.STOP, OrderType.STOP_MARKET)
_TRAILING = OrderType.TRAILING_STOP_MARKET
CONDITIONAL_TYPES = (*LIMIT_TYPES, *_CLOSING_TYPES, _TRAILING)
MAX_WAITING = 200
_SMALLEST_CALLBACK, _LARGEST_CALLBACK = Decimal("0.1"), Decimal(20)


def check_algo(
    command: PlaceAlgo,
    instrument: Instrument,
    *,
    waiting: int,
    lost: Iterable[AlgoOrder],
    price_now: Decimal | None,
    closed_because: str,
) -> None:
    """Raises OrderNotAllowed. `price_now`: what its trigger is compared with, where known.

    `closed_because`: why no new risk may be taken now, or "".
    """
    if closed_because and not _only_reduces(command):
        raise OrderNotAllowed("", closed_because)
    _check_fields(command)
    _check_size(command)
    _check_amounts(command, instrument, price_now)
    if price_now is not None and not closed_because:  # without a line it may be old
        _check_side(command, instrument, price_now)
    if waiting >= MAX_WAITING:
        raise OrderNotAllowed(
            "", f"{waiting} conditional orders wait already; the exchange allows {MAX_WAITING}."
        )
    _check_twin(command, lost)


def _only_reduces(command: PlaceAlgo) -> bool:
    """With long and short side by side it is the position side that says so."""
    closes_its_side = (command.position_side, command.side) in (
        (PositionSide.LONG, Side.SELL),
        (PositionSide.SHORT, Side.BUY),
    )
    return command.reduce_only or command.close_position or closes_its_side


def _check_fields(command: PlaceAlgo) -> None:
    kind = command.type
    if kind not in CONDITIONAL_TYPES:
        known = ", ".join(CONDITIONAL_TYPES)
        raise OrderNotAllowed("type", f"{kind} is no conditional order; those are {known}.")
    if kind is _TRAILING:
        _need(command.callback_pct, "callback_pct", kind)
        _refuse(command.trigger_price, "trigger_price", "A trailing stop takes activate_price")
    else:
        _need(command.trigger_price, "trigger_price", kind)
        _refuse(command.callback_pct, "callback_pct", "Only a trailing stop has a callback")
        _refuse(command.activate_price, "activate_price", "Only a trailing stop is activated")
    if kind in LIMIT_TYPES:
        _need(command.price, "price", kind)
    else:
        _refuse(command.price, "price", f"{kind} trades at market")


def _need(value: Decimal | None, field: str, kind: OrderType) -> None:
    if value is None:
        raise OrderNotAllowed(field, f"{kind} needs {field}.")


def _refuse(value: Decimal | None, field: str, why: str) -> None:
    if value is not None:
        raise OrderNotAllowed(field, f"{why}; leave {field} out.")


def _check_size(command: PlaceAlgo) -> None:
    held = command.position_side
    if command.reduce_only and held is not PositionSide.BOTH:
        raise OrderNotAllowed(
            "reduce_only", "With long and short held side by side reduce-only does not exist."
        )
    if not command.close_position:
        _need(command.quantity, "quantity", command.type)
        return
    if command.type not in _CLOSING_TYPES:
        raise OrderNotAllowed(
            "close_position", f"{command.type} cannot close a whole position; give a quantity."
        )
    _refuse(command.quantity, "quantity", "An order that closes the position takes no quantity")
    if command.reduce_only:
        raise OrderNotAllowed(
            "reduce_only", "An order that closes the position only reduces; leave it out."
        )
    if (held is PositionSide.LONG) is (command.side is Side.BUY) and held is not PositionSide.BOTH:
        raise OrderNotAllowed("side", f"A {command.side} cannot close a {held} position.")


def _check_amounts(command: PlaceAlgo, instrument: Instrument, price_now: Decimal | None) -> None:
    _check_price("trigger_price", "Trigger price", instrument, command.trigger_price)
    _check_price("activate_price", "Activation price", instrument, command.activate_price)
    callback = command.callback_pct
    if callback is not None and not _SMALLEST_CALLBACK <= callback <= _LARGEST_CALLBACK:
        nearest = min(max(callback, _SMALLEST_CALLBACK), _LARGEST_CALLBACK)
        sentence = "The callback must be between 0.1 and 20 percent."
        raise OrderNotAllowed("callback_pct", sentence, plain(nearest))
    if command.quantity is None:
        return
    is_limit = command.type in LIMIT_TYPES
    # its worth is what it will be at the trigger
    worth_at = command.trigger_price or command.activate_price or price_now
    found = instrument.problems(
        side=command.side,
        order_type=OrderType.LIMIT if is_limit else OrderType.MARKET,
        quantity=command.quantity,
        price=command.price,
        mark_price=None if is_limit else worth_at,
        reduce_only=command.reduce_only or command.position_side is not PositionSide.BOTH,
    )
    if found:
        raise refusal_of(found[0])


def _check_price(field: str, label: str, instrument: Instrument, price: Decimal | None) -> None:
    if price is None:
        return
    if price <= 0:
        raise OrderNotAllowed(field, f"{label} must be above zero.")
    check_waiting_price(field, label, price, instrument)


def _check_side(command: PlaceAlgo, instrument: Instrument, price_now: Decimal) -> None:
    """A trigger that is reached already would be refused by the venue (-2021, -4135)."""
    if command.type is _TRAILING:
        wanted, field = command.activate_price, "activate_price"
        must_be_above = command.side is Side.SELL
    else:
        wanted, field = command.trigger_price, "trigger_price"
        must_be_above = (command.type in _STOPS) is (command.side is Side.BUY)
    if wanted is None or (wanted > price_now if must_be_above else wanted < price_now):
        return
    step = instrument.tick_size if must_be_above else -instrument.tick_size
    where = "above" if must_be_above else "below"
    raise OrderNotAllowed(
        field,
        f"The {field.replace('_', ' ')} of a {command.side} {command.type} must be {where} the"
        f" price now ({plain(price_now)}); it would trigger at once.",
        plain(instrument.round_price(price_now) + step),
    )


def _check_twin(command: PlaceAlgo, lost: Iterable[AlgoOrder]) -> None:
    """One that may exist already is not placed a second time."""
    for algo in lost:
        if algo.status is AlgoStatus.UNKNOWN and _is_twin(command, algo.view):
            raise OrderNotAllowed(
                "",
                f"The same order was sent as {algo.client_algo_id} and nobody knows yet"
                " whether it exists. Wait until the exchange has answered.",
            )


def _is_twin(command: PlaceAlgo, view: AlgoView) -> bool:
    return (
        command.symbol == view.symbol
        and command.side is view.side
        and command.type == view.type
        and (command.trigger_price or ZERO) == view.trigger_price
        and (command.quantity or ZERO) == view.quantity
    )
