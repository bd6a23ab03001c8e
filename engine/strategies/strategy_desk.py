"""What a strategy holds in its hands: orders, prices, positions. Everything under all guards."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from functools import partial

from engine.errors import ShuttingDown
from engine.market.instruments import Instrument
from engine.market.market_state import MarketState
from engine.oms.order_manager import Until
from engine.oms.order_models import Order
from engine.plan_records import PlanTerms
from engine.protection_views import PlanView
from engine.strategies.strategy_diary import StrategyDiary
from engine.trading_engine import TradingEngine
from engine.trading_types import AlertLevel, OrderType, PositionSide, Side, TimeInForce
from engine.utils.decimals import Number
from engine.views import BalanceView, PositionView


class StrategyDesk:
    """For the strategy's own thread. Calls block until the exchange has answered.

    Once the strategy has been told to stop, everything that could take new risk
    raises ShuttingDown; cancelling goes on.
    """

    def __init__(self, engine: TradingEngine, diary: StrategyDiary, stop: threading.Event) -> None:
        self.symbols = diary.view.symbols
        self._engine = engine
        self._diary = diary
        self._stop = stop
        self._orders: list[Order] = []
        self._traded = 0  # of those that are not kept any more
        self._plan_ids: list[str] = []

    # --- orders ------------------------------------------------------------------------

    def place(
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
    ) -> Order:
        """As `OrderManager.submit_order`: returns the live order, REJECTED with the reason
        when the exchange said no, UNKNOWN when its answer was lost. Raises BadInput or
        OrderNotAllowed when nothing was sent.
        """
        self._must_be_running()
        order = self._engine.oms.submit_order(
            symbol,
            side,
            type,
            quantity,
            price,
            time_in_force=time_in_force,
            reduce_only=reduce_only,
            position_side=position_side,
        )
        self._traded += sum(one.executed_qty > 0 for one in self._orders if one.is_terminal)
        self._orders = [*self.orders, order]
        return order

    def amend(
        self, order: Order, price: Number | None = None, quantity: Number | None = None
    ) -> Order:
        self._must_be_running()
        return self._engine.oms.modify_order(order, price=price, quantity=quantity)

    def cancel(self, order: Order) -> Order:
        return self._engine.oms.cancel_order(order)

    def wait(self, order: Order, until: Until | None = None, timeout_s: float = 5.0) -> bool:
        return self._engine.oms.wait(order, until, timeout_s)

    @property
    def orders(self) -> list[Order]:
        """Its own that have not ended, oldest first."""
        return [order for order in self._orders if not order.is_terminal]

    def start_plan(self, terms: PlanTerms) -> PlanView:
        """A chase, scaled orders or a TWAP; it is stopped with the strategy."""
        self._must_be_running()
        view = self._engine.plans.start(terms)
        self._plan_ids.append(view.plan_id)
        return view

    # --- looking -----------------------------------------------------------------------

    @property
    def market(self) -> MarketState:
        return self._engine.market

    def instrument(self, symbol: str) -> Instrument:
        """Steps and limits. Raises UnknownSymbol."""
        return self._engine.instrument(symbol)

    def middle(self, symbol: str, timeout_s: float = 5.0) -> Decimal | None:
        """Between the best bid and ask, on the tick; None when there was no price in time."""
        price = self.market.wait_for_price(symbol, timeout_s)
        if price is None:
            return None
        return self.instrument(symbol).round_price(Decimal(repr(price)))

    def position(
        self, symbol: str, position_side: PositionSide = PositionSide.BOTH
    ) -> PositionView | None:
        return self._engine.oms.positions.position(symbol, position_side)

    def balance(self, asset: str = "USDT") -> BalanceView | None:
        return self._engine.oms.positions.balance(asset)

    # --- talking -----------------------------------------------------------------------

    def say(self, sentence: str) -> None:
        """A line among the alerts, with the strategy's name."""
        self._diary.say(AlertLevel.INFO, "strategy.said", sentence)

    def stop(self) -> None:
        """End the strategy after this callback."""
        self._stop.set()

    @property
    def is_stopping(self) -> bool:
        """For long loops: leave them when this is True."""
        return self._stop.is_set()

    def pause(self, seconds: float) -> None:
        """Wait. Raises ShuttingDown at once when the strategy is told to stop."""
        self._engine.clock.wait(self._stop, seconds)
        self._must_be_running()

    def _must_be_running(self) -> None:
        if self._stop.is_set():
            name = self._diary.view.name
            raise ShuttingDown(f"The strategy {name} is being stopped; nothing was sent.")

    # --- the runner's ------------------------------------------------------------------

    def clean_up(self, reason: str) -> list[Callable[[], object]]:
        """The calls that leave nothing of the strategy at the exchange; each may raise."""
        oms, plans = self._engine.oms, self._engine.plans
        running = {view.plan_id for view in plans.plans() if not view.state.is_over}
        stops = [partial(plans.stop, one, reason) for one in self._plan_ids if one in running]
        return [*stops, *(partial(oms.cancel_order, order) for order in self.orders)]

    def count(self) -> None:
        """Have it told how many of its orders are open, and how many have traded."""
        traded = sum(order.executed_qty > 0 for order in self._orders)
        self._diary.count(len(self.orders), self._traded + traded)
