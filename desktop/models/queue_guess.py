"""How much may rest ahead of an own order at its price: a guess, and said to be one.

The exchange tells nobody's place in the queue. An order joins behind what the
book shows at its price; prints at that price and a level that shrinks bring it
forward. What is cancelled behind it is counted as ahead until the level is
smaller than that, so the guess errs on the long side. Pure, GUI thread; floats,
for looking only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from desktop.models.order_certainty import Certainty
from desktop.models.resting_orders import Resting
from engine.trading_types import Side
from engine.views import OrderView

Levels = dict[float, float]  # quantity by price, best first


class _Place(msgspec.Struct):
    side: Side
    price: float
    own_qty: float  # what is left of it, and in the level too
    size: Decimal  # as ordered
    order: Resting
    ahead: float | None = None  # None: its level has not been seen since it joined


class QueueGuess:
    def __init__(self) -> None:
        self._places: dict[str, _Place] = {}

    def ahead(self, key: str) -> float | None:
        """None: there is no guess (not confirmed, conditional, or its level is not in view)."""
        place = self._places.get(key)
        return None if place is None else place.ahead

    @property
    def has_orders(self) -> bool:
        return bool(self._places)

    def set_orders(self, orders: Sequence[Resting]) -> None:
        """A confirmed order joins once; at another price or with a larger size it joins again."""
        before, self._places = self._places, {}
        for order in orders:
            view = order.view
            if order.certainty is not Certainty.CONFIRMED or not isinstance(view, OrderView):
                continue
            place = before.get(order.key)
            if place is not None and place.order is order:
                self._places[order.key] = place
                continue
            price = float(order.price)
            if place is None or place.price != price or view.orig_qty > place.size:
                place = _Place(order.side, price, 0.0, view.orig_qty, order)
            elif view.executed_qty:
                place.ahead = 0.0  # what is being filled is at the front
            place.own_qty, place.size, place.order = float(order.quantity), view.orig_qty, order
            self._places[order.key] = place

    def join(self, bids: Levels, asks: Levels) -> None:
        """Orders new since the last call go behind all that is shown at their price now.

        Whether the level holds our own already is not known: the next book tells.
        """
        for place in self._places.values():
            if place.ahead is None:
                place.ahead = (bids if place.side is Side.BUY else asks).get(place.price)

    def at_book(self, bids: Levels, asks: Levels) -> None:
        """The newest levels, best first: nobody can be ahead who is not there any more."""
        last_bid = next(reversed(bids), None)
        last_ask = next(reversed(asks), None)
        for place in self._places.values():
            is_buy = place.side is Side.BUY
            reach = last_bid if is_buy else last_ask
            if reach is None or (place.price < reach if is_buy else place.price > reach):
                continue  # deeper than what is shown: nothing is known of it
            size = (bids if is_buy else asks).get(place.price, 0.0)
            others = max(size - place.own_qty, 0.0)
            place.ahead = size if place.ahead is None else min(place.ahead, others)

    def at_trade(self, price: float, quantity: float, is_buyer_maker: bool) -> None:
        """A print at an order's own price took from the front of its queue."""
        side = Side.BUY if is_buyer_maker else Side.SELL
        for place in self._places.values():
            if place.price == price and place.side is side and place.ahead is not None:
                place.ahead = max(place.ahead - quantity, 0.0)
