"""What the kill switch does next, decided from what is left. Pure.

Cancels go first, since what rests may fill again; then everything that is held is
closed by orders that cannot open anything. Repeating a step is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

import msgspec

from engine.commands import PlaceOrder
from engine.oms.position_closing import reducing_order
from engine.protection_views import AlgoView
from engine.trading_types import AlgoStatus, OrderStatus
from engine.utils.decimals import plain
from engine.views import OrderView, PositionView

_CHUNKS = 5  # orders at a time for a position beyond the largest market order


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What there is. `is_proven`: all three were read from the exchange, in this order:
    conditional orders, orders, positions. Each turns into the next, so nothing slips between.
    """

    algos: Mapping[str, int] = {}  # how many, by symbol
    orders: Mapping[str, int] = {}
    positions: tuple[PositionView, ...] = ()
    unanswered: tuple[
        OrderView | AlgoView, ...
    ] = ()  # sent by us; nobody knows yet whether they exist
    is_proven: bool = False

    @property
    def is_flat(self) -> bool:
        is_empty = not (self.algos or self.orders or self.positions or self.unanswered)
        return self.is_proven and is_empty


class Steps(msgspec.Struct, frozen=True, kw_only=True):
    """Symbols whose orders, and whose conditional orders are cancelled; then what closes."""

    cancel_orders: tuple[str, ...] = ()
    cancel_algos: tuple[str, ...] = ()
    closing: tuple[PlaceOrder, ...] = ()


def next_steps(standing: Standing, largest: Callable[[str], Decimal]) -> Steps:
    """`largest`: what one market order of a symbol may be at the most; 0: not known."""
    algos = set(standing.algos)
    if not standing.is_proven:
        # not read: nothing speaks against one wherever there is anything
        algos |= set(standing.orders) | {position.symbol for position in standing.positions}
    closing = [
        order
        for position in standing.positions
        for order in _closing(position, largest(position.symbol))
    ]
    return Steps(
        cancel_orders=tuple(sorted(standing.orders)),
        cancel_algos=tuple(sorted(algos)),
        closing=tuple(closing),
    )


def left_over(standing: Standing) -> tuple[str, ...]:
    """What is left, in words."""
    phrases = [f"{number_of(n, 'order')} of {symbol}" for symbol, n in standing.orders.items()]
    phrases += [
        f"{number_of(n, 'conditional order')} of {symbol}" for symbol, n in standing.algos.items()
    ]
    for position in standing.positions:
        side = "long" if position.quantity > 0 else "short"
        phrases.append(f"{plain(abs(position.quantity))} {position.symbol} {side}")
    for order in standing.unanswered:
        is_lost = order.status in (OrderStatus.UNKNOWN, AlgoStatus.UNKNOWN)
        fate = "is unknown" if is_lost else "is not answered yet"
        kind = "a conditional order" if isinstance(order, AlgoView) else "an order"
        phrases.append(f"{kind} of {order.symbol} whose fate {fate}")
    return tuple(phrases)


def number_of(number: int, noun: str) -> str:
    """1 order, 2 orders."""
    return f"1 {noun}" if number == 1 else f"{number} {noun}s"


def counted(symbols: Iterable[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for symbol in symbols:
        found[symbol] = found.get(symbol, 0) + 1
    return found


def _closing(position: PositionView, largest: Decimal) -> list[PlaceOrder]:
    left = abs(position.quantity)
    if not largest or left <= largest:
        return [reducing_order(position, left)]
    orders: list[PlaceOrder] = []
    while left > 0 and len(orders) < _CHUNKS:
        orders.append(reducing_order(position, min(left, largest)))
        left -= largest
    return orders
