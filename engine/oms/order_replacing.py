"""Cancel and place anew, where the exchange does not amend an order any more.

Never two live at once: the new order leaves only after the exchange has confirmed
our own cancel, and for what was not filled until then. A cancel whose fate is not
known, or an order that ended in another way, ends the attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from engine.commands import AmendOrder, CancelOrder, PlaceOrder
from engine.errors import OrderNotAllowed, PerpdeskError, VenueError
from engine.events import OrderReplaced
from engine.oms.order_desk import OrderDesk
from engine.oms.order_models import Order
from engine.trading_types import AlertLevel, OrderStatus, TimeInForce
from engine.utils.decimals import plain
from engine.views import ZERO, OrderView

logger = logging.getLogger(__name__)

# only limit orders can be amended; amended 10,000 times (source: error codes)
_NOT_AMENDED_AT_ALL = (-5025, -5026)
# what rests and can be said again in full: GTD needs an end that we do not know
_SAID_AGAIN = (TimeInForce.GTC, TimeInForce.GTX, TimeInForce.RPI)


def can_replace(view: OrderView, error: PerpdeskError) -> bool:
    """Whether the refusal of an amend means: this order can only be cancelled and placed anew."""
    is_final = isinstance(error, VenueError) and error.code in _NOT_AMENDED_AT_ALL
    return is_final and view.time_in_force in _SAID_AGAIN and view.status.is_resting


class OrderReplacing:
    """`check` raises what `place` would before sending; `cancel` is True once the exchange
    has confirmed it. All three belong to the symbol's turn, which the caller holds.
    """

    def __init__(
        self,
        desk: OrderDesk,
        check: Callable[[PlaceOrder, Iterable[Order]], None],
        cancel: Callable[[Order, CancelOrder], bool],
        place: Callable[[PlaceOrder], Order],
    ) -> None:
        self._desk = desk
        self._check = check
        self._cancel = cancel
        self._place = place

    def replace(
        self, order: Order, target: PlaceOrder, command: AmendOrder, error: PerpdeskError
    ) -> Order:
        """The order that stands for `target` now. Blocks for both requests.

        `error` is the refusal of the amend; it is raised, after it has been published,
        when the order was not replaced. Raises OrderNotAllowed while the old one stands.
        """
        self._check_first(order, target, error)
        cancelling = CancelOrder(
            symbol=order.symbol,
            client_order_id=order.client_order_id,
            request_id=command.request_id,
        )
        is_confirmed = self._cancel(order, cancelling)
        if order.status is OrderStatus.FILLED:
            self._say(AlertLevel.INFO, "order.replaced", order, "was filled before it was moved.")
            return order
        if not is_confirmed or order.status is not OrderStatus.CANCELED:
            self._say(
                AlertLevel.WARNING,
                "order.not_replaced",
                order,
                "can only be cancelled and placed anew, and its cancel was not confirmed:"
                " nothing was placed in its stead.",
            )
            self._desk.tell_refusal(command, error)
            raise error
        return self._place_rest(order, target, error)

    def _check_first(self, order: Order, target: PlaceOrder, error: PerpdeskError) -> None:
        """What would be refused anyway must not cost the old order."""
        try:
            self._check(_rest_of(order, target), (order,))
        except OrderNotAllowed as problem:
            sentence = f"{error}. Nor can the order be placed anew: {problem}"
            raise OrderNotAllowed(problem.field, sentence, problem.fix) from None

    def _place_rest(self, order: Order, target: PlaceOrder, error: PerpdeskError) -> Order:
        rest = _rest_of(order, target)
        if rest.quantity <= 0:
            self._say(
                AlertLevel.INFO, "order.replaced", order, "had filled as much before it was moved."
            )
            return order
        try:
            new = self._place(rest)
        except PerpdeskError as problem:
            self._tell_gone(order, str(problem))
            raise
        if new.status is OrderStatus.REJECTED:
            self._tell_gone(order, new.view.reason)
            return new
        self._desk.publish(
            OrderReplaced(
                symbol=order.symbol,
                old_client_order_id=order.client_order_id,
                new_client_order_id=new.client_order_id,
                at_ms=self._desk.clock.now_ms(),
            )
        )
        self._say(
            AlertLevel.INFO,
            "order.replaced",
            order,
            f"could not be amended ({error}). It was cancelled and placed anew as"
            f" {new.client_order_id}: {plain(rest.quantity)} at {plain(rest.price or ZERO)}.",
        )
        return new

    def _tell_gone(self, order: Order, why: str) -> None:
        self._say(
            AlertLevel.ERROR,
            "order.not_replaced",
            order,
            f"was cancelled to be placed anew, and the new order was refused: {why}"
            " Nothing stands in its stead.",
        )

    def _say(self, level: AlertLevel, code: str, order: Order, what: str) -> None:
        sentence = f"{order.symbol} {order.side} {order.client_order_id} {what}"
        logger.info("%s", sentence)
        self._desk.alert(level, code, sentence)


def _rest_of(order: Order, target: PlaceOrder) -> PlaceOrder:
    """`target` names the total, as an amend does."""
    view = order.view
    return replace(
        target,
        quantity=target.quantity - view.executed_qty,
        time_in_force=TimeInForce(view.time_in_force),
    )
