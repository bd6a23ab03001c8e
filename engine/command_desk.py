"""Carries out commands on the engine's threads and answers each with an event.

Orders go to the `orders` queue, reads and settings to `queries`, so that a
click never waits behind history. A refused command is answered by
CommandRefused with a sentence; nothing a person asked for ends in silence.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from engine.commands import (
    MAIN_PANEL,
    AmendOrder,
    AskAgain,
    CancelAllOrders,
    CancelOrder,
    ClosePosition,
    Command,
    LoadCandles,
    PlaceOrder,
    SetLeverage,
    UnwatchSymbol,
    WatchSymbol,
)
from engine.errors import BadInput, NotConnected, PerpdeskError, VenueError
from engine.event_hub import EventHub
from engine.events import CandlesLoaded, CommandDone, CommandRefused, LeverageChanged
from engine.exchange.gateway import ExchangeGateway
from engine.market_feed import MarketFeed
from engine.oms.brackets import Brackets
from engine.oms.order_manager import OrderManager
from engine.oms.pre_trade_checks import is_reducing
from engine.plans.plan_runner import PlanRunner
from engine.protection_commands import (
    CancelAlgo,
    CancelBracket,
    CancelOrders,
    Flatten,
    Kill,
    MoveAlgo,
    PlaceAlgo,
    PlaceBracket,
    ProtectPosition,
    ReversePosition,
    SetDeadMan,
    SetHedgeMode,
    SetMarginType,
    StartChase,
    StartScaled,
    StartTwap,
    StopKill,
    StopPlan,
)
from engine.symbol_terms import TermsReader
from engine.trading_types import Side
from engine.utils.task_queue import TaskQueue

logger = logging.getLogger(__name__)

Work = Callable[[Any], object]  # each takes its own kind of command


_UNDOES_A_KILL = (PlaceOrder, PlaceAlgo, MoveAlgo, AmendOrder, ReversePosition)


class CommandDesk:
    """`submit` may be called from any thread and never waits."""

    def __init__(
        self,
        gateway: ExchangeGateway,
        oms: OrderManager,
        brackets: Brackets,
        feed: MarketFeed,
        plans: PlanRunner,
        hub: EventHub,
        orders: TaskQueue,
        queries: TaskQueue,
    ) -> None:
        self._gateway = gateway
        self._oms = oms
        self._brackets = brackets
        self._feed = feed
        self._terms = TermsReader(gateway)
        self._plans = plans
        self._hub = hub
        self._orders = orders
        self._queries = queries
        self._order_works = self._works_in_order()
        self._query_works = self._works_beside()
        self._works_at_once: Mapping[type[Command], Work] = {
            Kill: lambda _: self._end(None),
            Flatten: lambda command: self._end(command.symbol),
            StopKill: lambda _: oms.kill_switch.stop(),
        }

    def _works_in_order(self) -> Mapping[type[Command], Work]:
        """What the `orders` queue carries out."""
        oms, brackets, plans = self._oms, self._brackets, self._plans
        return {
            PlaceOrder: oms.place,
            AmendOrder: self._amend,
            CancelOrder: self._cancel,
            CancelAllOrders: self._cancel_all,
            ClosePosition: oms.close_position,
            ReversePosition: oms.reverse,
            PlaceAlgo: oms.algos.place,
            CancelAlgo: self._cancel_algo,
            MoveAlgo: self._move_algo,
            CancelOrders: self._cancel_orders,
            PlaceBracket: brackets.place,
            ProtectPosition: brackets.protect,
            CancelBracket: brackets.cancel,
            StartChase: plans.start,
            StartScaled: plans.start,
            StartTwap: plans.start,
            StopPlan: self._stop_plan,
        }

    def _works_beside(self) -> Mapping[type[Command], Work]:
        """What the `queries` queue carries out."""
        return {
            SetLeverage: self._set_leverage,
            SetMarginType: self._set_margin_type,
            SetHedgeMode: self._set_hedge_mode,
            WatchSymbol: self._watch,
            UnwatchSymbol: self._unwatch,
            LoadCandles: self._load_candles,
            AskAgain: self._ask_again,
            SetDeadMan: self._set_dead_man,
        }

    def submit(self, command: Command) -> None:
        """Raises ShuttingDown when the engine is closing."""
        kind = type(command)
        if kind in self._order_works:
            self._order(command, partial(self._order_works[kind], command))
        elif kind in self._query_works:
            self._query(command, partial(self._query_works[kind], command))
        elif kind in self._works_at_once:
            self._works_at_once[kind](command)
        else:
            self.refuse(command, f"{kind.__name__} is not a command of this engine.")

    def refuse(self, command: Command, sentence: str) -> None:
        self._hub.publish(CommandRefused(command=command, sentence=sentence))

    def _order(self, command: Command, work: Callable[[], object]) -> None:
        asked_at = self._oms.kill_switch.pulls

        def carry_out() -> None:
            why = self._why_overtaken(command, asked_at)
            if why:
                self.refuse(command, why)
            else:
                self._answer_order(command, work)

        self._orders.submit(carry_out, lambda: self._refuse_closing(command))

    def _why_overtaken(self, command: Command, asked_at: int) -> str:
        """What waited here while the kill switch came would undo it."""
        if isinstance(command, PlaceOrder) and is_reducing(command):
            return ""
        if isinstance(command, _UNDOES_A_KILL):
            return self._oms.kill_switch.why_halted(command.symbol, asked_at)
        return ""

    def _query(self, command: Command, work: Callable[[], object]) -> None:
        self._queries.submit(
            lambda: self._answer(command, work), lambda: self._refuse_closing(command)
        )

    def _refuse_closing(self, command: Command) -> None:
        self.refuse(command, "Perpdesk is closing; this was not sent.")

    def _answer_order(self, command: Command, work: Callable[[], object]) -> None:
        """Order management has told what the venue refused; the rest is told here."""

        def tell_the_rest() -> None:
            try:
                work()
            except (VenueError, NotConnected) as error:
                logger.info("%s refused: %s", type(command).__name__, error)

        self._answer(command, tell_the_rest)

    def _answer(self, command: Command, work: Callable[[], object]) -> None:
        try:
            work()
        except BadInput as error:
            self._hub.publish(
                CommandRefused(
                    command=command, sentence=str(error), field=error.field, fix=error.fix
                )
            )
        except VenueError as error:
            self._hub.publish(CommandRefused(command=command, sentence=str(error), code=error.code))
        except PerpdeskError as error:
            self.refuse(command, str(error))

    def _amend(self, command: AmendOrder) -> None:
        self._oms.modify_order(
            command.client_order_id,
            price=command.price,
            quantity=command.quantity,
            request_id=command.request_id,
        )

    def _cancel(self, command: CancelOrder) -> None:
        self._oms.cancel_order(command.client_order_id, request_id=command.request_id)

    def _cancel_algo(self, command: CancelAlgo) -> None:
        if self._brackets.owns(command.client_algo_id):
            self._brackets.cancel_exit(command)
            return
        self._oms.algos.cancel(command.client_algo_id, request_id=command.request_id)

    def _move_algo(self, command: MoveAlgo) -> None:
        if self._brackets.owns(command.client_algo_id):
            self._brackets.move_exit(command)
            return
        self._oms.algos.move(
            command.client_algo_id,
            trigger_price=command.trigger_price,
            price=command.price,
            quantity=command.quantity,
            request_id=command.request_id,
        )

    def _ask_again(self, command: AskAgain) -> None:
        algo = self._oms.algos.tracker.get(command.client_order_id)
        if algo is not None:
            self._oms.algos.ask_again(algo)
        else:
            self._oms.ask_again(command.client_order_id)

    def _end(self, symbol: str | None) -> None:
        self._oms.kill_switch.start(symbol)
        self._plans.stop_all("The kill switch was started.", symbol=symbol)

    def _stop_plan(self, command: StopPlan) -> None:
        self._plans.stop(command.plan_id)

    def _stop_plans(self, symbol: str | None, side: Side | None) -> None:
        """Before their orders are cancelled: a plan would place the next one."""
        self._plans.stop_all("Its orders were cancelled.", symbol=symbol, side=side)

    def _cancel_all(self, command: CancelAllOrders) -> None:
        self._stop_plans(command.symbol, None)
        orders = self._oms.cancel_all(command.symbol, request_id=command.request_id)
        self._done(command, f"Cancelling {len(orders)} open orders of {command.symbol}.")

    def _cancel_orders(self, command: CancelOrders) -> None:
        self._stop_plans(command.symbol, command.side)
        cancelled = self._oms.cancel_orders(command)
        if cancelled.failures:
            self.refuse(command, cancelled.sentence)
        else:
            self._done(command, cancelled.sentence)

    def _set_dead_man(self, command: SetDeadMan) -> None:
        view = self._oms.dead_man.set(command.symbol, command.countdown_s)
        self._done(command, view.sentence)

    def _set_hedge_mode(self, command: SetHedgeMode) -> None:
        self._oms.mode.change(command.is_on)
        self._done(
            command,
            "Long and short are held side by side now (hedge mode)."
            if command.is_on
            else "Each symbol has one position now (one-way mode).",
        )

    def _set_margin_type(self, command: SetMarginType) -> None:
        self._gateway.set_margin_type(command.symbol, command.margin_type)
        self._done(command, f"Margin of {command.symbol} is {command.margin_type.lower()} now.")

    def _set_leverage(self, command: SetLeverage) -> None:
        self._oms.guard.check_leverage(command.symbol, command.leverage)
        now = self._gateway.set_leverage(command.symbol, command.leverage)
        self._done(command, f"Leverage of {command.symbol} is {now}x now.")

    def _watch(self, command: WatchSymbol) -> None:
        self._gateway.get_exchange_info(command.symbol)  # says so when there is none
        self._feed.watch(
            command.symbol, command.interval, command.panel, with_book=command.with_book
        )
        if command.panel == MAIN_PANEL:
            self._tell_terms(command)

    def _unwatch(self, command: UnwatchSymbol) -> None:
        self._feed.unwatch(command.panel)

    def _tell_terms(self, command: WatchSymbol) -> None:
        """What the ticket must know of the symbol that it trades."""
        leverage = self._gateway.get_leverage(command.symbol)
        self._oms.on_event(LeverageChanged(symbol=command.symbol, leverage=leverage, event_ms=0))
        self._hub.publish(self._terms.read(command.symbol))

    def _load_candles(self, command: LoadCandles) -> None:
        candles = self._gateway.get_ohlc_data(
            command.symbol, command.interval, command.limit, end_ms=command.end_ms
        )
        self._hub.publish(
            CandlesLoaded(
                request_id=command.request_id,
                symbol=command.symbol,
                interval=command.interval,
                candles=tuple(candles),
                end_ms=command.end_ms,
            )
        )

    def _done(self, command: Command, sentence: str) -> None:
        self._hub.publish(CommandDone(command=command, sentence=sentence))
