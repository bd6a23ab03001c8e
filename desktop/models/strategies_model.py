"""A person's own programs: what runs, what has ended and how, newest first."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop.formatting import local_date_time_text
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.theme.order_marks import MarkShape, OrderMark
from engine.events.strategies import StrategyView
from engine.strategy_commands import StopStrategy
from engine.trading_types import StrategyState

STOP = "Stop"


@per_palette
def _marks() -> dict[StrategyState, OrderMark]:
    return {
        StrategyState.RUNNING: OrderMark(MarkShape.DOT, palette.ACCENT, "Running"),
        StrategyState.STOPPING: OrderMark(MarkShape.RING, palette.IN_FLIGHT, "Stopping"),
        StrategyState.STOPPED: OrderMark(MarkShape.DASH, palette.TEXT_FAINT, "Stopped"),
        StrategyState.CRASHED: OrderMark(MarkShape.CROSS, palette.ERROR, "Crashed"),
        StrategyState.HUNG: OrderMark(MarkShape.STRIPED, palette.WARNING, "Hangs"),
    }


class StrategiesModel(TableModel[StrategyView]):
    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(
            [
                Column("Strategy", _name, sample="rest_around_middle"),
                Column("State", _state, sample="Stopping now"),
                Column(STOP, _stop, sample="Stop  ", is_button=True),
                Column("Open", _open, numeric=True, sample="100"),
                Column("Traded", _traded, numeric=True, sample="1,000"),
                Column("Last word", lambda s: Cell(s.last_word, palette.TEXT_DIM, tip=s.last_word)),
            ],
            newest_first=True,
            parent=parent,
        )

    def put_strategy(self, view: StrategyView) -> None:
        self.put(view.name, view)

    def stop_command(self, name: object) -> StopStrategy | None:
        """None when it has ended."""
        view = self.row_of(str(name))
        return StopStrategy(name=view.name) if view is not None and not view.state.is_over else None


def _name(view: StrategyView) -> Cell:
    began = local_date_time_text(view.started_at)
    tip = f"{view.file} on {', '.join(view.symbols) or 'no symbol'}, started {began}"
    return Cell(view.name, tip=tip)


def _state(view: StrategyView) -> Cell:
    mark = _marks()[view.state]
    tip = f"Ended {local_date_time_text(view.ended_at)}" if view.ended_at else ""
    return Cell(mark.words, mark.colour, mark, tip=tip)


def _stop(view: StrategyView) -> Cell:
    return Cell("" if view.state.is_over else STOP)


def _open(view: StrategyView) -> Cell:
    return Cell(str(view.open_orders or ""), sort=view.open_orders, tip="Its open orders")


def _traded(view: StrategyView) -> Cell:
    count = view.traded_orders
    return Cell(f"{count:,}" if count else "", sort=count, tip="Its orders that have traded")
