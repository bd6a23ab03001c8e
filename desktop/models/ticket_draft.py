"""The order as it stands in the ticket: what is wrong with it, what it would send.

Pure: the ticket shows what is decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.commands import PlaceOrder
from engine.market.instruments import Instrument, Problem
from engine.trading_types import OrderType, Side, TimeInForce
from engine.views import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketDraft:
    """`price` and `quantity` are None where the field holds no number."""

    instrument: Instrument | None
    order_type: OrderType
    price: Decimal | None
    quantity: Decimal | None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    mark_price: Decimal | None = None
    is_stale: bool = False
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    held: Decimal | None = None  # signed position; None while the account is not known

    def missing(self) -> str:
        """What is still to be typed, as a hint and not as a mistake; "" if nothing."""
        if self.instrument is None:
            return "Waiting for the exchange's contract rules."
        if self.order_type is OrderType.LIMIT and self.price is None:
            return "Enter a price."
        return "Enter a quantity." if self.quantity is None else ""

    def problem(self, side: Side) -> Problem | None:
        """The first thing that would be refused for this side; call with nothing missing."""
        if self.instrument is None or self.quantity is None:
            return None
        if self._is_blind():
            return Problem("", "Prices are stale: a market order would be blind.")
        if self.reduce_only and self.held is not None and not self._would_reduce(side):
            return Problem("", self._nothing_to_reduce(side))
        if self._would_take(side):
            return Problem("price", f"Post-only would be refused: it crosses {self._touch(side)}.")
        found = self.instrument.problems(
            side=side,
            order_type=self.order_type,
            quantity=self.quantity,
            price=self.price if self.order_type is OrderType.LIMIT else None,
            mark_price=self.mark_price,
            reduce_only=self.reduce_only,
        )
        return found[0] if found else None

    def reference_price(self, side: Side = Side.BUY) -> Decimal:
        """What a unit costs about: the limit, else the other side's best, else the mark."""
        if self.order_type is OrderType.LIMIT:
            return self.price or ZERO
        best = self.best_ask if side is Side.BUY else self.best_bid
        return best or self.mark_price or ZERO

    def prospect(self) -> str:
        """What each button would do to the book as it stands; "" when it is not known."""
        if self.order_type is not OrderType.LIMIT or self.price is None:
            return ""
        if self.is_stale:
            return "Prices are stale: what would trade at once is not known."
        if self.best_ask is not None and self.price >= self.best_ask:
            return "A buy would trade at once; a sell would wait in the book."
        if self.best_bid is not None and self.price <= self.best_bid:
            return "A buy would wait in the book; a sell would trade at once."
        return "Inside the spread: either side would wait in the book."

    def notional(self) -> Decimal:
        return self.reference_price() * (self.quantity or ZERO)

    def command(self, side: Side, request_id: str) -> PlaceOrder:
        """Call only with nothing missing and no problem."""
        assert self.instrument is not None
        assert self.quantity is not None
        is_limit = self.order_type is OrderType.LIMIT
        return PlaceOrder(
            request_id=request_id,
            symbol=self.instrument.symbol,
            side=side,
            type=self.order_type,
            quantity=self.quantity,
            price=self.price if is_limit else None,
            time_in_force=self._time_in_force() if is_limit else TimeInForce.GTC,
            reduce_only=self.reduce_only,
        )

    def _time_in_force(self) -> TimeInForce:
        return TimeInForce.GTX if self.post_only else self.time_in_force

    def _would_reduce(self, side: Side) -> bool:
        assert self.held is not None
        return self.held < 0 if side is Side.BUY else self.held > 0

    def _nothing_to_reduce(self, side: Side) -> str:
        if not self.held:
            return "Reduce-only: there is no position to reduce."
        held, other = ("long", "sell") if side is Side.BUY else ("short", "buy")
        return f"Reduce-only: the position is {held}, so only a {other} makes it smaller."

    def _is_blind(self) -> bool:
        # getting out must work even then
        return self.is_stale and self.order_type is OrderType.MARKET and not self.reduce_only

    def _would_take(self, side: Side) -> bool:
        touch = self._touch(side)
        if not self.post_only or self.price is None or touch is None or self.is_stale:
            return False
        if self.order_type is not OrderType.LIMIT:
            return False
        return self.price >= touch if side is Side.BUY else self.price <= touch

    def _touch(self, side: Side) -> Decimal | None:
        return self.best_ask if side is Side.BUY else self.best_bid
