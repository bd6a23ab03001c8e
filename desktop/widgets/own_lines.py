"""Own orders of the chosen symbol on chart and ladder: shown there, asked for from there.

What a hand does with a line becomes a command; what the engine refuses goes
back to the line with its reason. GUI thread only.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from desktop.widgets.chart import CandleChart
from desktop.widgets.ladder import PriceLadder
from engine.commands import AmendOrder, CancelOrder
from engine.events import CommandRefused, Event, FillRecorded, HistoryLoaded
from engine.protection_commands import CancelAlgo, MoveAlgo
from engine.protection_events import AlgoChanged
from engine.protection_views import AlgoView
from engine.views import FillView, OrderView

_FILLS_KEPT = 2000  # of each symbol


class OwnLines(QObject):
    command_wanted = Signal(object)  # Command

    def __init__(self, chart: CandleChart, ladder: PriceLadder, parent: QObject) -> None:
        super().__init__(parent)
        self._chart = chart
        self._ladder = ladder
        self._symbol = ""
        self._algos: dict[str, dict[str, AlgoView]] = defaultdict(dict)
        self._fills: dict[str, dict[int, FillView]] = defaultdict(dict)
        self._changed: set[str] = set()
        for panel in (chart, ladder):
            panel.order_moved.connect(self._amend)
            panel.order_cancel.connect(self._cancel)
            panel.algo_moved.connect(self._move_algo)
            panel.algo_cancel.connect(self._cancel_algo)

    def handlers(self) -> dict[type[Event], Callable[[Any], None]]:
        return {
            AlgoChanged: self._on_algo,
            FillRecorded: self._on_fill,
            HistoryLoaded: self._on_history,
        }

    def show_symbol(self, symbol: str) -> None:
        self._symbol = symbol
        self._changed.add(symbol)
        self.show_changes()

    def set_orders(self, orders: list[OrderView]) -> None:
        self._chart.set_orders(orders)
        self._ladder.set_orders(orders)

    def show_changes(self) -> None:
        """Once a frame, whatever number of events came."""
        changed, self._changed = self._changed, set()
        if self._symbol not in changed:
            return
        algos = list(self._algos[self._symbol].values())
        self._chart.set_algos(algos)
        self._ladder.set_algos(algos)
        self._chart.set_fills(list(self._fills[self._symbol].values()))

    def refused(self, refused: CommandRefused) -> None:
        """Whatever was refused: if it was about a line here, the line says why."""
        command = refused.command
        if isinstance(command, AmendOrder | CancelOrder):
            key = command.client_order_id
        elif isinstance(command, MoveAlgo | CancelAlgo):
            key = f"algo {command.client_algo_id}"
        else:
            return
        if command.symbol == self._symbol:
            self._chart.show_refusal(key, refused.sentence)
            self._ladder.show_refusal(refused.sentence)

    # --- events ---------------------------------------------------------------

    def _on_algo(self, event: AlgoChanged) -> None:
        algo = event.algo
        if algo.status.is_terminal:
            self._algos[algo.symbol].pop(algo.client_algo_id, None)
        else:
            self._algos[algo.symbol][algo.client_algo_id] = algo
        self._changed.add(algo.symbol)

    def _on_fill(self, event: FillRecorded) -> None:
        self._keep(event.fill)

    def _on_history(self, history: HistoryLoaded) -> None:
        for fill in history.fills:
            self._keep(fill)

    def _keep(self, fill: FillView) -> None:
        fills = self._fills[fill.symbol]
        fills[fill.trade_id] = fill
        if len(fills) > _FILLS_KEPT:
            del fills[next(iter(fills))]
        self._changed.add(fill.symbol)

    # --- acts -----------------------------------------------------------------

    @Slot(object, object)
    def _amend(self, client_order_id: str, price: Decimal) -> None:
        self.command_wanted.emit(
            AmendOrder(symbol=self._symbol, client_order_id=client_order_id, price=price)
        )

    @Slot(object)
    def _cancel(self, client_order_id: str) -> None:
        self.command_wanted.emit(CancelOrder(symbol=self._symbol, client_order_id=client_order_id))

    @Slot(object, object)
    def _move_algo(self, client_algo_id: str, trigger_price: Decimal) -> None:
        """A limit beyond the trigger keeps its distance from it."""
        algo = self._algos[self._symbol].get(client_algo_id)
        if algo is None:
            return
        price = algo.price + trigger_price - algo.trigger_price if algo.price else None
        self.command_wanted.emit(
            MoveAlgo(
                symbol=self._symbol,
                client_algo_id=client_algo_id,
                trigger_price=trigger_price,
                price=price,
            )
        )

    @Slot(object)
    def _cancel_algo(self, client_algo_id: str) -> None:
        self.command_wanted.emit(CancelAlgo(symbol=self._symbol, client_algo_id=client_algo_id))
