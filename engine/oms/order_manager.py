"""The face of order management: what scripts and the engine call.

Calls block on the caller's thread until the venue has answered, so they are
never made from the GUI's. The returned `Order` is live: read `.status` at any
time, or `wait` for what you need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.commands import (
    AmendOrder,
    CancelAllOrders,
    CancelOrder,
    ClosePosition,
    PlaceOrder,
)
from engine.errors import BadInput
from engine.events import AccountUpdate, Event, FillRecorded
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.account_audit import AccountAudit, AuditSettings
from engine.oms.algo_desk import AlgoDesk
from engine.oms.algo_face import AlgoFace
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.bulk_cancel import BulkCancel, BulkCancelled
from engine.oms.day_lock import LockStore
from engine.oms.dead_man import DeadMan
from engine.oms.fill_audit import FillAudit
from engine.oms.intent_journal import IntentJournal
from engine.oms.kill_switch import KillSwitch
from engine.oms.order_changing import OrderChanging
from engine.oms.order_desk import OrderDesk
from engine.oms.order_models import Order
from engine.oms.order_placing import OrderPlacing
from engine.oms.order_sender import OrderSender
from engine.oms.order_tracker import CLOSED_KEPT, OrderTracker
from engine.oms.position_closing import closing_order
from engine.oms.position_mode import PositionMode
from engine.oms.position_tracker import PositionTracker
from engine.oms.private_events import PrivateEvents
from engine.oms.reconciler import PAUSES_S, Reconciler
from engine.oms.reversing import Reversing
from engine.oms.risk_guard import RiskGuard
from engine.oms.risk_rules import RiskLimits
from engine.oms.unknown_resolver import ResolverSettings, UnknownResolver
from engine.oms.waiting import condition_of
from engine.protection_commands import CancelOrders, ReversePosition
from engine.protection_views import AlgoView
from engine.trading_types import OrderStatus, OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number, to_decimal
from engine.utils.threads import CrashHandler
from engine.utils.words import read_word
from engine.views import FillView, OrderView

Until = OrderStatus | str | Iterable[OrderStatus | str] | Callable[[Order], bool]


class Publisher(Protocol):
    def publish(self, event: Event) -> None: ...


class OmsSettings(msgspec.Struct, frozen=True, kw_only=True):
    retry_attempts: int = 3  # tries of a request that the venue refuses for now, in all
    retry_backoff_base: float = 1.0  # s; pauses of 1, 2, 4, 8 times it
    closed_orders_kept: int = CLOSED_KEPT
    resolver: ResolverSettings = ResolverSettings()
    recovery_pauses_s: tuple[float, ...] = PAUSES_S
    audit: AuditSettings = AuditSettings()
    risk: RiskLimits = RiskLimits()
    strict: bool = False  # raise where the venue contradicts itself: for tests and drills


class OrderManager:
    """Thread-safe. `instruments` and the prices are asked on the caller's thread.

    `algos` is the face of conditional orders: place, cancel, move, list.

    `on_gap` is called on the private stream's thread when the stream is live after
    it was not: have `reconciler.recover` run on another thread. Until the first
    recovery has succeeded and the stream is live, new orders are refused.
    """

    def __init__(
        self,
        gateway: ExchangeGateway,
        journal: IntentJournal,
        hub: Publisher,
        clock: Clock,
        instruments: Callable[[], Mapping[str, Instrument]],
        settings: OmsSettings | None = None,
        *,
        mark_price: Callable[[str], Decimal | None] = lambda _: None,
        last_price: Callable[[str], Decimal | None] = lambda _: None,
        on_gap: Callable[[], None] = lambda: None,
        locks: LockStore | None = None,
        on_crash: CrashHandler | None = None,
    ) -> None:
        settings = settings or OmsSettings()
        self._hub = hub
        self._make_books(gateway, clock, settings)
        self._sender = OrderSender(
            clock,
            retry_attempts=settings.retry_attempts,
            retry_backoff_base=settings.retry_backoff_base,
        )
        self._desk = OrderDesk(
            gateway=gateway,
            journal=journal,
            tracker=self.tracker,
            sender=self._sender,
            mode=self.mode,
            clock=clock,
            publish=hub.publish,
            instruments=instruments,
            mark_price=mark_price,
            last_price=last_price,
        )
        self._algo_desk = AlgoDesk(orders=self._desk, tracker=self._algo_tracker)
        self.guard = RiskGuard(
            settings.risk,
            gateway,
            self.tracker,
            self._algo_tracker,
            self.positions,
            clock,
            hub.publish,
            mark_price,
            locks,
        )
        self._events = PrivateEvents(
            self.tracker, self._algo_tracker, self.positions, hub.publish, clock, on_gap
        )
        self._make_doors(settings, on_crash)
        self._make_readers(settings)

    def _make_books(self, gateway: ExchangeGateway, clock: Clock, settings: OmsSettings) -> None:
        """What is known of orders of both services, positions and the position mode."""
        self.tracker = OrderTracker(
            self._publish,
            clock,
            closed_kept=settings.closed_orders_kept,
            strict=settings.strict,
        )
        self._algo_tracker = AlgoTracker(
            self.tracker,
            self._hub.publish,
            clock,
            closed_kept=settings.closed_orders_kept,
            strict=settings.strict,
        )
        self.positions = PositionTracker(self._hub.publish)
        self.mode = PositionMode(gateway, self._hub.publish)

    def _make_doors(self, settings: OmsSettings, on_crash: CrashHandler | None) -> None:
        """Where requests go out."""
        desk, gateway = self._desk, self._desk.gateway
        self.algos = AlgoFace(self._algo_desk, self.guard, self._why_closed, settings.resolver)
        self._placing = OrderPlacing(desk, self.guard, self._why_closed)
        self._changing = OrderChanging(desk, self._placing, self.guard)
        self.kill_switch = KillSwitch(
            desk, self._placing, self._changing, self.algos, self.positions, on_crash
        )
        self.guard.obey(self.kill_switch)
        self.dead_man = DeadMan(gateway, desk.clock, desk.publish)
        self._bulk_cancel = BulkCancel(gateway, self.tracker, self._changing, self.algos)
        self._reversing = Reversing(
            self._placing, self.guard, self.tracker, self.positions, desk.instrument
        )

    def _make_readers(self, settings: OmsSettings) -> None:
        """What holds the books against the exchange's word."""
        desk, positions = self._desk, self.positions
        self.reconciler = Reconciler(
            desk, self._algo_desk, positions, self._events, settings.recovery_pauses_s
        )
        self.resolver = UnknownResolver(desk, settings.resolver)
        self._fill_audit = FillAudit(desk, positions)
        self._audit = AccountAudit(
            desk, self._algo_tracker, positions, self._why_closed, settings.audit
        )

    # --- orders ----------------------------------------------------------------------

    def submit_order(
        self,
        symbol: str,
        side: Side | str,
        type: OrderType | str,
        quantity: Number,
        price: Number | None = None,
        *,
        time_in_force: TimeInForce | str | None = None,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        client_order_id: str | None = None,
        request_id: str = "",
    ) -> Order:
        """Place an order; see `place`. Raises BadInput for a value that cannot be read."""
        tif = read_word(TimeInForce, time_in_force or TimeInForce.GTC, "time_in_force")
        return self.place(
            PlaceOrder(
                request_id=request_id,
                symbol=symbol,
                side=read_word(Side, side, "side"),
                type=read_word(OrderType, type, "type"),
                quantity=to_decimal(quantity, "quantity"),
                price=None if price is None else to_decimal(price, "price"),
                time_in_force=tif,
                reduce_only=reduce_only,
                position_side=read_word(PositionSide, position_side, "position_side"),
                client_order_id=client_order_id or "",
            )
        )

    def place(self, command: PlaceOrder) -> Order:
        """Check, write down, send, and return the live order.

        Raises OrderNotAllowed, UnknownSymbol, JournalError or ShuttingDown when
        nothing was sent. A refusal of the venue is no exception: the order is
        REJECTED with `.reason`, and CommandRefused is published. A lost answer
        makes it UNKNOWN until the exchange has told its fate.
        """
        return self._placing.place(command)

    def check(self, commands: Sequence[PlaceOrder]) -> None:
        """Whether all of these, of one symbol, could be placed now, one after the other.

        Sends nothing. Raises like `place`. Their pace is not judged: see `guard.has_room`.
        """
        self._placing.check_all(commands)

    def modify_order(
        self,
        order: Order | str,
        price: Number | None = None,
        quantity: Number | None = None,
        *,
        request_id: str = "",
    ) -> Order:
        """New price and new TOTAL quantity of a resting limit order; None keeps the old.

        The order loses its place in the queue. Where the exchange does not amend it any
        more it is cancelled and the rest placed anew: then another order is returned,
        and OrderReplaced and an alert say so. Raises OrderNotAllowed before sending; a
        VenueError has been published as CommandRefused already.
        """
        found = self.get_order(order)
        command = AmendOrder(
            request_id=request_id,
            symbol=found.symbol,
            client_order_id=found.client_order_id,
            price=None if price is None else to_decimal(price, "price"),
            quantity=None if quantity is None else to_decimal(quantity, "quantity"),
        )
        return self._changing.amend(found, command)

    def cancel_order(self, order: Order | str, *, request_id: str = "") -> Order:
        """Ended already: no error, look at its status. Raises like `modify_order`."""
        found = self.get_order(order)
        command = CancelOrder(
            request_id=request_id, symbol=found.symbol, client_order_id=found.client_order_id
        )
        return self._changing.cancel(found, command)

    def cancel_all(self, symbol: str, *, request_id: str = "") -> list[Order]:
        """Every open order of `symbol`, also those placed elsewhere.

        Conditional orders stay, as at the venue: they may be what protects a
        position. `algos.cancel_all` takes those.
        """
        return self._changing.cancel_all(CancelAllOrders(request_id=request_id, symbol=symbol))

    def cancel_orders(self, command: CancelOrders) -> BulkCancelled:
        """Orders of both services, of a symbol or all, of a side or both. Blocks."""
        return self._bulk_cancel.cancel(command)

    def close_position(self, command: ClosePosition) -> Order:
        """A share of the position, at market or LIMIT. Raises OrderNotAllowed."""
        instrument = self._desk.instrument(command.symbol)
        return self.place(closing_order(command, self.positions.positions(), instrument))

    def reverse(self, command: ReversePosition) -> Order:
        """Close at market, then as much the other way, if the guard lets it. Blocks."""
        return self._reversing.reverse(command)

    def ask_again(self, order: Order | str) -> Order:
        """Query an order whose fate is unknown now. Raises what the gateway raises."""
        return self.resolver.ask_again(self.get_order(order))

    # --- reading ---------------------------------------------------------------------

    @property
    def is_hedge_mode(self) -> bool:
        """Long and short are held side by side. False also before it has been read."""
        return bool(self.mode.is_hedge)

    def get_order(self, order: Order | str) -> Order:
        """By client order id. Raises BadInput when it is not known."""
        if isinstance(order, Order):
            return order
        found = self.tracker.get(order)
        if found is None:
            raise BadInput("client_order_id", f"There is no order {order!r}.")
        return found

    def open_orders(self, symbol: str | None = None) -> list[Order]:
        """Everything not ended, oldest first."""
        return self.tracker.open_orders(symbol)

    def orders(self) -> list[Order]:
        """Open ones, then the recently closed."""
        return self.tracker.orders()

    def wait(self, order: Order | str, until: Until | None = None, timeout_s: float = 10.0) -> bool:
        """Block until the order has one of the statuses, or fulfils the condition, or (None)
        has ended. False when `timeout_s` passed first.

        What was executed has its average price by then. The venue's answer to an order has
        none since 2026-07; the account's stream tells it a moment later.
        """
        found = self.get_order(order)
        is_met = condition_of(found, until)
        if callable(until):
            return self.tracker.wait(is_met, timeout_s)
        return self.tracker.wait(
            lambda: is_met() and bool(found.avg_price or not found.executed_qty), timeout_s
        )

    @property
    def why_closed(self) -> str:
        """Why no new risk may be taken now, as a sentence; "" when it may."""
        return self._events.why_closed

    # --- life ------------------------------------------------------------------------

    def tick(self, now_s: float) -> None:
        """Ask about unknown orders, and compare the account now and then; `now_s` monotonic.

        Call a few times a second from one thread that may block on the network, but
        not while the account is being read.
        """
        self.resolver.tick(now_s)
        self.algos.tick(now_s)
        self._audit.tick(now_s)
        if self._events.why_closed:
            self._fill_audit.forget()
        else:
            self._fill_audit.tick(now_s)
        self.guard.tick(now_s)

    def on_event(self, event: Event) -> None:
        """Everything of the private stream, in its order, on its reading thread."""
        if type(event) is not AccountUpdate:  # nearly always
            self._events.on_event(event)
            return
        self.guard.heard(event)
        self._events.on_event(event)
        self._fill_audit.heard(event)

    @property
    def events_taken(self) -> int:
        """Of the private stream into the books, so far; those that wait for a reading follow."""
        return self._events.taken

    def restore(
        self,
        orders: Iterable[OrderView],
        fills: Iterable[FillView],
        last_trade_ids: dict[str, int],
        algos: Iterable[AlgoView] = (),
    ) -> None:
        """What the journal knew to be open, before the first `reconciler.run`.

        Nobody knows what happened to them since: they are UNKNOWN until asked.
        """
        self.algos.restore(algos)
        self.tracker.restore(orders, fills, last_trade_ids)

    def _why_closed(self) -> str:
        return self._events.why_closed

    def _publish(self, event: Event) -> None:
        if type(event) is FillRecorded:
            self.guard.heard(event)
        self._hub.publish(event)

    def close(self) -> None:
        """Take no more requests and end every pause. Blocks for nothing."""
        self.kill_switch.close()
        self._sender.close()
        self.resolver.close()
        self.algos.close()

    def join(self, timeout_s: float) -> bool:
        """After `close` and the gateway's: wait until the kill switch's thread has ended."""
        return self.kill_switch.join(timeout_s)
