"""Trades on paper: rests a bid and an ask around the middle, and moves them when it has moved.

    perpdesk-cli run resources/strategies/rest_around_middle.py --symbol BTCUSDT

An example, and no way to earn money: it buys when prices fall and sells when they
rise, with a limit on the position and nothing else. Both orders are post-only, and
are cancelled when it stops.
"""

from decimal import Decimal

from engine.errors import OrderNotAllowed, VenueError
from engine.events import FillRecorded, HealthReport

AWAY_PCT = Decimal("0.05")  # of the price, on each side of the middle
WORTH = Decimal(200)  # of one order, in USDT
MOST_ORDERS_WORTH = 5  # the position is never larger than so many orders


class RestAroundMiddle:
    keeps_orders = False

    def on_start(self, desk):
        self.desk = desk
        self.symbol = desk.symbols[0]
        self.rules = desk.instrument(self.symbol)
        self.resting = {}  # side -> order
        self.look()

    def on_event(self, event):
        if isinstance(event, FillRecorded):
            fill = event.fill
            self.desk.say(f"{fill.side} {fill.quantity} at {fill.price}")
        elif isinstance(event, HealthReport):  # comes once a second
            self.look()

    def look(self):
        middle = self.desk.middle(self.symbol)
        if middle is None:
            return
        away = middle * AWAY_PCT / 100
        self.rest("BUY", self.rules.round_price(middle - away), away)
        self.rest("SELL", self.rules.round_price(middle + away), away)

    def rest(self, side, price, away):
        """One order on this side, near this price; a small difference is not worth its place."""
        order = self.resting.get(side)
        if order is not None and not order.is_terminal:
            if order.status in ("NEW", "PARTIALLY_FILLED") and abs(order.price - price) > away / 2:
                self.carry_out(self.desk.amend, order, price=price)
            return
        quantity = self.rules.round_quantity(WORTH / price)
        if self.has_enough(side, quantity):
            return
        placed = self.carry_out(
            self.desk.place, self.symbol, side, "LIMIT", quantity, price, time_in_force="GTX"
        )
        if placed is not None:
            self.resting[side] = placed

    def has_enough(self, side, quantity):
        position = self.desk.position(self.symbol)
        held = position.quantity if position is not None else Decimal(0)
        return (held if side == "BUY" else -held) >= quantity * MOST_ORDERS_WORTH

    def carry_out(self, call, *given, **named):
        """A refusal is no disaster here: it is tried again a second later."""
        try:
            return call(*given, **named)
        except (OrderNotAllowed, VenueError) as error:
            self.desk.say(f"not done: {error}")
            return None
