"""The order as it stands in the ticket: what is wrong with it, what it would send.

Pure: the ticket shows what is decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from desktop.models import conditional_rules as conditional
from desktop.models.conditional_rules import CONDITIONAL, WITH_PRICE, exit_problem
from engine.commands import Command, PlaceOrder
from engine.market.instruments import Instrument, Problem
from engine.protection_commands import PlaceAlgo, PlaceBracket
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce, WorkingType
from engine.views import ZERO

_ONE_SIDED = {
    "stop": "These exits are",
    "target": "These exits are",
    "trigger": "This trigger is",
}


class TicketDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers are None where the field holds none. `quantity` is in the base asset.

    `trigger` is a trailing stop's activation price, which it may do without.
    """

    instrument: Instrument | None
    order_type: OrderType
    price: Decimal | None
    quantity: Decimal | None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    reduce_only: bool = False
    mark_price: Decimal | None = None
    last_price: Decimal | None = None
    is_stale: bool = False
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    held: Decimal | None = None  # signed position; None while the account is not known
    trigger: Decimal | None = None
    callback_pct: Decimal | None = None
    working_type: WorkingType = WorkingType.CONTRACT_PRICE
    has_exits: bool = False
    stop_price: Decimal | None = None
    target_price: Decimal | None = None
    size_hint: str = ""  # why the typed amount makes no quantity
    lock: str = ""  # why no new risk goes out
    closed: str = ""  # why nothing at all can be sent
    is_hedge: bool = False

    @property
    def is_conditional(self) -> bool:
        return self.order_type in CONDITIONAL

    @property
    def has_price(self) -> bool:
        return self.order_type in WITH_PRICE

    def missing(self) -> str:
        """Why there is no order yet, as a hint and not as a mistake; "" if there is one."""
        if self.closed or self.instrument is None:
            return self.closed or "Waiting for the exchange's contract rules."
        if self.order_type is OrderType.TRAILING_STOP_MARKET:
            if self.callback_pct is None:
                return "Enter a callback rate in %."
        elif self.is_conditional and self.trigger is None:
            return "Enter a trigger price."
        if self.has_price and self.price is None:
            return "Enter a price."
        if self.has_exits and self.stop_price is None and self.target_price is None:
            return "Enter a stop or a target, or switch TP / SL off."
        return "" if self.quantity is not None else self.size_hint or "Enter a quantity."

    def problem(self, side: Side) -> Problem | None:
        """The first thing that would be refused for this side; call with nothing missing."""
        if self.instrument is None or self.quantity is None:
            return None
        if self.lock and not self.reduce_only:
            return Problem("", self.lock)
        if self._is_blind():
            return Problem("", "Prices are stale: a market order would be blind.")
        if self.reduce_only and self.held is not None and not self._would_reduce(side):
            return Problem("", self._nothing_to_reduce(side))
        if self._would_take(side):
            return Problem("price", f"Post-only would be refused: it crosses {self._touch(side)}.")
        return self._rule_problem(side) or self._exits_problem(side)

    def one_side(self, problems: Mapping[Side, Problem | None]) -> str:
        """Whose trigger or exits these are, where the other side's complaint about them is no
        mistake of the person's; "" if they fit both sides or none.
        """
        wrong = [(side, problem) for side, problem in problems.items() if problem is not None]
        if len(wrong) != 1:
            return ""
        side, problem = wrong[0]
        what = _ONE_SIDED.get(problem.field)
        if what is None or problem.fix is not None:
            return ""
        whose = "sell" if side is Side.BUY else "buy"
        return f"{what} a {whose}'s: only {whose.upper()} can be sent."

    def reference_price(self, side: Side = Side.BUY) -> Decimal:
        """What a unit costs about: the limit, else the trigger, the other side's best, the mark."""
        if self.has_price:
            return self.price or ZERO
        if self.is_conditional and self.trigger:
            return self.trigger
        best = self.best_ask if side is Side.BUY else self.best_bid
        return best or self.mark_price or ZERO

    def prospect(self) -> str:
        """What each button would do to the book as it stands; "" when it is not known."""
        if self.is_conditional:
            return conditional.prospect(self.order_type, self.working_type)
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

    # --- commands -----------------------------------------------------------------

    def command(self, side: Side, request_id: str) -> Command:
        """PlaceOrder, PlaceBracket or PlaceAlgo. Call only with nothing missing, no problem."""
        assert self.instrument is not None
        assert self.quantity is not None
        if self.is_conditional:
            return self._algo(side, request_id, self.instrument.symbol, self.quantity)
        price = self.price if self.has_price else None
        times = self._time_in_force() if self.has_price else TimeInForce.GTC
        if self.has_exits:
            return PlaceBracket(
                request_id=request_id,
                symbol=self.instrument.symbol,
                side=side,
                quantity=self.quantity,
                price=price,
                stop_price=self.stop_price,
                target_price=self.target_price,
                time_in_force=times,
                position_side=self._position_side(side),
                working_type=self.working_type,
            )
        return PlaceOrder(
            request_id=request_id,
            symbol=self.instrument.symbol,
            side=side,
            type=self.order_type,
            quantity=self.quantity,
            price=price,
            time_in_force=times,
            reduce_only=self.reduce_only and not self.is_hedge,
            position_side=self._position_side(side),
        )

    def _algo(self, side: Side, request_id: str, symbol: str, quantity: Decimal) -> PlaceAlgo:
        is_trailing = self.order_type is OrderType.TRAILING_STOP_MARKET
        return PlaceAlgo(
            request_id=request_id,
            symbol=symbol,
            side=side,
            type=self.order_type,
            quantity=quantity,
            trigger_price=None if is_trailing else self.trigger,
            price=self.price if self.has_price else None,
            callback_pct=self.callback_pct if is_trailing else None,
            activate_price=self.trigger if is_trailing else None,
            reduce_only=self.reduce_only and not self.is_hedge,
            position_side=self._position_side(side),
            working_type=self.working_type,
            time_in_force=self._time_in_force() if self.has_price else TimeInForce.GTC,
        )

    def _time_in_force(self) -> TimeInForce:
        return TimeInForce.GTX if self.post_only else self.time_in_force

    def _position_side(self, side: Side) -> PositionSide:
        """In hedge mode a buy opens the long or closes the short, and the other way round."""
        if not self.is_hedge:
            return PositionSide.BOTH
        return PositionSide.LONG if (side is Side.BUY) != self.reduce_only else PositionSide.SHORT

    # --- problems -----------------------------------------------------------------

    def _rule_problem(self, side: Side) -> Problem | None:
        assert self.instrument is not None
        assert self.quantity is not None
        if self.is_conditional:
            found = conditional.trigger_problem(
                self.instrument,
                side,
                self.order_type,
                trigger=self.trigger,
                callback_pct=self.callback_pct,
                now=self._watched_price(),
            )
            if found is not None:
                return found
        problems = self.instrument.problems(
            side=side,
            order_type=OrderType.LIMIT if self.has_price else OrderType.MARKET,
            quantity=self.quantity,
            price=self.price if self.has_price else None,
            # what a conditional order is measured against is the price at its trigger
            mark_price=(self.trigger if self.is_conditional else None) or self.mark_price,
            reduce_only=self.reduce_only,
        )
        return problems[0] if problems else None

    def _exits_problem(self, side: Side) -> Problem | None:
        if not self.has_exits or self.instrument is None:
            return None
        entry = self.reference_price(side)
        stop, target = self.stop_price, self.target_price
        return exit_problem(self.instrument, side, entry=entry, stop=stop, target=target)

    def _watched_price(self) -> Decimal | None:
        if self.is_stale:
            return None
        if self.working_type is WorkingType.MARK_PRICE:
            return self.mark_price
        return self.last_price or self.mark_price

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
