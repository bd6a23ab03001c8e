"""One key that ends it all: cancel everything, close everything, look, and do it again.

It asks only the exchange whether it is done. It needs no stream and no journal, waits
in nobody's turn, and uses the share of the limits that is kept for taking risk off. The
first round acts on what is known here, so that nothing waits for a reading.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from typing import Any, TypeVar

from engine.commands import PlaceOrder
from engine.errors import PerpdeskError, ShuttingDown
from engine.events import AlgoUpdate, OrderUpdate
from engine.events.protection import KillChanged
from engine.exchange.gateway import ExchangeGateway
from engine.market.instruments import Instrument
from engine.oms.algo_face import AlgoFace
from engine.oms.kill_plan import Standing, counted, left_over, next_steps
from engine.oms.kill_scope import KillScope, flat_words, progress_words
from engine.oms.order_changing import OrderChanging
from engine.oms.order_desk import OrderDesk
from engine.oms.order_placing import OrderPlacing
from engine.oms.position_tracker import PositionTracker
from engine.protection_views import AlgoView, KillView
from engine.trading_types import AlertLevel, AlgoStatus, KillState, OrderStatus
from engine.utils.backoff import Backoff
from engine.utils.threads import CrashHandler, StoppableThread
from engine.views import ZERO, OrderView

logger = logging.getLogger(__name__)

T = TypeVar("T")

_AT_ONCE = 8
_CANCELS_FIRST_S = 1.0  # a cancel that hangs holds no position open
# a look at the whole account costs 85 of the minute's 2400
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 5.0
_HALTED = "The kill switch is working: until it is done only market orders that reduce go out."
_OVERTAKEN = "The kill switch was started after this was asked for; it was not sent."
_NOT_ANSWERED = (
    OrderStatus.PENDING_NEW,
    OrderStatus.UNKNOWN,
    AlgoStatus.PENDING_NEW,
    AlgoStatus.UNKNOWN,
)


class KillSwitch:
    """Thread-safe; every method returns at once. The work is done on the thread `kill`.

    `KillChanged` tells every round.
    """

    def __init__(
        self,
        desk: OrderDesk,
        placing: OrderPlacing,
        changing: OrderChanging,
        algos: AlgoFace,
        positions: PositionTracker,
        on_crash: CrashHandler | None = None,
    ) -> None:
        self._desk = desk
        self._gateway: ExchangeGateway = desk.gateway
        self._placing = placing
        self._changing = changing
        self._positions = positions
        self._algos = algos
        self._on_crash = on_crash
        self._lock = threading.Lock()
        self._scope = KillScope()
        self._thread: StoppableThread | None = None
        self._is_running = False
        self._is_closing = False
        self._pulls = 0
        self._last_pull: dict[str | None, int] = {}  # by symbol; None: everything
        self._view = KillView(state=KillState.IDLE, sentence="")

    # --- commands ----------------------------------------------------------------------

    def start(self, symbol: str | None = None) -> None:
        """Cancel and close everything, or everything of `symbol`; wider than what runs, it
        widens that. Raises ShuttingDown.
        """
        with self._lock:
            if self._is_closing:
                raise ShuttingDown("Perpdesk is closing; nothing was sent.")
            self._pulls += 1
            self._last_pull[symbol] = self._pulls
            if self._is_running and self._thread is not None:
                self._scope = self._scope.with_(symbol)
                self._thread.stop_event.clear()  # it may just be giving up
            else:
                self._scope = KillScope().with_(symbol)
                self._is_running = True
                self._thread = StoppableThread("kill", self._work, self._crashed)
                self._thread.start()
            words = self._scope.words
        logger.warning("KILL %s", words)

    def stop(self) -> None:
        """Try no more; KillChanged then says what is left. Nothing runs: nothing happens."""
        with self._lock:
            if self._thread is not None:
                self._thread.request_stop()

    def close(self) -> None:
        """Take no more, and end. Blocks for nothing: `join` waits."""
        with self._lock:
            self._is_closing = True
            if self._thread is not None:
                self._thread.request_stop()

    def join(self, timeout_s: float) -> bool:
        thread = self._thread
        return thread is None or thread.join(timeout_s)

    # --- asked ----------------------------------------------------------------------

    @property
    def view(self) -> KillView:
        return self._view

    @property
    def pulls(self) -> int:
        """How often it was started; see `why_halted`."""
        return self._pulls

    def why_halted(self, symbol: str, since: int | None = None) -> str:
        """Why nothing new may rest at the exchange in `symbol` now; "": it may.

        `since`: what `pulls` was when the order was asked for. An order from before the
        kill switch does not go out after it either.
        """
        with self._lock:
            if self._is_running and self._scope.covers(symbol):
                return _HALTED
            last = max(self._last_pull.get(None, 0), self._last_pull.get(symbol, 0))
            return _OVERTAKEN if since is not None and last > since else ""

    # --- the thread `kill` -------------------------------------------------------------------

    def _work(self, stop: threading.Event) -> None:
        backoff = Backoff(base_s=_FIRST_PAUSE_S, maximum_s=_LONGEST_PAUSE_S)
        rounds = 1
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="kill-call")
        try:
            self._desk.sender.wake_paused()
            standing = self._known_here(self._scope)
            self._tell(KillState.WORKING, f"Ending {self._scope.words}.", standing, rounds)
            problems = self._act(standing, pool)
            while not (stop.is_set() and self._give_up(stop, rounds)):
                rounds += 1
                scope = self._scope
                standing, unread = self._read(scope)
                if standing.is_flat and self._finish(scope, rounds):
                    return
                sentence = progress_words(scope, standing, unread or problems)
                self._tell(KillState.WORKING, sentence, standing, rounds)
                problems = self._act(standing, pool)
                self._desk.clock.wait(stop, backoff.next_s())
        except ShuttingDown:
            with self._lock:
                self._is_running = False
            self._tell_left(self._scope, self._known_here(self._scope), rounds)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _finish(self, scope: KillScope, rounds: int) -> bool:
        """False when more was asked for meanwhile."""
        with self._lock:
            if self._scope != scope:
                return False
            self._is_running = False
        self._tell(KillState.FLAT, flat_words(scope), Standing(is_proven=True), rounds, scope)
        return True

    def _give_up(self, stop: threading.Event, rounds: int) -> bool:
        """Told to stop: look once more. False when it was started anew meanwhile."""
        scope = self._scope
        standing, _ = self._read(scope)
        with self._lock:
            if not stop.is_set():
                return False
            self._is_running = False
        self._tell_left(scope, standing, rounds)
        return True

    def _tell_left(self, scope: KillScope, standing: Standing, rounds: int) -> None:
        if standing.is_flat:
            self._tell(KillState.FLAT, flat_words(scope), standing, rounds, scope)
            return
        left = ", ".join(left_over(standing)) or "as far as is known here, nothing"
        sentence = f"Stopped before it was flat. Left: {left}."
        self._tell(KillState.LEFT_OVER, sentence, standing, rounds, scope)

    def _crashed(self, thread: str, error: BaseException) -> None:
        with self._lock:
            self._is_running = False
        sentence = "The kill switch failed; see the log. Close your positions at the exchange."
        self._tell(KillState.LEFT_OVER, sentence, Standing(), self._view.rounds)
        if self._on_crash is not None:
            self._on_crash(thread, error)

    # --- looking ----------------------------------------------------------------------

    def _known_here(self, scope: KillScope) -> Standing:
        orders = [o.symbol for o in self._desk.tracker.open_orders() if scope.covers(o.symbol)]
        return Standing(
            algos=counted(
                algo.symbol
                for algo in self._algos.open()
                if scope.covers(algo.symbol) and not algo.has_triggered
            ),
            orders=counted(orders),
            positions=tuple(p for p in self._positions.positions() if scope.covers(p.symbol)),
            unanswered=self._unanswered(scope),
        )

    def _read(self, scope: KillScope) -> tuple[Standing, str]:
        """From the exchange, and why not all of it could be read. Raises ShuttingDown."""
        known = self._known_here(scope)
        problems: list[str] = []

        def of(read: Callable[[str | None], list[T]]) -> list[T] | None:
            try:
                return read(scope.only)
            except ShuttingDown:
                raise
            except PerpdeskError as error:
                logger.warning("kill: not read: %s", error)
                problems.append(str(error))
                return None

        algos = of(self._gateway.urgent_algo_orders)
        orders = of(self._gateway.urgent_open_orders)
        positions = of(self._gateway.urgent_positions)
        covers = scope.covers
        standing = Standing(
            algos=_by_symbol(algos, covers) if algos is not None else known.algos,
            orders=_by_symbol(orders, covers) if orders is not None else known.orders,
            positions=(
                tuple(p for p in positions if covers(p.symbol))
                if positions is not None
                else known.positions
            ),
            unanswered=self._unanswered(scope),
            is_proven=not problems,
        )
        return standing, problems[0] if problems else ""

    def _unanswered(self, scope: KillScope) -> tuple[OrderView | AlgoView, ...]:
        views: list[OrderView | AlgoView] = [o.view for o in self._desk.tracker.open_orders()]
        views += [algo.view for algo in self._algos.open()]
        return tuple(
            view for view in views if scope.covers(view.symbol) and view.status in _NOT_ANSWERED
        )

    # --- doing ----------------------------------------------------------------------

    def _act(self, standing: Standing, pool: ThreadPoolExecutor) -> str:
        """Every step once. Returns the first problem as a sentence, or ""."""
        steps = next_steps(standing, self._largest)
        cancels: list[Future[None]] = [
            *(pool.submit(self._changing.cancel_all_now, s) for s in steps.cancel_orders),
            *(pool.submit(self._algos.cancel_all_now, s) for s in steps.cancel_algos),
        ]
        wait(cancels, _CANCELS_FIRST_S)
        closing = [pool.submit(self._close, order) for order in steps.closing]
        problems = [*map(_problem, cancels), *map(_problem, closing)]
        return next((problem for problem in problems if problem), "")

    def _close(self, command: PlaceOrder) -> str:
        order = self._placing.place_now(command)
        if order.status is OrderStatus.REJECTED:
            return order.view.reason
        return ""

    def _largest(self, symbol: str) -> Decimal:
        instrument: Instrument | None = self._instruments().get(symbol)
        return instrument.market_quantity.maximum if instrument is not None else ZERO

    def _instruments(self) -> Mapping[str, Instrument]:
        try:
            return self._desk.instruments()
        except PerpdeskError:
            return {}

    # --- telling ----------------------------------------------------------------------

    def _tell(
        self,
        state: KillState,
        sentence: str,
        standing: Standing,
        rounds: int,
        scope: KillScope | None = None,
    ) -> None:
        scope = scope or self._scope
        self._view = KillView(
            state=state,
            sentence=sentence,
            left=left_over(standing),
            rounds=rounds,
            symbols=() if scope.is_all else tuple(sorted(scope.symbols)),
        )
        logger.warning("kill state=%s rounds=%d: %s", state, rounds, sentence)
        self._desk.publish(KillChanged(kill=self._view))
        if state is KillState.LEFT_OVER:
            self._desk.alert(AlertLevel.ERROR, "kill.left_over", sentence)


def _by_symbol(
    rows: Iterable[OrderUpdate | AlgoUpdate], covers: Callable[[str], bool]
) -> dict[str, int]:
    return counted(row.symbol for row in rows if covers(row.symbol))


def _problem(future: Future[Any]) -> str:
    """Blocks until it has ended. Raises ShuttingDown."""
    try:
        return future.result() or ""
    except ShuttingDown:
        raise
    except PerpdeskError as error:
        logger.warning("kill: a step failed: %s", error)
        return str(error)
