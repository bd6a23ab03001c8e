"""Words at the chart's edges: orders out of sight, history on its way, the way back."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from desktop.models.chart_model import ChartModel
from desktop.models.chart_scale import moment_text
from desktop.theme import palette
from desktop.widgets.chart_axes import TITLE_PX, ChartFrame
from desktop.widgets.chart_state import ChartState
from desktop.widgets.chart_tags import CLOSE_PX, paint_cross, paint_words, words_width

PLACE_HERE = "+"
_EDGE_PX = 10.0
_LINE_PX = 24


class ChartHints:
    """The rectangles are buttons; empty while there is nothing to press."""

    def __init__(self, model: ChartModel, state: ChartState) -> None:
        self._model = model
        self._state = state
        self.live_button = QRectF()
        self.fit_button = QRectF()
        self.place_button = QRectF()
        self.history_button = QRectF()  # stops the loading of older candles, or begins it again

    def paint(self, painter: QPainter, frame: ChartFrame, above: int, below: int) -> None:
        plot = frame.plot
        right = plot.width() - _EDGE_PX
        if above:
            _right_words(painter, right, below_alarm(self._state), f"▲ {_orders(above)} above")
        y = plot.height() - 14.0
        if below:
            _right_words(painter, right, y, f"▼ {_orders(below)} below")
            y -= _LINE_PX
        self.live_button = self.fit_button = QRectF()
        if not self._model.is_live:
            self.live_button = _right_words(painter, right, y, "Back to live  »", palette.TEXT)
            y -= _LINE_PX
        if self._model.manual_range is not None:
            self.fit_button = _right_words(painter, right, y, "Auto scale", palette.TEXT)
        self._paint_history(painter, frame)
        self._paint_place_button(painter, frame)

    def _paint_history(self, painter: QPainter, frame: ChartFrame) -> None:
        """How far the history is; said where it comes in: at the left edge."""
        self.history_button = QRectF()
        text = self.history_text()
        if not text:
            return
        is_loading, is_stopped = self._state.older_asked, self._state.is_older_stopped
        at = QPointF(8, frame.plot.height() - 14)
        words = (text, palette.TEXT if is_stopped else palette.TEXT_DIM)
        cross_px = CLOSE_PX if is_loading else 0
        tag = paint_words(painter, at, *words, palette.RAISED, palette.LINE_STRONG, cross_px)
        if is_loading:
            cross = QPointF(tag.right() - CLOSE_PX / 2, tag.center().y())
            paint_cross(painter, cross, palette.TEXT)
        if is_loading or is_stopped:
            self.history_button = tag

    def history_text(self) -> str:
        model, state = self._model, self._state
        if not model.is_start_in_view:
            return ""
        if state.problem:
            return state.problem
        count = f"{len(model.candles):,} candles here"
        if state.is_older_stopped:
            return f"Load older candles  »  {count}"
        if state.older_asked:
            before = moment_text(model.candles[0].open_ms, model.candle_ms)
            return f"Loading candles before {before}…  {count}"
        return f"No older candles at the exchange.  {count}" if model.is_at_start else ""

    def _paint_place_button(self, painter: QPainter, frame: ChartFrame) -> None:
        """A plus at the right end of the crosshair: orders and alerts at that price."""
        self.place_button = QRectF()
        state = self._state
        if state.cursor is None or state.dragged is not None or state.is_stale:
            return
        width = words_width(PLACE_HERE)
        at = QPointF(frame.plot.width() - width - 2, state.cursor.y())
        self.place_button = paint_words(
            painter, at, PLACE_HERE, palette.TEXT, palette.RAISED, palette.LINE_STRONG
        )


def below_alarm(state: ChartState) -> float:
    """Under the title, or under the alarms that lie over it."""
    return 38.0 + max(0, state.covered_px - TITLE_PX)


def _right_words(painter: QPainter, right: float, y: float, text: str, colour: str = "") -> QRectF:
    at = QPointF(right - words_width(text), y)
    ink = colour or palette.TEXT_DIM
    return paint_words(painter, at, text, ink, palette.RAISED, palette.LINE_STRONG)


def _orders(count: int) -> str:
    return "1 order" if count == 1 else f"{count} orders"
