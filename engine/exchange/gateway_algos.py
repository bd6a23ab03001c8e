"""The gateway's contract: conditional orders, which the venue keeps in a service of their own.

They wait outside the book, have ids of their own, and become a regular order
(`AlgoUpdate.order_id`) when they trigger. They cannot be amended: cancel and place
anew. Thread, blocking and errors of every method: see engine.exchange.gateway.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from engine.events import AlgoUpdate
from engine.trading_types import OrderType, PositionSide, Side, TimeInForce, WorkingType
from engine.utils.decimals import Number


class AlgoOrderCalls(ABC):
    @abstractmethod
    def place_algo_order(
        self,
        symbol: str,
        side: Side | str,
        order_type: OrderType | str,
        quantity: Number | None = None,
        *,
        trigger_price: Number | None = None,
        price: Number | None = None,
        callback_pct: Number | None = None,
        activate_price: Number | None = None,
        close_position: bool = False,
        reduce_only: bool = False,
        position_side: PositionSide | str = PositionSide.BOTH,
        working_type: WorkingType | str = WorkingType.CONTRACT_PRICE,
        price_protect: bool = False,
        time_in_force: TimeInForce | str | None = None,
        client_algo_id: str | None = None,
    ) -> AlgoUpdate:
        """Place STOP, STOP_MARKET, TAKE_PROFIT, TAKE_PROFIT_MARKET or TRAILING_STOP_MARKET.

        STOP and TAKE_PROFIT need a `price`; a trailing stop needs `callback_pct`
        (0.1 to 20) and no trigger; all others need `trigger_price`.
        `close_position` (the two *_MARKET) takes the place of `quantity`.
        Raises OrderRefused with code -2021 when it would trigger at once.
        """

    @abstractmethod
    def cancel_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> None:
        """Raises OrderRefused with code -2011 when none such waits (it may have triggered)."""

    @abstractmethod
    def cancel_all_algo_orders(self, symbol: str) -> None:
        """Every waiting conditional order of the symbol; each reports on the user stream."""

    @abstractmethod
    def query_algo_order(
        self, *, algo_id: int | None = None, client_algo_id: str | None = None
    ) -> AlgoUpdate:
        """Raises OrderRefused with code -2013 when the venue does not know it (yet)."""

    @abstractmethod
    def get_open_algo_orders(self, symbol: str | None = None) -> list[AlgoUpdate]:
        """Every conditional order not ended, of all symbols when None."""
