"""The guard that every order passes: from the window, the console and scripts alike.

The rules are in risk_rules, the day's result in day_keeper; here are the facts of
the moment, the lock-out, and the kill switch's word. Reducing always passes.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from engine.clock import Clock
from engine.commands import PlaceOrder
from engine.errors import JournalError, OrderNotAllowed, PerpdeskError
from engine.events import AccountUpdate, Alert, Event, FillRecorded
from engine.events.protection import GuardChanged
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.day_keeper import DayKeeper
from engine.oms.day_result import DAY_MS, day_start_ms, largest_loss, lock_at
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_tracker import PositionTracker
from engine.oms.risk_rules import (
    Facts,
    Objection,
    RiskLimits,
    Wish,
    leverage_objection,
    objection,
    only_reduces,
    sent_lately,
)
from engine.protection_commands import PlaceAlgo
from engine.protection_views import AlgoView, GuardView, LockOut
from engine.trading_types import AlertLevel, OrderType
from engine.views import ZERO, OrderView

logger = logging.getLogger(__name__)

_SECOND_MS = 1000
_DOLLARS = ("USDT", "USDC", "FDUSD", "BUSD", "USD1", "BFUSD")
_UNREAD = (
    "The day's result has not been read from the exchange yet, so the daily loss cannot be"
    " checked. Only reducing and cancels are sent until then."
)
_ALTERED = (
    "The record of lock-outs in the journal was altered by hand. Until the day ends you can"
    " only reduce and cancel."
)


class LockStore(Protocol):
    """Where lock-outs are kept over a restart. The journal package fits this by shape."""

    def save(self, lock: LockOut) -> None:
        """Blocks for a disk write. Raises JournalError."""

    def newest(self) -> LockOut | None:
        """The one that ends last. Raises JournalError."""

    def is_altered(self) -> bool:
        """Somebody changed a row by hand. Raises JournalError."""


class Halting(Protocol):
    """What the guard asks of the kill switch."""

    @property
    def pulls(self) -> int: ...

    def why_halted(self, symbol: str, since: int | None = None) -> str: ...


class RiskGuard:
    """Thread-safe. `price_of` is the mark price where it is known, asked at once.

    `check_*` raise OrderNotAllowed. They ask the venue for a mark price (one light
    call, on the caller's thread) only for a symbol that nobody follows. `heard` is
    called with every event and never blocks; `tick` may block on the network.
    """

    def __init__(
        self,
        limits: RiskLimits,
        gateway: ExchangeGateway,
        tracker: OrderTracker,
        algos: AlgoTracker,
        positions: PositionTracker,
        clock: Clock,
        publish: Callable[[Event], None],
        price_of: Callable[[str], Decimal | None],
        store: LockStore | None = None,
    ) -> None:
        self.limits = limits
        self._gateway = gateway
        self._tracker = tracker
        self._positions = positions
        self._clock = clock
        self._publish = publish
        self._price_of = price_of
        self._store = store
        self._algos = algos
        self._keeper = DayKeeper(gateway, limits, self._wallet, price_of)
        self._lock = threading.Lock()
        self._sent: deque[tuple[int, Wish]] = deque()
        self._lock_out: LockOut | None = None
        self._told: GuardView | None = None
        self._is_judged = False  # all that is in the statement, once
        self._is_kept = True  # the lock-out is on disk, too
        self._kill_switch: Halting | None = None

    # --- asked before sending ------------------------------------------------------------

    def check_place(self, command: PlaceOrder, instrument: Instrument) -> None:
        reduces = _reduces(command)
        self._check_halt(command.symbol, helps=reduces and command.type is OrderType.MARKET)
        if not reduces:
            self._check(_wish_of(command), instrument)

    def check_series(self, commands: Sequence[PlaceOrder], instrument: Instrument) -> None:
        """All orders of one symbol, as if those before it were open. Nothing is counted, and
        their pace is not judged: whoever sends many waits for `has_room`.
        """
        wishes = []
        for command in commands:
            reduces = _reduces(command)
            helps = reduces and command.type is OrderType.MARKET
            self._check_halt(command.symbol, helps=helps)
            if not reduces:
                wishes.append(_wish_of(command))
        if not wishes:
            return
        self._check_day()
        mark = self._mark(wishes[0])
        paceless = replace(self.limits, orders_per_second=0, duplicate_within_ms=0)
        for number, wish in enumerate(wishes):
            before = wishes[:number]
            with self._lock:
                facts = self._facts(wish, instrument, mark, "")
            resting = sum((one.quantity for one in before if one.adds_to(wish)), facts.resting)
            count = facts.open_orders + sum(one.rests for one in before)
            facts = replace(facts, resting=resting, open_orders=count)
            found = objection(wish, facts, paceless)
            if found is not None:
                raise _refusal_in_series(found, number + 1, len(wishes))

    def has_room(self) -> bool:
        """Whether the limit of orders per second lets another one out now."""
        allowed = self.limits.orders_per_second
        with self._lock:
            return not allowed or sent_lately(self._sent, self._clock.now_ms()) < allowed

    def check_after_closing(self, command: PlaceOrder, instrument: Instrument) -> None:
        """As `check_place`, as if the position were closed already. Nothing is counted."""
        self._check_halt(command.symbol, helps=False)
        self._check(_wish_of(command), instrument, is_flat=True)

    def check_algo(
        self, command: PlaceAlgo, instrument: Instrument, instead_of: AlgoView | None = None
    ) -> None:
        reduces = only_reduces(
            command.side,
            command.position_side,
            reduce_only=command.reduce_only,
            close_position=command.close_position,
        )
        self._check_halt(command.symbol, helps=False)
        if not reduces:
            self._check(
                Wish(
                    symbol=command.symbol,
                    side=command.side,
                    quantity=command.quantity or ZERO,
                    price=command.price or command.trigger_price or command.activate_price,
                    position_side=command.position_side,
                    is_conditional=True,
                    is_new=instead_of is None,
                    is_named=bool(command.client_algo_id),
                ),
                instrument,
                instead_of.client_algo_id if instead_of is not None else "",
            )

    def check_amend(self, view: OrderView, target: PlaceOrder, instrument: Instrument) -> None:
        """`target` is the order as it would be, with its new total quantity."""
        self._check_halt(view.symbol, helps=False)
        lessens = target.price == view.price and target.quantity <= view.orig_qty
        if lessens or only_reduces(view.side, view.position_side, reduce_only=view.reduce_only):
            return
        self._check(
            Wish(
                symbol=view.symbol,
                side=view.side,
                quantity=target.quantity - view.executed_qty,
                price=target.price,
                position_side=view.position_side,
                is_new=False,
            ),
            instrument,
            view.client_order_id,
        )

    def check_leverage(self, symbol: str, wanted: int) -> None:
        found = leverage_objection(wanted, self._positions.leverage(symbol), self.limits)
        if found is not None:
            raise _refusal(found)

    def obey(self, kill_switch: Halting) -> None:
        """From now on nothing new rests at the exchange while it works."""
        self._kill_switch = kill_switch

    @property
    def pulls(self) -> int:
        """Take when an order is asked for; give to `why_halted` before it is sent."""
        return self._kill_switch.pulls if self._kill_switch is not None else 0

    def why_halted(self, symbol: str, since: int | None = None) -> str:
        """ "" while orders may go out."""
        if self._kill_switch is None:
            return ""
        return self._kill_switch.why_halted(symbol, since)

    # --- told ----------------------------------------------------------------------------

    def heard(self, event: Event) -> None:
        """On the thread where it happened, perhaps under a lock of order management."""
        if isinstance(event, FillRecorded):
            self._keeper.note_fill(event.fill)
        elif isinstance(event, AccountUpdate) and event.reason != "ORDER":
            self._keeper.note_booking()

    def begin(self) -> None:
        """Find out whether the day is over already. Blocks; raises what the gateway raises.

        Without a limit of the day's loss nothing depends on it: a failure is logged.
        """
        try:
            self._keeper.read(self._clock.monotonic())
        except PerpdeskError as error:
            if self.limits.limits_the_day:
                raise
            logger.info("the day's statement was not read: %s", error)
        self._recall()

    def tick(self, now_s: float) -> None:
        """Read the statement when it is due, judge the day, tell what has changed."""
        self._keeper.tick(now_s)
        now_ms = self._now_ms()
        self._judge(now_ms, thoroughly=True)
        self._keep()
        self._tell(now_ms)

    # --- asked at any time -----------------------------------------------------------------

    def view(self) -> GuardView:
        now_ms = self._now_ms()
        day = self._keeper.day(now_ms)
        lock = self._standing(now_ms)
        return GuardView(
            day_pnl=day.result,
            day_began_ms=day.began_ms,
            locked_until_ms=lock.until_ms if lock is not None else None,
            sentence=self._sentence(lock),
        )

    # --- the check ---------------------------------------------------------------------------

    def _check_halt(self, symbol: str, *, helps: bool) -> None:
        why = self.why_halted(symbol)
        if why and not helps:
            raise OrderNotAllowed("", why)

    def _check(
        self,
        wish: Wish,
        instrument: Instrument,
        replaced: str = "",
        *,
        is_flat: bool = False,
    ) -> None:
        self._check_day()
        mark = self._mark(wish)
        with self._lock:
            facts = self._facts(wish, instrument, mark, replaced)
            if is_flat:
                facts = replace(facts, position=ZERO)
            found = objection(wish, facts, self.limits)
            if found is None and not is_flat:
                self._note_sent(facts.now_ms, wish)
        if found is not None:
            logger.info("the guard refused %s %s: %s", wish.side, wish.symbol, found.sentence)
            raise _refusal(found)

    def _note_sent(self, now_ms: int, wish: Wish) -> None:
        limits = self.limits
        if not limits.orders_per_second and not limits.duplicate_within_ms:
            return
        self._sent.append((now_ms, wish))
        longest_ms = max(_SECOND_MS, limits.duplicate_within_ms)
        while now_ms - self._sent[0][0] > longest_ms:
            self._sent.popleft()

    def _check_day(self) -> None:
        """A lock-out that stands is not lifted by switching its rule off."""
        now_ms = self._now_ms()
        if self.limits.limits_the_day and not self._keeper.is_read:
            raise OrderNotAllowed("", _UNREAD)
        self._judge(now_ms, thoroughly=not self._is_judged)
        lock = self._standing(now_ms)
        if lock is not None:
            raise OrderNotAllowed("", _locked(lock))

    def _facts(
        self, wish: Wish, instrument: Instrument, mark: Decimal | None, replaced: str
    ) -> Facts:
        """What no rule asks for is left out."""
        limits = self.limits
        position = self._positions.position(wish.symbol, wish.position_side)
        algos = [a.view for a in self._algos.open_algos() if not a.has_triggered]
        resting = ZERO
        if limits.bound_position(wish.symbol):
            resting = self._resting(wish, algos, replaced)
        return Facts(
            now_ms=self._clock.now_ms(),
            mark_price=mark,
            equity=self._equity() if limits.need_equity else None,
            position=position.quantity if position is not None else ZERO,
            resting=resting,
            open_orders=self._tracker.total_open() + len(algos),
            leverage=self._positions.leverage(wish.symbol),
            step=instrument.limit_quantity.step,
            base_asset=instrument.base_asset,
            sent=tuple(self._sent),
        )

    def _resting(self, wish: Wish, algos: Iterable[AlgoView], replaced: str) -> Decimal:
        """`replaced`: the id of the order that this wish takes the place of."""
        symbol, side, held = wish.symbol, wish.side, wish.position_side
        total = self._tracker.resting_qty(symbol, side, held, without=replaced)
        for algo in algos:
            if algo.side is not side or algo.symbol != symbol or algo.only_reduces:
                continue
            if algo.position_side is held and algo.client_algo_id != replaced:
                total += algo.quantity
        return total

    def _mark(self, wish: Wish) -> Decimal | None:
        """None where no rule needs it, or the venue does not say."""
        if not self.limits.need_a_price:
            return None
        known = self._price_of(wish.symbol)
        if known is not None:
            return known
        try:
            return self._gateway.get_mark_price(wish.symbol)
        except PerpdeskError as error:
            raise OrderNotAllowed(
                "", f"The mark price of {wish.symbol} is not known, so the order cannot be"
                f" checked: {error}"
            ) from error  # fmt: skip

    def _equity(self) -> Decimal | None:
        return self._wallet() + self._open_pnl() if self._positions.balances() else None

    def _wallet(self) -> Decimal:
        wallet = ZERO
        for balance in self._positions.balances():
            if balance.asset in _DOLLARS:
                wallet += balance.wallet_balance
        return wallet

    def _open_pnl(self) -> Decimal:
        total = ZERO
        for position in self._positions.positions():
            mark = self._price_of(position.symbol)
            if mark is None:
                total += position.unrealized_pnl
            else:
                total += (mark - position.entry_price) * position.quantity
        return total

    # --- the day -------------------------------------------------------------------------------

    def _now_ms(self) -> int:
        # the venue's time: whoever sets the computer's clock does not end the day
        return self._gateway.server_now_ms()

    def _judge(self, now_ms: int, *, thoroughly: bool = False) -> None:
        """Lock when the day's loss has reached its limit. `thoroughly`: read all of it again."""
        if not self.limits.limits_the_day or not self._positions.balances():
            return
        day = self._keeper.day(now_ms)
        result = day.result
        if self.limits.daily_loss_with_open:
            result += min(ZERO, self._open_pnl())
        bound = largest_loss(day.capital, self.limits)
        if bound is not None and result < 0 and result <= -bound:
            self._lock_until(lock_at(now_ms, result, bound, self.limits), only_if_free=True)
        if thoroughly:
            self._is_judged = self._keeper.is_read
            proven = self._keeper.lock_out(now_ms)
            if proven is not None:
                self._lock_until(proven)

    def _standing(self, now_ms: int) -> LockOut | None:
        lock = self._lock_out
        return lock if lock is not None and now_ms < lock.until_ms else None

    def _lock_until(self, lock: LockOut, *, only_if_free: bool = False) -> None:
        """A lock-out is made longer, never shorter."""
        with self._lock:
            old = self._lock_out
            if old is not None and old.until_ms >= lock.until_ms:
                return
            if only_if_free and self._standing(self._now_ms()) is not None:
                return
            self._lock_out, self._is_kept = lock, False
        logger.warning("locked until_ms=%d: %s", lock.until_ms, lock.sentence)

    def _recall(self) -> None:
        if self._store is None:
            return
        try:
            kept, is_altered = self._store.newest(), self._store.is_altered()
        except JournalError as error:
            logger.warning("earlier lock-outs were not read: %s", error)
            return
        now_ms = self._now_ms()
        if is_altered:
            end_ms = day_start_ms(now_ms, self.limits.day_begins_at_h) + DAY_MS
            kept = LockOut(at_ms=now_ms, until_ms=end_ms, sentence=_ALTERED)
        if kept is not None and kept.until_ms > now_ms:
            self._lock_until(kept)
            self._is_kept = True

    def _keep(self) -> None:
        lock = self._lock_out
        if self._is_kept or self._store is None or lock is None:
            return
        try:
            self._store.save(lock)
        except JournalError as error:
            # it stands in memory, and the statement proves it after a restart
            logger.warning("the lock-out was not written down: %s", error)
            return
        self._is_kept = True

    def _tell(self, now_ms: int) -> None:
        view = self.view()
        old, self._told = self._told, view
        if view == old:
            return
        self._publish(GuardChanged(guard=view))
        was_locked = old is not None and old.locked_until_ms is not None
        if view.locked_until_ms is not None and not was_locked:
            self._alert(AlertLevel.ERROR, "guard.locked", view.sentence, now_ms)
        elif was_locked and view.locked_until_ms is None:
            self._alert(AlertLevel.INFO, "guard.unlocked", "The lock-out has ended.", now_ms)

    def _alert(self, level: AlertLevel, code: str, sentence: str, at_ms: int) -> None:
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    def _sentence(self, lock: LockOut | None) -> str:
        if lock is not None:
            return _locked(lock)
        missing = self._keeper.uncounted()
        if missing:
            return f"Not counted, for want of a price: what was booked in {', '.join(missing)}."
        if not self.limits.limits_the_day:
            return "No limit of the day's loss is set."
        return ""


def _reduces(command: PlaceOrder) -> bool:
    return only_reduces(command.side, command.position_side, reduce_only=command.reduce_only)


def _wish_of(command: PlaceOrder) -> Wish:
    return Wish(
        symbol=command.symbol,
        side=command.side,
        quantity=command.quantity,
        price=command.price if command.type is OrderType.LIMIT else None,
        position_side=command.position_side,
        is_named=bool(command.client_order_id),
    )


def _locked(lock: LockOut) -> str:
    end = datetime.fromtimestamp(lock.until_ms / 1000, UTC)
    return f"Locked until {end:%Y-%m-%d %H:%M} UTC. {lock.sentence}"


def _refusal(found: Objection) -> OrderNotAllowed:
    return OrderNotAllowed(found.field, found.sentence, found.fix)


def _refusal_in_series(found: Objection, number: int, count: int) -> OrderNotAllowed:
    """What would fit one order says nothing about the whole: no fix is offered."""
    if count == 1:
        return _refusal(found)
    return OrderNotAllowed("", f"Order {number} of {count}: {found.sentence} Nothing was sent.")
