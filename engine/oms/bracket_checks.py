"""What we refuse of a bracket before a byte is sent, with the field and the fix. Pure."""

from __future__ import annotations

from decimal import Decimal

from engine.errors import OrderNotAllowed
from engine.market.instruments import Instrument
from engine.oms.contract_rules import check_waiting_price, refusal_of
from engine.protection_commands import PlaceBracket
from engine.trading_types import OrderType, PositionSide, Side
from engine.utils.decimals import plain


def check_bracket(command: PlaceBracket, instrument: Instrument, price_now: Decimal | None) -> None:
    """Raises OrderNotAllowed. The entry's own rules are checked when it is placed."""
    if command.position_side is not PositionSide.BOTH:
        _check_opens(command.side, command.position_side)
    # what triggers is a market order, which may have a smaller limit than a limit entry
    found = instrument.problems(
        side=command.side,
        order_type=OrderType.MARKET,
        quantity=command.quantity,
        price=None,
        reduce_only=True,
    )
    if found:
        raise refusal_of(found[0])
    check_exits(
        command.side,
        command.stop_price,
        command.target_price,
        instrument,
        entry_price_of(command, price_now),
    )


def entry_price_of(command: PlaceBracket, price_now: Decimal | None) -> Decimal | None:
    """About where the entry trades: at its limit, or better where the market is better now."""
    if command.price is None or price_now is None:
        return command.price if price_now is None else price_now
    better = min if command.side is Side.BUY else max
    return better(command.price, price_now)


def check_exits(
    side: Side,
    stop_price: Decimal | None,
    target_price: Decimal | None,
    instrument: Instrument,
    reference: Decimal | None,
) -> None:
    """`reference`: the price that the exits lie around; None: not known.

    `side` is the position's. Raises OrderNotAllowed.
    """
    if stop_price is None and target_price is None:
        raise OrderNotAllowed("stop_price", "Give a stop price, a target price or both.")
    is_long = side is Side.BUY
    _check_price("stop_price", stop_price, instrument, reference, is_below=is_long)
    _check_price("target_price", target_price, instrument, reference, is_below=not is_long)


def _check_price(
    field: str,
    price: Decimal | None,
    instrument: Instrument,
    reference: Decimal | None,
    *,
    is_below: bool,
) -> None:
    if price is None:
        return
    label = field.replace("_", " ").capitalize()
    check_waiting_price(field, label, price, instrument)
    if reference is None or (price < reference if is_below else price > reference):
        return
    step = -instrument.tick_size if is_below else instrument.tick_size
    where = "below" if is_below else "above"
    raise OrderNotAllowed(
        field,
        f"{label} must be {where} {plain(reference)}, or it would trigger at once.",
        plain(instrument.round_price(reference) + step),
    )


def _check_opens(side: Side, position_side: PositionSide) -> None:
    if (side is Side.BUY) is not (position_side is PositionSide.LONG):
        fix = PositionSide.LONG if side is Side.BUY else PositionSide.SHORT
        raise OrderNotAllowed(
            "position_side", f"A {side} does not open a {position_side} position.", fix.value
        )
