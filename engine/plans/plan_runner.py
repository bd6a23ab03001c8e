"""Carries plans out: one thread `plans` that looks, decides by plan_steps, and acts.

What makes it safe is written elsewhere and only used here: every order is an
ordinary one of order management, under all its checks; its client id follows
from the plan's and a number, and a number is never used twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from engine.clock import Clock
from engine.errors import BadInput, OrderNotAllowed, ShuttingDown
from engine.event_hub import EventHub
from engine.events import CommandRefused, OrderChanged
from engine.events.protection import GuardChanged, KillChanged
from engine.market.instruments import Instrument, named_in
from engine.oms.client_ids import new_plan_id
from engine.oms.order_manager import OrderManager
from engine.oms.risk_rules import only_reduces
from engine.plan_records import Plan, PlanTerms
from engine.plans.best_prices import BestPrices
from engine.plans.kept_plans import KeptPlan
from engine.plans.plan_book import PlanBook
from engine.plans.plan_checks import orders_of, read_terms
from engine.plans.plan_hands import PlanHands
from engine.plans.plan_models import Amend, Place, PlanSight, Rest, Step, view_of
from engine.plans.plan_run import PlanRun
from engine.plans.plan_steps import next_step
from engine.protection_commands import StartChase
from engine.protection_views import PlanView
from engine.trading_types import KillState, PlanState, Side
from engine.utils.threads import CrashHandler, StoppableThread

TICK_S = 0.25
_FAILED = "Perpdesk failed while carrying it out; look after its orders."


class PlanSettings(msgspec.Struct, frozen=True, kw_only=True):
    amends_per_second: int = 2  # of one chase, new orders included
    order_reserve_pct: float = 40.0  # of the venue's order limit, which a chase leaves alone


class PlanShelf(Protocol):
    """What is read of the journal. Any thread; blocks on the disk; raises JournalError."""

    def unfinished_plans(self) -> list[KeptPlan]: ...

    def newest_plans(self, limit: int) -> list[KeptPlan]: ...


class PlanRunner:
    """The face of plans. `start`, `stop`, `stop_all`, `plans`, `plan` and `wait`: any thread.

    `orders_left_pct`: how much of the venue's order limit is not used now.
    """

    def __init__(
        self,
        oms: OrderManager,
        hub: EventHub,
        clock: Clock,
        book: PlanBook,
        shelf: PlanShelf,
        prices: BestPrices,
        instruments: Callable[[], Mapping[str, Instrument]],
        *,
        orders_left_pct: Callable[[], float],
        on_crash: CrashHandler,
        settings: PlanSettings | None = None,
    ) -> None:
        self._oms = oms
        self._hub = hub
        self._clock = clock
        self._book = book
        self._shelf = shelf
        self._prices = prices
        self._instruments = instruments
        self._orders_left_pct = orders_left_pct
        self._tell_crash = on_crash
        self._settings = settings or PlanSettings()
        self._hands = PlanHands(oms, book, clock)
        self._wake = threading.Event()
        prices.on_change = self._wake.set
        self._thread = StoppableThread("plans", self._work, self._on_crash)
        self._ends = [
            hub.listen(OrderChanged, self._on_order),
            hub.listen(CommandRefused, self._on_refusal),
            hub.listen(KillChanged, self._on_kill),
            hub.listen(GuardChanged, self._on_guard),
        ]

    # --- what is asked of it -----------------------------------------------------------

    def start(self, terms: PlanTerms) -> PlanView:
        """Check as a whole, write down, begin; follow PlanChanged, or `wait`.

        Blocks for a disk write, and for a chase on the network. Raises
        BadInput, UnknownSymbol, JournalError or ShuttingDown: then nothing was sent.
        """
        if self._thread.stop_event.is_set():
            raise ShuttingDown("Perpdesk is closing; nothing was sent.")
        if self._oms.why_closed:
            raise OrderNotAllowed("", self._oms.why_closed)
        terms = read_terms(terms)
        instrument = self._instrument(terms.symbol)
        self._oms.check(orders_of(terms, instrument, self._first_price(terms)))
        now_ms = self._clock.now_ms()
        plan_id = new_plan_id(self._clock)
        view = self._book.begin(
            PlanRun(Plan(plan_id=plan_id, terms=terms, created_ms=now_ms, updated_ms=now_ms))
        )
        self._wake.set()
        return view

    def stop(self, plan_id: str, reason: str = "Stopped by hand.") -> None:
        """Place nothing more and cancel what rests of it; PlanChanged tells when that is done.

        One that another program carries out is asked to stop, and one that nobody does is
        taken over for that. Blocks for the disk at most. Raises BadInput when there is no
        such plan, or it is over, and JournalError.
        """
        if not self._book.has(plan_id):
            self._stop_elsewhere(plan_id)
        else:
            self._book.stop(plan_id, reason)
            self._wake.set()

    def _stop_elsewhere(self, plan_id: str) -> None:
        for kept in self._shelf.unfinished_plans():
            if kept.plan.plan_id != plan_id:
                continue
            if not self._take_over(kept, stops=True):
                self._book.ask_to_stop(plan_id)
            self._wake.set()
            return
        raise BadInput("plan_id", f"There is no running plan {plan_id!r}.")

    def stop_all(
        self,
        reason: str,
        *,
        symbol: str | None = None,
        side: Side | None = None,
        unless_reducing: bool = False,
    ) -> None:
        """Stop every running plan that fits. Returns at once."""
        self._book.stop_all(reason, symbol, side, unless_reducing=unless_reducing)
        self._wake.set()

    def resume(self) -> None:
        """Take over plans of before a restart. Each goes on once the account has been read,
        within its own time, or ends with the reason. What another process holds is left to it.
        """
        for kept in self._shelf.unfinished_plans():
            self._take_over(kept)
        self._wake.set()

    def _take_over(self, kept: KeptPlan, *, stops: bool = False) -> bool:
        run = PlanRun(kept.plan, is_resumed=True)
        run.adopt(self._oms.tracker.get(view.client_order_id) or view for view in kept.orders)
        symbol = kept.plan.terms.symbol
        if not self._book.take_over(run):
            return False
        if symbol not in self._instruments():
            self._book.end(run, PlanState.STOPPED, f"The exchange has no {symbol} any more.")
        elif stops:
            self._book.stop(kept.plan.plan_id, "Stopped by hand.")
        return True

    def plans(self) -> list[PlanView]:
        """Running ones, then those that ended since the start, oldest first."""
        return self._book.views()

    def plan(self, plan_id: str) -> PlanView | None:
        """One that runs here, or ended here since the start."""
        return self._book.view(plan_id)

    def history(self, limit: int = 20) -> list[PlanView]:
        """The newest ones, newest first, also of other programs on this journal. Blocks on
        the disk. Raises JournalError.
        """
        return [
            self._book.view(kept.plan.plan_id) or view_of(kept.plan, kept.orders)
            for kept in self._shelf.newest_plans(limit)
        ]

    def wait(self, plan_id: str, timeout_s: float) -> bool:
        """Block until the plan is over; False when `timeout_s` passed first."""
        return self._book.wait(plan_id, timeout_s)

    # --- life --------------------------------------------------------------------------

    def begin(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        """Decide nothing more. What rests stays at the exchange, as after any closing."""
        self._thread.request_stop()
        self._wake.set()

    def close(self, timeout_s: float) -> bool:
        """False: the thread did not end in time."""
        self.request_stop()
        has_ended = self._thread.join(timeout_s)
        self._prices.close()
        for end in self._ends:
            end()
        self._book.close()
        return has_ended

    def _on_crash(self, thread: str, error: BaseException) -> None:
        self._book.fail_all(_FAILED)
        self._tell_crash(thread, error)

    # --- the thread `plans` ------------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        while True:
            self._wake.clear()
            if stop.is_set():  # after the clearing, or its wake-up could be lost
                return
            try:
                if self.look():
                    continue
            except ShuttingDown:
                return  # they go on after the restart
            if self._book.runs():
                self._clock.wait(self._wake, TICK_S)
            else:
                self._wake.wait()

    def look(self) -> bool:
        """One step of every plan, on the thread `plans` or, without it, in a test.

        True: something was done, so look again at once.
        """
        runs = self._book.runs()
        self._prices.keep({run.plan.terms.symbol for run in runs if _is_chasing(run.plan)})
        has_acted = False
        for run in runs:
            has_acted |= self._look(run)
        return has_acted

    def _look(self, run: PlanRun) -> bool:
        self._book.heed(run)
        if run.is_unsaved:
            self._book.save(run)
        self._book.tell(run)
        if run.plan.is_over:
            self._book.retire(run)
            return False
        if not self._may_look(run):
            return False
        step = next_step(run.plan, self._sight(run))
        if not self._may_send(run, step):
            return False
        self._hands.carry_out(run, step)
        if isinstance(step, Place):
            self._prices.forget(run.plan.terms.symbol)
        self._book.tell(run)
        self._book.retire(run)
        return not isinstance(step, Rest)

    def _may_look(self, run: PlanRun) -> bool:
        if self._clock.monotonic() < run.not_before_s:
            return False
        if run.is_waiting:
            run.is_waiting = bool(self._oms.why_closed)
        return not run.is_waiting

    def _may_send(self, run: PlanRun, step: Step) -> bool:
        """A plan waits where the guard would find it too fast; a chase keeps its own pace, too,
        and leaves a share of the order limit to the person.
        """
        if not isinstance(step, Place | Amend):
            return True
        if not _reduces(run.plan) and not self._oms.guard.has_room():
            return False
        if not _is_chasing(run.plan):
            return True
        if not run.pace.allows(self._settings.amends_per_second, self._clock.monotonic()):
            return False
        return self._orders_left_pct() > self._settings.order_reserve_pct

    def _sight(self, run: PlanRun) -> PlanSight:
        terms = run.plan.terms
        is_chasing = _is_chasing(run.plan)
        best = self._prices.best(terms.symbol) if is_chasing else None
        now_ms = self._clock.now_ms()
        return PlanSight(
            now_ms=now_ms,
            instrument=self._instrument(terms.symbol),
            children=run.children(),
            best_bid=best.bid if best is not None else None,
            best_ask=best.ask if best is not None else None,
            priceless_ms=run.priceless_ms(best is not None, now_ms) if is_chasing else 0,
            closed_because=self._oms.why_closed,
            is_resumed=run.is_resumed,
        )

    def _instrument(self, symbol: str) -> Instrument:
        return named_in(self._instruments(), symbol)

    def _first_price(self, terms: PlanTerms) -> Decimal | None:
        if not isinstance(terms, StartChase):
            return None
        best = self._prices.ask(terms.symbol)
        return best.own_side(terms.side) if best is not None else None

    # --- listeners: any thread, at once ------------------------------------------------

    def _on_order(self, event: OrderChanged) -> None:
        if self._book.run_of(event.order.client_order_id) is not None:
            self._wake.set()

    def _on_refusal(self, event: CommandRefused) -> None:
        """Why an order of ours was refused, as the venue's code: on the thread that placed it."""
        request_id = event.command.request_id
        run = self._book.run_of(request_id) if request_id else None
        if run is not None:
            run.refusal_codes[request_id] = event.code

    def _on_kill(self, event: KillChanged) -> None:
        if event.kill.state is not KillState.WORKING:
            return
        for symbol in event.kill.symbols or (None,):
            self.stop_all("The kill switch was used.", symbol=symbol)

    def _on_guard(self, event: GuardChanged) -> None:
        if event.guard.locked_until_ms is not None:
            self.stop_all(event.guard.sentence, unless_reducing=True)


def _reduces(plan: Plan) -> bool:
    terms = plan.terms
    return only_reduces(terms.side, terms.position_side, reduce_only=terms.reduce_only)


def _is_chasing(plan: Plan) -> bool:
    return isinstance(plan.terms, StartChase) and plan.state is PlanState.RUNNING
