"""Which plans there are and how far each is: one lock, one door for their state."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from msgspec.structs import replace

from engine.clock import Clock
from engine.errors import BadInput, JournalError
from engine.events import Alert, Event
from engine.events.protection import PlanChanged
from engine.plans.plan_journal import PlanJournal
from engine.plans.plan_locks import PlanLocks
from engine.plans.plan_run import PlanRun
from engine.protection_views import PlanView
from engine.trading_types import AlertLevel, PlanState, Side
from engine.utils.deadline import Deadline
from engine.utils.decimals import plain

logger = logging.getLogger(__name__)

_ENDED_KEPT = 1000
_LOOK_S = 0.25
_LOCKED = "The plan's file is locked by another program; nothing was sent."


class PlanBook:
    """Any thread. `publish` is never called under the lock."""

    def __init__(
        self,
        journal: PlanJournal,
        locks: PlanLocks,
        clock: Clock,
        publish: Callable[[Event], None],
    ) -> None:
        self._journal = journal
        self._locks = locks
        self._clock = clock
        self._publish = publish
        self._changed = threading.Condition()
        self._runs: dict[str, PlanRun] = {}
        self._ended: dict[str, PlanView] = {}

    # --- reading -----------------------------------------------------------------------

    def runs(self) -> list[PlanRun]:
        with self._changed:
            return list(self._runs.values())

    def run_of(self, client_order_id: str) -> PlanRun | None:
        """Whose order this is; None: of no running plan. Without the lock, so that it may
        be asked by a listener.
        """
        return self._runs.get(client_order_id.rpartition("-")[0])

    def views(self) -> list[PlanView]:
        """Running ones, then those that ended since the start, oldest first."""
        with self._changed:
            return [run.told or run.view() for run in self._runs.values()] + [*self._ended.values()]

    def view(self, plan_id: str) -> PlanView | None:
        with self._changed:
            run = self._runs.get(plan_id)
            return self._ended.get(plan_id) if run is None else run.told

    def wait(self, plan_id: str, timeout_s: float) -> bool:
        """Block until the plan is over; False when `timeout_s` passed first."""
        deadline = Deadline(self._clock, timeout_s)
        with self._changed:
            while not self._is_over(plan_id):
                if deadline.passed:
                    return False
                self._changed.wait(min(deadline.left_s(), _LOOK_S))
        return True

    def _is_over(self, plan_id: str) -> bool:
        run = self._runs.get(plan_id)
        return run is None or (run.told is not None and run.told.state.is_over)

    # --- beginning ---------------------------------------------------------------------

    def begin(self, run: PlanRun) -> PlanView:
        """A new plan, on disk when this returns. Raises JournalError: then it has not begun."""
        plan = run.plan
        if not self._locks.acquire(plan.plan_id):
            raise JournalError(_LOCKED)
        try:
            self._journal.record_plan(plan)
        except JournalError:
            self._locks.release(plan.plan_id)
            raise
        logger.info("PLAN_STARTED plan=%s kind=%s", plan.plan_id, plan.kind)
        return self._enter(run)

    def take_over(self, run: PlanRun) -> bool:
        """A plan of before a restart. False: another process carries it out."""
        if not self._locks.acquire(run.plan.plan_id):
            return False
        self._enter(run)
        self._alert(run, AlertLevel.INFO, "plan.resumed", "was begun before the start; it goes on.")
        return True

    def _enter(self, run: PlanRun) -> PlanView:
        view = run.view()
        self.tell(run)
        with self._changed:
            self._runs[run.plan.plan_id] = run
        return view

    # --- a plan's state ----------------------------------------------------------------

    def stop(self, plan_id: str, reason: str) -> None:
        """Raises BadInput when there is nothing of it to stop."""
        with self._changed:
            run = self._runs.get(plan_id)
            if run is None or (run.plan.is_over and not run.has_open_orders):
                raise BadInput("plan_id", f"There is no running plan {plan_id!r}.")
            if run.plan.state is PlanState.STOPPING and run.plan.cancels_rest:
                return  # for the reason that it has already
            self._change(run, PlanState.STOPPING, reason, cancels_rest=True)

    def stop_all(
        self, reason: str, symbol: str | None, side: Side | None, *, unless_reducing: bool
    ) -> None:
        with self._changed:
            for run in self._runs.values():
                terms = run.plan.terms
                fits = symbol in (None, terms.symbol) and side in (None, terms.side)
                spared = unless_reducing and terms.reduce_only
                if run.plan.state is PlanState.RUNNING and fits and not spared:
                    self._change(run, PlanState.STOPPING, reason, cancels_rest=True)

    def take_number(self, run: PlanRun, index: int) -> None:
        """On disk when this returns: whatever happens next, no other order will have it.

        Raises JournalError: then nothing may be sent.
        """
        with self._changed:
            run.plan = plan = replace(run.plan, next_index=index + 1)
        self._journal.record_plan(plan)

    def halt(self, run: PlanRun, reason: str, *, cancels_rest: bool) -> None:
        """By itself. What a person has said about it meanwhile counts more."""
        with self._changed:
            was_running = run.plan.state is PlanState.RUNNING
            if was_running:
                self._change(run, PlanState.STOPPING, reason, cancels_rest=cancels_rest)
        self.save(run)
        if was_running:
            self._alert(run, AlertLevel.WARNING, "plan.stopped", f"stops by itself. {reason}")

    def end(self, run: PlanRun, state: PlanState, reason: str) -> None:
        with self._changed:
            was_running = run.plan.state is PlanState.RUNNING
            if not was_running and state is PlanState.STOPPED:
                reason = run.plan.reason  # the newest: it may have been stopped once more
            self._change(run, state, reason)
        if was_running and state is PlanState.STOPPED:
            self._alert(run, AlertLevel.WARNING, "plan.stopped", f"has ended. {reason}")
        logger.info("PLAN_ENDED plan=%s %s: %s", run.plan.plan_id, state, reason)
        self.save(run)

    def fail_all(self, reason: str) -> None:
        """Nobody decides any more: each is said to be over, and none is ever resumed."""
        for run in self.runs():
            if not run.plan.is_over:
                self.end(run, PlanState.STOPPED, reason)
                self.tell(run)

    def _alert(self, run: PlanRun, level: AlertLevel, code: str, what: str) -> None:
        plan, terms = run.plan, run.plan.terms
        name = f"{plan.kind} {terms.side} {plain(terms.quantity)} {terms.symbol}"
        at_ms = self._clock.now_ms()
        sentence = f"The plan {name} {what}"
        self._publish(Alert(level=level, code=code, sentence=sentence, at_ms=at_ms))

    def _change(
        self, run: PlanRun, state: PlanState, reason: str, *, cancels_rest: bool | None = None
    ) -> None:
        plan = run.plan
        run.plan = replace(
            plan,
            state=state,
            reason=reason,
            cancels_rest=plan.cancels_rest if cancels_rest is None else cancels_rest,
            updated_ms=self._clock.now_ms(),
        )
        run.is_unsaved = True

    def save(self, run: PlanRun) -> None:
        """A full disk is no reason to go on with a plan: it is tried again at every look."""
        plan = run.plan
        try:
            self._journal.record_plan(plan)
        except JournalError as error:
            logger.warning("plan not written plan=%s: %s", plan.plan_id, error)
            return
        with self._changed:
            run.is_unsaved = run.plan is not plan

    def tell(self, run: PlanRun) -> None:
        view = run.view()
        with self._changed:
            if view == run.told:
                return
            run.told = view
            self._changed.notify_all()
        self._publish(PlanChanged(plan=view))

    def retire(self, run: PlanRun) -> None:
        """Over, written down, and none of its orders can change any more: let it go."""
        if run.is_unsaved or not run.plan.is_over or run.has_open_orders:
            return
        plan_id = run.plan.plan_id
        with self._changed:
            del self._runs[plan_id]
            self._ended[plan_id] = run.view()
            if len(self._ended) > _ENDED_KEPT:
                del self._ended[next(iter(self._ended))]
            self._changed.notify_all()
        self._locks.release(plan_id)

    def has(self, plan_id: str) -> bool:
        return plan_id in self._runs

    # --- other processes ---------------------------------------------------------------

    def heed(self, run: PlanRun) -> None:
        """Another process may have asked for its end."""
        plan = run.plan
        if plan.state is PlanState.RUNNING and self._locks.is_asked_to_stop(plan.plan_id):
            self.stop(plan.plan_id, "Stopped by hand, from another program.")

    def ask_to_stop(self, plan_id: str) -> None:
        """Tell the process that holds it. Raises JournalError."""
        self._locks.ask_to_stop(plan_id)

    def close(self) -> None:
        self._locks.close()
