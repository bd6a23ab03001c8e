"""What placing, cancelling and moving conditional orders share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from engine.errors import OrderRefused
from engine.events import AlgoUpdate
from engine.oms.algo_models import AlgoOrder
from engine.oms.algo_tracker import AlgoTracker, describe
from engine.oms.order_changes import OutcomeLost, Write
from engine.oms.order_desk import NO_SUCH_ORDER, OrderDesk
from engine.oms.order_sender import Accepted, Lost, Overtaken, Refused
from engine.protection_views import AlgoView
from engine.trading_types import AlertLevel, AlgoStatus, WorkingType

logger = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlgoDesk:
    orders: OrderDesk
    tracker: AlgoTracker

    def turn(self, symbol: str) -> AbstractContextManager[None]:
        """The symbol's turn at this service, which is another one than that of orders: a stop
        must not wait until a late answer to its entry has come.
        """
        return self.orders.sender.turn(_queue_of(symbol))

    def send(
        self, symbol: str, request: Callable[[], T], is_wanted: Callable[[], bool]
    ) -> Accepted[T] | Refused | Lost | Overtaken:
        """Inside the turn; see OrderSender."""
        return self.orders.sender.send(_queue_of(symbol), request, is_wanted)

    def price_now(self, symbol: str, working_type: WorkingType | str) -> Decimal | None:
        """What a trigger is compared with; None: not known."""
        if working_type is WorkingType.MARK_PRICE:
            return self.orders.mark_price(symbol)
        return self.orders.last_price(symbol)

    def lose(self, algo: AlgoOrder, write: Write, sentence: str) -> None:
        """The answer to a write is lost: mark the order and tell the person."""
        reason = f"The {write} was sent and its answer was lost; the exchange is being asked."
        self.tracker.apply(algo, OutcomeLost(write, reason, self.orders.clock.now_ms()))
        if algo.lost_write is write:  # otherwise an event has told its fate already
            logger.warning("outcome unknown algo=%s: %s", algo.client_algo_id, sentence)
            what = f"{describe(algo.view)} ({algo.client_algo_id})"
            self.orders.alert(AlertLevel.WARNING, "algo.unknown", f"{what}: {reason} ({sentence})")

    def ask(self, algo: AlgoOrder) -> bool:
        """Query it now, on both services, and apply the answer; blocks on the network.

        False: neither service knows such an order. Raises what the gateway raises
        when it could not ask.
        """
        update = self.query(algo.view)
        if update is None:
            return False
        self.tracker.apply(algo, update)
        self.tracker.note_ids(algo)
        return True

    def query(self, view: AlgoView) -> AlgoUpdate | None:
        """The algo service's word; else what the order service knows of the same id.

        It may have triggered and be known as an order alone.
        """
        try:
            return self.orders.gateway.query_algo_order(**algo_ids_of(view))
        except OrderRefused as error:
            if error.code != NO_SUCH_ORDER:
                raise
        return self._query_orders(view)

    def _query_orders(self, view: AlgoView) -> AlgoUpdate | None:
        ids: dict[str, Any] = {"client_order_id": view.client_algo_id}
        if view.order_id is not None:
            ids = {"order_id": view.order_id}
        try:
            order = self.orders.gateway.query_order(view.symbol, **ids)
        except OrderRefused as error:
            if error.code != NO_SUCH_ORDER:
                raise
            return None
        known = self.orders.tracker.apply_update(order)
        status = AlgoStatus.FINISHED if known.is_terminal else AlgoStatus.TRIGGERED
        return AlgoUpdate(
            algo_id=view.algo_id or 0,
            client_algo_id=view.client_algo_id,
            symbol=view.symbol,
            side=view.side,
            type=view.type,
            status=status.value,
            quantity=view.quantity,
            trigger_price=view.trigger_price,
            price=view.price,
            event_ms=order.update_ms,
            order_id=order.order_id,
            time_in_force=view.time_in_force,
        )


def _queue_of(symbol: str) -> str:
    return f"{symbol} conditional"


def algo_ids_of(view: AlgoView) -> dict[str, Any]:
    """The venue's own id where it is known: a client id may be used again by its owner."""
    if view.algo_id is not None:
        return {"algo_id": view.algo_id}
    return {"client_algo_id": view.client_algo_id}
