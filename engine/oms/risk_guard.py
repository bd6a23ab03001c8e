"""The guard that every order passes: from the window, the console and scripts alike.

The rules are in risk_rules, the facts of the moment in risk_facts, the lock-out in
day_lock; here they meet, with the kill switch's word. Reducing always passes.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from msgspec.structs import replace

from engine.clock import Clock
from engine.commands import PlaceOrder
from engine.errors import OrderNotAllowed
from engine.events import AccountUpdate, Event, FillRecorded
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.algo_tracker import AlgoTracker
from engine.oms.day_keeper import DayKeeper
from engine.oms.day_lock import DayLock, LockStore
from engine.oms.order_tracker import OrderTracker
from engine.oms.position_tracker import PositionTracker
from engine.oms.pre_trade_checks import is_reducing
from engine.oms.risk_facts import RiskFacts
from engine.oms.risk_rules import (
    Objection,
    RiskLimits,
    Wish,
    leverage_objection,
    objection,
    only_reduces,
    sent_lately,
)
from engine.protection_commands import PlaceAlgo
from engine.protection_views import AlgoView, GuardView
from engine.trading_types import OrderType
from engine.views import ZERO, OrderView

logger = logging.getLogger(__name__)

_SECOND_MS = 1000


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
        self._positions = positions
        self._clock = clock
        self._facts = RiskFacts(limits, gateway, tracker, algos, positions, clock, price_of)
        self._keeper = DayKeeper(gateway, limits, self._facts.wallet, price_of)
        self._day_lock = DayLock(
            limits, self._keeper, positions, self._facts, gateway.server_now_ms, publish, store
        )
        self._lock = threading.Lock()
        self._sent: deque[tuple[int, Wish]] = deque()
        self._kill_switch: Halting | None = None

    # --- asked before sending ------------------------------------------------------------

    def check_place(self, command: PlaceOrder, instrument: Instrument) -> None:
        reduces = is_reducing(command)
        self._check_halt(command.symbol, helps=reduces and command.type is OrderType.MARKET)
        if not reduces:
            self._check(_wish_of(command), instrument)

    def check_series(self, commands: Sequence[PlaceOrder], instrument: Instrument) -> None:
        """All orders of one symbol, as if those before it were open. Nothing is counted, and
        their pace is not judged: whoever sends many waits for `has_room`.
        """
        wishes = []
        for command in commands:
            reduces = is_reducing(command)
            helps = reduces and command.type is OrderType.MARKET
            self._check_halt(command.symbol, helps=helps)
            if not reduces:
                wishes.append(_wish_of(command))
        if not wishes:
            return
        self._day_lock.check()
        mark = self._facts.mark(wishes[0])
        paceless = replace(self.limits, orders_per_second=0, duplicate_within_ms=0)
        for number, wish in enumerate(wishes):
            before = wishes[:number]
            with self._lock:
                facts = self._facts.of(wish, instrument, mark, "", tuple(self._sent))
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
        self._day_lock.begin(self._clock.monotonic())

    def tick(self, now_s: float) -> None:
        """Read the statement when it is due, judge the day, tell what has changed."""
        self._day_lock.tick(now_s)

    def view(self) -> GuardView:
        return self._day_lock.view()

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
        self._day_lock.check()
        mark = self._facts.mark(wish)
        with self._lock:
            facts = self._facts.of(wish, instrument, mark, replaced, tuple(self._sent))
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


def _wish_of(command: PlaceOrder) -> Wish:
    return Wish(
        symbol=command.symbol,
        side=command.side,
        quantity=command.quantity,
        price=command.price if command.type is OrderType.LIMIT else None,
        position_side=command.position_side,
        is_named=bool(command.client_order_id),
    )


def _refusal(found: Objection) -> OrderNotAllowed:
    return OrderNotAllowed(found.field, found.sentence, found.fix)


def _refusal_in_series(found: Objection, number: int, count: int) -> OrderNotAllowed:
    """What would fit one order says nothing about the whole: no fix is offered."""
    if count == 1:
        return _refusal(found)
    return OrderNotAllowed("", f"Order {number} of {count}: {found.sentence} Nothing was sent.")
