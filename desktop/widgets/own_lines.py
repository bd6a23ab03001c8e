"""Own orders of a symbol on a chart, a ladder, or both: shown there, asked for from there.

What a hand does with a line becomes a command; what the engine refuses goes
back to the line with its reason. GUI thread only.
"""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QObject, Signal, Slot

from desktop.models.own_records import OwnRecords
from desktop.widgets.chart import CandleChart
from desktop.widgets.ladder import PriceLadder
from engine.commands import AmendOrder, CancelOrder
from engine.events import CommandRefused
from engine.protection_commands import CancelAlgo, MoveAlgo
from engine.views import OrderView


class OwnLines(QObject):
    command_wanted = Signal(object)  # Command

    def __init__(
        self,
        records: OwnRecords,
        parent: QObject,
        *,
        chart: CandleChart | None = None,
        ladder: PriceLadder | None = None,
    ) -> None:
        super().__init__(parent)
        self._records = records
        self._chart = chart
        self._ladder = ladder
        self._symbol = ""
        for panel in (chart, ladder):
            if panel is not None:
                panel.order_moved.connect(self._amend)
                panel.order_cancel.connect(self._cancel)
                panel.algo_moved.connect(self._move_algo)
                panel.algo_cancel.connect(self._cancel_algo)

    def show_symbol(self, symbol: str) -> None:
        self._symbol = symbol
        self.show_records()

    def set_orders(self, orders: list[OrderView]) -> None:
        if self._chart is not None:
            self._chart.set_orders(orders)
        if self._ladder is not None:
            self._ladder.set_orders(orders)

    def show_records(self) -> None:
        """Once a frame, whatever number of events came for the symbol."""
        algos = self._records.algos(self._symbol)
        if self._chart is not None:
            self._chart.set_algos(algos)
            self._chart.set_fills(self._records.fills(self._symbol))
        if self._ladder is not None:
            self._ladder.set_algos(algos)

    def refused(self, refused: CommandRefused) -> None:
        """Whatever was refused: if it was about a line here, the line says why."""
        command = refused.command
        if isinstance(command, AmendOrder | CancelOrder):
            key = command.client_order_id
        elif isinstance(command, MoveAlgo | CancelAlgo):
            key = f"algo {command.client_algo_id}"
        else:
            return
        if command.symbol != self._symbol:
            return
        if self._chart is not None:
            self._chart.show_refusal(key, refused.sentence)
        if self._ladder is not None:
            self._ladder.show_refusal(refused.sentence)

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
        algo = self._records.algo(self._symbol, client_algo_id)
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
