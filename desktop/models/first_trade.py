"""The guided first trade: which hint is due, moved on by what really happened. Pure."""

from __future__ import annotations

from enum import Enum, unique

from engine.trading_types import OrderStatus, OrderType
from engine.views import ZERO, OrderView, PositionView


@unique
class Step(Enum):
    PRICE = "price"
    BUY = "buy"
    CHANGE = "change"
    CANCEL = "cancel"
    MARKET = "market"
    CLOSE = "close"
    DONE = "done"


STEPS = tuple(Step)


class FirstTrade:
    """Feed it what stands in the ticket and what the exchange reported."""

    def __init__(self) -> None:
        self.step = Step.PRICE
        self.order_id = ""  # the client id of the order that the hints are about
        self._price = ZERO

    def skip(self) -> None:
        if self.step is not Step.DONE:
            self.step = STEPS[STEPS.index(self.step) + 1]

    def note_ticket(self, *, is_complete: bool) -> None:
        """Price and quantity stand there, and nothing is wrong with them."""
        if self.step is Step.PRICE and is_complete:
            self.step = Step.BUY
        elif self.step is Step.BUY and not is_complete:
            self.step = Step.PRICE

    def note_order(self, order: OrderView) -> None:
        if self.step in (Step.PRICE, Step.BUY):
            self._note_first(order)
        elif order.client_order_id == self.order_id:
            self._note_own(order)

    def note_position(self, position: PositionView) -> None:
        if self.step is Step.MARKET and position.quantity:
            self.step = Step.CLOSE
        elif self.step is Step.CLOSE and not position.quantity:
            self.step = Step.DONE

    def _note_first(self, order: OrderView) -> None:
        if order.type not in (OrderType.LIMIT, OrderType.MARKET):
            return
        if order.status is OrderStatus.FILLED:
            self.step = Step.CLOSE  # it was bought at once: there is a position to close
        elif order.type is OrderType.MARKET:
            return  # nothing rests that could be changed
        elif order.status in (OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED):
            self.order_id, self._price = order.client_order_id, order.price
            self.step = Step.CHANGE

    def _note_own(self, order: OrderView) -> None:
        if self.step not in (Step.CHANGE, Step.CANCEL):
            return
        if order.status is OrderStatus.FILLED:
            self.step = Step.CLOSE
        elif order.status.is_terminal:
            self.step = Step.MARKET
        elif self.step is Step.CHANGE and order.price != self._price:
            self.step = Step.CANCEL
