"""Cancelling many orders of both services at once: of a symbol, of a side, of everything."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import msgspec

from engine.commands import CancelAllOrders, CancelOrder
from engine.errors import OrderRefused, PerpdeskError, ShuttingDown
from engine.events import AlgoUpdate
from engine.exchange.gateway import ExchangeGateway
from engine.oms.algo_face import AlgoFace
from engine.oms.kill_plan import number_of
from engine.oms.order_changing import OrderChanging
from engine.oms.order_desk import NO_SUCH_OPEN_ORDER
from engine.oms.order_tracker import OrderTracker
from engine.protection_commands import CancelOrders

logger = logging.getLogger(__name__)


class BulkCancelled(msgspec.Struct, frozen=True):
    """`failures`: what was not cancelled, and why."""

    orders: int
    algos: int
    failures: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        orders = number_of(self.orders, "order")
        done = f"Cancelling {orders} and {number_of(self.algos, 'conditional order')}."
        if not self.failures:
            return done
        return f"{done} Not cancelled: {'; '.join(self.failures)}"


class BulkCancel:
    """Blocks on the network; one failure does not stop the rest. Raises ShuttingDown."""

    def __init__(
        self,
        gateway: ExchangeGateway,
        tracker: OrderTracker,
        changing: OrderChanging,
        algos: AlgoFace,
    ) -> None:
        self._gateway = gateway
        self._tracker = tracker
        self._changing = changing
        self._algo_face = algos

    def cancel(self, command: CancelOrders) -> BulkCancelled:
        failures: list[str] = []
        algos = self._algos(command, failures)
        if command.side is None:
            orders = self._whole_symbols(command, algos, failures)
        else:
            orders = self._one_by_one(command, algos, failures)
        return BulkCancelled(orders, len(algos), tuple(failures))

    def _algos(self, command: CancelOrders, failures: list[str]) -> list[AlgoUpdate]:
        """Also those placed elsewhere: the exchange is asked."""
        found: list[AlgoUpdate] = []
        self._try(
            "conditional orders",
            lambda: found.extend(self._gateway.urgent_algo_orders(command.symbol)),
            failures,
        )
        return [algo for algo in found if command.side in (None, algo.side)]

    def _whole_symbols(
        self, command: CancelOrders, algos: list[AlgoUpdate], failures: list[str]
    ) -> int:
        symbols = {order.symbol for order in self._tracker.open_orders(command.symbol)}
        if command.symbol is not None:
            symbols.add(command.symbol)  # the exchange may know of orders that we do not
        orders = 0
        for symbol in sorted(symbols):
            orders += len(self._tracker.open_orders(symbol))
            asked = CancelAllOrders(symbol=symbol, request_id=command.request_id)
            self._try(symbol, partial(self._changing.cancel_all, asked), failures)
        for symbol in sorted({algo.symbol for algo in algos}):
            self._try(
                f"conditional orders of {symbol}",
                partial(self._algo_face.cancel_all, symbol, request_id=command.request_id),
                failures,
            )
        return orders

    def _one_by_one(
        self, command: CancelOrders, algos: list[AlgoUpdate], failures: list[str]
    ) -> int:
        orders = [o for o in self._tracker.open_orders(command.symbol) if o.side is command.side]
        for order in orders:
            asked = CancelOrder(
                symbol=order.symbol,
                client_order_id=order.client_order_id,
                request_id=command.request_id,
            )
            self._try(
                f"order {order.client_order_id}",
                partial(self._changing.cancel, order, asked),
                failures,
            )
        for algo in algos:
            self._try(
                f"conditional order {algo.client_algo_id}",
                partial(self._cancel_algo, algo),
                failures,
            )
        return len(orders)

    def _cancel_algo(self, algo: AlgoUpdate) -> None:
        known = self._algo_face.tracker.get_by_algo_id(algo.algo_id)
        if known is not None:
            self._algo_face.cancel(known)
            return
        try:
            self._gateway.cancel_algo_order(algo_id=algo.algo_id)
        except OrderRefused as error:
            if error.code != NO_SUCH_OPEN_ORDER:  # else it has ended or triggered meanwhile
                raise

    def _try(self, what: str, work: Callable[[], object], failures: list[str]) -> None:
        try:
            work()
        except ShuttingDown:
            raise
        except PerpdeskError as error:
            logger.warning("not cancelled %s: %s", what, error)
            failures.append(f"{what} ({error})")
