"""Plans and dead-man switches: what goes on by itself until it is stopped."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject

from desktop.formatting import (
    DASH,
    average_price_text,
    local_date_time_text,
    local_time_text,
    quantity_text,
)
from desktop.models.order_cells import side_cell
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.order_marks import MarkShape, OrderMark
from engine.commands import Command
from engine.market.instruments import Instrument
from engine.protection_commands import SetDeadMan, StopPlan
from engine.protection_views import DeadManView, PlanView
from engine.trading_types import PlanKind, PlanState
from engine.views import ZERO

STOP = "Stop"
_KEPT = 200
KIND_WORDS = {PlanKind.CHASE: "Chase", PlanKind.SCALED: "Scaled", PlanKind.TWAP: "TWAP"}


class PlansModel(TableModel[PlanView | DeadManView]):
    """Newest first; those that ended stay, with the reason."""

    def __init__(
        self, instruments: Mapping[str, Instrument], parent: QObject | None = None
    ) -> None:
        self._instruments = instruments
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Symbol", lambda p: Cell(p.symbol), sample="DOGEUSDT"),
                Column("Plan", _kind, sample="Dead-man switch"),
                Column("Side", _side, sample="SELL"),
                Column("Quantity", self._quantity, numeric=True, sample="12,345.000"),
                Column("Filled", self._filled, numeric=True, sample="12,345.000"),
                Column("Average", self._average, numeric=True, sample="123,456.00"),
                Column("Orders", _orders, numeric=True, sample="100"),
                Column("State", _state, sample="Stopping now"),
                Column(STOP, _stop, sample="Stop  ", is_button=True),
                Column("Reason", _reason),
            ],
            newest_first=True,
            limit=_KEPT,
            parent=parent,
        )
        self._plan_ids: set[str] = set()

    def put_plan(self, plan: PlanView) -> None:
        self._plan_ids.add(plan.plan_id)
        self.put(plan.plan_id, plan)

    def put_dead_man(self, view: DeadManView) -> None:
        """One row a symbol; it goes when the switch is off."""
        key = ("dead man", view.symbol)
        if view.countdown_s:
            self.put(key, view)
        elif self.row_of(key) is not None:
            self.remove(key)

    def has_child(self, client_order_id: str) -> bool:
        """Its id is the plan's with a number."""
        return client_order_id.rpartition("-")[0] in self._plan_ids

    def is_over(self, plan_id: str) -> bool:
        plan = self.row_of(plan_id)
        return isinstance(plan, PlanView) and plan.state.is_over

    def running_count(self) -> int:
        """Dead-man switches that are on among them."""
        return sum(_can_stop(row) for row in self.rows())

    def stop_command(self, key: object) -> Command | None:
        """None when there is nothing left to stop."""
        row = self.row_of(key)
        if isinstance(row, DeadManView):
            return SetDeadMan(symbol=row.symbol, countdown_s=0)
        if row is not None and _can_stop(row):
            return StopPlan(plan_id=row.plan_id)
        return None

    def _quantity(self, row: PlanView | DeadManView) -> Cell:
        if isinstance(row, DeadManView):
            return Cell(f"{row.countdown_s} s", sort=ZERO, tip=row.sentence)
        text = quantity_text(row.quantity, self._instruments.get(row.symbol))
        return Cell(text, sort=row.quantity)

    def _filled(self, row: PlanView | DeadManView) -> Cell:
        if isinstance(row, DeadManView):
            return Cell("", sort=ZERO)
        text = quantity_text(row.executed_qty, self._instruments.get(row.symbol))
        colour = palette.TEXT if row.executed_qty else palette.TEXT_FAINT
        return Cell(text, colour, sort=row.executed_qty)

    def _average(self, row: PlanView | DeadManView) -> Cell:
        if isinstance(row, DeadManView):
            return Cell("", sort=ZERO)
        if not row.avg_price:
            return Cell(DASH, palette.TEXT_FAINT, sort=ZERO)
        text = average_price_text(row.avg_price, self._instruments.get(row.symbol))
        return Cell(text, sort=row.avg_price)


def _time(row: PlanView | DeadManView) -> Cell:
    at_ms = row.renewed_ms if isinstance(row, DeadManView) else row.created_at
    tip = local_date_time_text(at_ms)
    return Cell(local_time_text(at_ms), palette.TEXT_DIM, tip=tip, sort=at_ms)


def _kind(row: PlanView | DeadManView) -> Cell:
    if isinstance(row, DeadManView):
        return Cell("Dead-man switch", tip=row.sentence)
    return Cell(KIND_WORDS[row.kind])


def _side(row: PlanView | DeadManView) -> Cell:
    if isinstance(row, DeadManView):
        return Cell("")
    return side_cell(row.side)


def _orders(row: PlanView | DeadManView) -> Cell:
    count = 0 if isinstance(row, DeadManView) else len(row.child_ids)
    return Cell(str(count) if count else "", palette.TEXT_DIM, sort=count)


def _state(row: PlanView | DeadManView) -> Cell:
    if isinstance(row, DeadManView):
        mark = OrderMark(MarkShape.DOT, palette.ACCENT, "Renewed")
    else:
        mark = _state_mark(row.state)
    return Cell(mark.words, mark.colour, mark)


def _state_mark(state: PlanState) -> OrderMark:
    match state:
        case PlanState.RUNNING:
            return OrderMark(MarkShape.DOT, palette.ACCENT, "Running")
        case PlanState.STOPPING:
            return OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Stopping")
        case PlanState.DONE:
            return OrderMark(MarkShape.CHECK, palette.OK, "Done")
    return OrderMark(MarkShape.DASH, palette.TEXT_FAINT, "Stopped")


def _stop(row: PlanView | DeadManView) -> Cell:
    return Cell(STOP if _can_stop(row) else "")


def _can_stop(row: PlanView | DeadManView) -> bool:
    return isinstance(row, DeadManView) or row.state is PlanState.RUNNING


def _reason(row: PlanView | DeadManView) -> Cell:
    reason = row.sentence if isinstance(row, DeadManView) else row.reason
    return Cell(reason, palette.TEXT_DIM, tip=reason)
