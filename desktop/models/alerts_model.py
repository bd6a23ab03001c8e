"""What the person was told, newest first."""

from __future__ import annotations

from PySide6.QtCore import QObject

from desktop.formatting import local_date_time_text, local_time_text
from desktop.models.table_model import Cell, Column, TableModel
from desktop.theme import palette
from desktop.theme.colours import per_palette
from desktop.theme.order_marks import MarkShape, OrderMark
from engine.events import Alert
from engine.trading_types import AlertLevel

_KEPT = 1000
_RANK = {AlertLevel.INFO: 0, AlertLevel.WARNING: 1, AlertLevel.ERROR: 2}


@per_palette
def _marks() -> dict[AlertLevel, OrderMark]:
    return {
        AlertLevel.INFO: OrderMark(MarkShape.DOT, palette.ACCENT, "Info"),
        AlertLevel.WARNING: OrderMark(MarkShape.STRIPED, palette.WARNING, "Warning"),
        AlertLevel.ERROR: OrderMark(MarkShape.CROSS, palette.ERROR, "Error"),
    }


class AlertsModel(TableModel[Alert]):
    def __init__(self, parent: QObject | None = None) -> None:
        self._count = 0
        self._worst: AlertLevel | None = None
        super().__init__(
            [
                Column("Time", _time, sample="00:00:00", is_time=True),
                Column("Level", _level, sample="Warning 0"),
                Column("What happened", lambda a: Cell(a.sentence, tip=a.sentence)),
            ],
            newest_first=True,
            limit=_KEPT,
            parent=parent,
        )

    def add(self, alert: Alert) -> None:
        self._count += 1
        if self._worst is None or _RANK[alert.level] > _RANK[self._worst]:
            self._worst = alert.level
        self.put(self._count, alert)

    def worst_level(self) -> AlertLevel | None:
        """Of all that came; None while nothing did."""
        return self._worst


def _time(alert: Alert) -> Cell:
    tip = local_date_time_text(alert.at_ms)
    return Cell(local_time_text(alert.at_ms), palette.TEXT_DIM, tip=tip, sort=alert.at_ms)


def _level(alert: Alert) -> Cell:
    mark = _marks()[alert.level]
    return Cell(mark.words, mark.colour, mark, tip=alert.code)
