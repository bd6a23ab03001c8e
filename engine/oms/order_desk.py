"""What placing, amending and cancelling share: the parts, and how an answer is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.clock import Clock
from engine.commands import Command
from engine.errors import KeyRefused, OrderRefused, PerpdeskError, UnknownSymbol, VenueError
from engine.events import Alert, CommandRefused, Event
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.intent_journal import IntentJournal
from engine.oms.order_changes import OutcomeLost, Write
from engine.oms.order_models import Order
from engine.oms.order_sender import OrderSender
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_mode import PositionMode
from engine.trading_types import AlertLevel

logger = logging.getLogger(__name__)

NO_SUCH_ORDER = -2013
NO_SUCH_OPEN_ORDER = -2011


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    gateway: ExchangeGateway
    journal: IntentJournal
    tracker: OrderTracker
    sender: OrderSender
    mode: PositionMode
    clock: Clock
    publish: Callable[[Event], None]
    instruments: Callable[[], Mapping[str, Instrument]]
    mark_price: Callable[[str], Decimal | None]
    last_price: Callable[[str], Decimal | None]

    def instrument(self, symbol: str) -> Instrument:
        known = self.instruments()
        if symbol not in known:
            raise UnknownSymbol(symbol, tuple(known))
        return known[symbol]

    def tell_refusal(self, command: Command, error: PerpdeskError) -> None:
        """For what was found after sending; the window's own words for the rest are elsewhere."""
        code = error.code if isinstance(error, VenueError) else 0
        logger.warning("refused %s: %s", type(command).__name__, error)
        self.publish(CommandRefused(command=command, sentence=str(error), code=code))
        if isinstance(error, KeyRefused):
            self.alert(AlertLevel.ERROR, "key.refused", f"Trading is not possible: {error}")

    def lose(self, order: Order, write: Write, sentence: str) -> None:
        """The answer to a write is lost: mark the order and tell the person."""
        reason = f"The {write} was sent and its answer was lost; the exchange is being asked."
        self.tracker.apply(order, OutcomeLost(write, reason, self.clock.now_ms()))
        if order.lost_write is write:  # otherwise an event has told its fate already
            logger.warning("outcome unknown order=%s: %s", order.client_order_id, sentence)
            what = f"{order.symbol} {order.side} {order.client_order_id}"
            self.alert(AlertLevel.WARNING, "order.unknown", f"{what}: {reason} ({sentence})")

    def ask(self, order: Order) -> bool:
        """Query the order now and apply the answer; blocks on the network.

        False: the exchange said that it knows no such order. Raises what the
        gateway raises when it could not ask.
        """
        try:
            update = self.gateway.query_order(order.symbol, **ids_of(order))
        except OrderRefused as error:
            if error.code != NO_SUCH_ORDER:
                raise
            return False
        self.tracker.apply_update(update)
        return True

    def alert(self, level: AlertLevel, code: str, sentence: str) -> None:
        at_ms = self.clock.now_ms()
        self.publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))


def ids_of(order: Order) -> dict[str, Any]:
    """The venue's own id where it is known: a client id may be used again by its owner."""
    if order.order_id is not None:
        return {"order_id": order.order_id}
    return {"client_order_id": order.client_order_id}
