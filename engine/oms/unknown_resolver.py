"""Finding out what became of orders whose answer was lost.

An event usually tells first. If none comes, the order is queried with growing
pauses. A network error is no evidence of anything: only the exchange's own
repeated "no such order", late enough and with no unexplained trade, means that
an order never arrived. Nothing is ever sent again from here.
"""

from __future__ import annotations

import logging
from collections import deque

import msgspec

from engine.errors import PerpdeskError
from engine.oms.order_changes import AmendEnded, CancelFailed, Concluded, Write
from engine.oms.order_desk import OrderDesk
from engine.oms.order_models import Order
from engine.oms.watches import Watch, Watches
from engine.trading_types import AlertLevel, OrderStatus

logger = logging.getLogger(__name__)

_CLOCK_MARGIN_MS = 60_000
_UNTOLD_KEPT = 1000
_OWNER_TRIES = 8
_PAUSES_S = (0.5, 1.0, 2.0, 5.0, 5.0, 5.0, 15.0, 30.0)


class ResolverSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How often to ask, and how much of "no such order" is proof."""

    pauses_s: tuple[float, ...] = _PAUSES_S
    fill_pauses_s: tuple[float, ...] = _PAUSES_S  # before trades are fetched that were not told
    not_found_after_s: float = 10.0
    not_found_times: int = 3
    still_open_times: int = 3


class UnknownResolver:
    """`tick` belongs to one thread; `ask_again` may be called from any other."""

    def __init__(self, desk: OrderDesk, settings: ResolverSettings | None = None) -> None:
        self._desk = desk
        self._settings = settings or ResolverSettings()
        self._watches: Watches[Order] = Watches(self._settings.pauses_s, _is_unknown)
        self._fill_watches: Watches[Order] = Watches(self._settings.fill_pauses_s, _is_unknown)
        self._owner_watches: dict[tuple[str, int], Watch] = {}
        self._is_closing = False
        # orders whose trades had to be asked for, since no event had told of them
        self.untold: deque[Order] = deque(maxlen=_UNTOLD_KEPT)

    def tick(self, now_s: float) -> None:
        """Ask about what is due at `now_s` (monotonic). Blocks on the network."""
        due, settled = self._watches.look(self._desk.tracker.lost(), now_s)
        for order, watch in settled:
            self._tell_settled(order, watch)
        for order, watch in due:
            if self._is_closing:
                return
            self._ask(order, watch, now_s)
        due, _settled = self._fill_watches.look(self._desk.tracker.with_missing_fills(), now_s)
        for order, watch in due:
            if self._is_closing:
                return
            self._fetch_fills(order, watch, now_s)
        for symbol, order_id in self._desk.tracker.unknown_order_ids():
            if self._is_closing:
                return
            self._ask_whose(symbol, order_id, now_s)

    def ask_again(self, order: Order) -> Order:
        """Query now instead of at the next pause. Raises what the gateway raises."""
        self._desk.ask(order)
        return order

    def close(self) -> None:
        self._is_closing = True

    def _tell_settled(self, order: Order, watch: Watch) -> None:
        if watch.was_unknown:
            what = f"{order.symbol} {order.side} {order.client_order_id}"
            reason = f" {order.reason}" if order.reason else ""
            sentence = f"{what} is no longer unknown: {order.status}.{reason}"
            self._desk.alert(AlertLevel.INFO, "order.known", sentence)

    # --- asking ------------------------------------------------------------------------

    def _ask(self, order: Order, watch: Watch, now_s: float) -> None:
        watch.plan_next(now_s)
        try:
            is_known = self._desk.ask(order)
            if is_known:
                watch.not_found = 0
                self._after_found(order, watch)
                return
            watch.not_found += 1
            late_enough = now_s - watch.since_s >= self._settings.not_found_after_s
            if late_enough and watch.not_found >= self._settings.not_found_times:
                self._explain_trades(order)
                if self._is_listed(order):
                    watch.not_found = 0
                else:
                    self._conclude(order)
        except PerpdeskError as error:
            # could not ask, or was told to wait: proves nothing
            logger.info("asking about order=%s failed: %s", order.client_order_id, error)

    def _is_listed(self, order: Order) -> bool:
        """The second source before a conclusion: what is open now, as the exchange lists it."""
        for update in self._desk.gateway.get_book_orders(order.symbol):
            if update.client_order_id == order.client_order_id:
                self._desk.tracker.apply_update(update)
                return True
        return False

    def _after_found(self, order: Order, watch: Watch) -> None:
        """It exists. If the lost request was a cancel or an amend that several answers
        show as not carried out, the person decides anew.
        """
        if order.lost_write is None or order.lost_write is Write.PLACE:
            return
        watch.still_open += 1
        if watch.still_open < self._settings.still_open_times:
            return
        write = order.lost_write
        now_ms = self._desk.clock.now_ms()
        end = CancelFailed(now_ms) if write is Write.CANCEL else AmendEnded(now_ms)
        self._desk.tracker.apply(order, end)
        sentence = (
            f"The {write} of {order.symbol} {order.side} {order.client_order_id} was not"
            f" carried out: the order stands as {order.status} at {order.price}."
        )
        self._desk.alert(AlertLevel.WARNING, f"order.{write}_lost", sentence)

    def _explain_trades(self, order: Order) -> None:
        """A trade of an order that nobody knows may be this one's: look who it belongs to."""
        tracker = self._desk.tracker
        since_ms = order.created_at - _CLOCK_MARGIN_MS
        trades = self._desk.gateway.get_user_trades(order.symbol, start_ms=since_ms)
        unknown = {t.order_id for t in trades}
        for order_id in unknown:
            if tracker.get_by_order_id(order.symbol, order_id) is None:
                owner = self._desk.gateway.query_order(order.symbol, order_id=order_id)
                tracker.apply_update(owner)

    def _conclude(self, order: Order) -> None:
        if order.order_id is None:
            status, reason = OrderStatus.REJECTED, "It never reached the exchange."
        else:
            status, reason = OrderStatus.CANCELED, "The exchange no longer knows this order."
        self._desk.tracker.apply(order, Concluded(status, reason, self._desk.clock.now_ms()))

    def _fetch_fills(self, order: Order, watch: Watch, now_s: float) -> None:
        watch.plan_next(now_s)
        if order.order_id is None:
            return
        try:
            trades = self._desk.gateway.get_user_trades(order.symbol, order_id=order.order_id)
        except PerpdeskError as error:
            logger.info("trades of order=%s not read: %s", order.client_order_id, error)
            return
        before = order.filled_qty
        for trade in trades:
            self._desk.tracker.apply_fill(trade)
        if order.filled_qty != before:
            self.untold.append(order)

    def _ask_whose(self, symbol: str, order_id: int, now_s: float) -> None:
        """A trade was read before the venue showed its order: ask some times more."""
        key = (symbol, order_id)
        pauses_s = self._settings.pauses_s
        watch = self._owner_watches.setdefault(key, Watch(now_s, False, pauses_s))
        if now_s < watch.next_at_s or watch.tries >= _OWNER_TRIES:
            return
        watch.plan_next(now_s)
        try:
            update = self._desk.gateway.query_order(symbol, order_id=order_id)
        except PerpdeskError as error:
            logger.info("the order of a trade is not known yet id=%d: %s", order_id, error)
            return
        self._desk.tracker.apply_update(update)
        del self._owner_watches[key]


def _is_unknown(order: Order) -> bool:
    return order.status is OrderStatus.UNKNOWN
