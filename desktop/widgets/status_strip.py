"""The health bar at the foot: streams, delays, limits, time. All of it in words."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QStatusBar, QWidget

from desktop.formatting import DASH, rtt_text, signed, utc_time_text
from desktop.models import health_advice as advice
from desktop.theme import palette
from desktop.theme.fonts import ui_font
from desktop.theme.order_marks import MarkShape, paint_mark
from desktop.widgets.stat_cell import StatCell
from engine.events import EngineStateChanged, HealthReport, StreamStateChanged
from engine.trading_types import EngineState, Route, StreamState

_WORD_WIDTH = 260  # a longer sentence must not widen the window

_STREAM_LOOKS = {
    StreamState.LIVE: (MarkShape.DOT, palette.OK),
    StreamState.CONNECTED: (MarkShape.RING, palette.IN_FLIGHT),
    StreamState.CONNECTING: (MarkShape.RING, palette.IN_FLIGHT),
    StreamState.STALE: (MarkShape.STRIPED, palette.WARNING),
    StreamState.DISCONNECTED: (MarkShape.CROSS, palette.ERROR),
    StreamState.STOPPED: (MarkShape.DASH, palette.TEXT_FAINT),
}
_DOUBTED = _STREAM_LOOKS[StreamState.STALE]
_ENGINE_COLOUR = {
    EngineState.STARTING: palette.IN_FLIGHT,
    EngineState.RECOVERING: palette.WARNING,
    EngineState.LIVE: palette.TEXT_DIM,
    EngineState.DEGRADED: palette.WARNING,
    EngineState.STOPPED: palette.TEXT_FAINT,
}


class StreamDot(QWidget):
    """A stream's state as shape, colour and word."""

    def __init__(self, route: Route, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"statusBar.stream.{route}")
        self._route = route
        self._font = ui_font(11)
        self.state = StreamState.DISCONNECTED
        self.is_doubted = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.set_state(StreamState.STOPPED, "Not started yet.")

    def set_state(self, state: StreamState, sentence: str, *, is_doubted: bool = False) -> None:
        if (state, is_doubted) != (self.state, self.is_doubted):
            self.state, self.is_doubted = state, is_doubted
            self.setAccessibleName(f"Stream {self.text()}")
            self.updateGeometry()
            self.update()
        self.setToolTip(sentence)

    def text(self) -> str:
        """Live needs no word; anything else does."""
        if self.is_doubted:
            return f"{self._route} no answer"
        if self.state is StreamState.STOPPED:
            return f"{self._route} not started"  # the word alone would sound like a failure
        return self._route if self.state is StreamState.LIVE else f"{self._route} {self.state}"

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self._font).horizontalAdvance(self.text()) + 16, 20)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        shape, colour = _DOUBTED if self.is_doubted else _STREAM_LOOKS[self.state]
        paint_mark(painter, QRectF(0, 0, 10, self.height()), shape, colour)
        painter.setFont(self._font)
        is_quiet = self.state in (StreamState.LIVE, StreamState.STOPPED) and not self.is_doubted
        painter.setPen(QColor(palette.TEXT_DIM if is_quiet else colour))
        area = self.rect().adjusted(14, 0, 0, 0)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()


class StatusStrip(QStatusBar):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("statusBar")
        self.setAccessibleName("Health")
        self.setSizeGripEnabled(False)
        self.setFixedHeight(26)
        self.streams = {route: StreamDot(route, self) for route in Route}
        self.rtt = StatCell("statusBar.rtt", "order RTT", "0000 ms p99 0000", inline=True, size=11)
        self.clock = StatCell("statusBar.clock", "clock", "-0000 ms ±00", inline=True, size=11)
        self.weight = StatCell("statusBar.weight", "weight", "0000/0000", inline=True, size=11)
        self.orders = StatCell("statusBar.orders", "orders", "000/0000", inline=True, size=11)
        self.rate = StatCell("statusBar.rate", "msg/s", "00,000", inline=True, size=11)
        self.utc = StatCell("statusBar.utc", "UTC", "00:00:00", inline=True, size=11)
        self.word = QLabel(self)
        self.word.setObjectName("statusBar.engine")
        self.word.setAccessibleName("Engine")
        self.word.setFont(ui_font(11))
        self.word.setMinimumWidth(1)
        self._lay_out()

    def set_stream(self, change: StreamStateChanged) -> None:
        again = f" Reconnected {change.reconnects} times." if change.reconnects else ""
        cure = advice.STREAM_ADVICE[change.state]
        sentence = f"{change.sentence}{again} {cure}".rstrip()
        self.streams[change.route].set_state(change.state, sentence, is_doubted=change.is_doubted)

    def set_engine(self, change: EngineStateChanged) -> None:
        text = change.sentence
        if change.state is EngineState.LIVE and change.gap_s is not None:
            text = f"gap closed in {change.gap_s:.1f} s"
        dress = self.word.palette()
        dress.setColor(self.word.foregroundRole(), QColor(_ENGINE_COLOUR[change.state]))
        self.word.setPalette(dress)
        metrics = QFontMetrics(self.word.font())
        self.word.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, _WORD_WIDTH))
        self.word.setToolTip(change.sentence)

    def set_health(self, health: HealthReport) -> None:
        p50, p99 = rtt_text(health.order_rtt_p50_ms), rtt_text(health.order_rtt_p99_ms)
        rtt = DASH if p50 == DASH else f"{p50} ms p99 {p99}"
        _show(self.rtt, rtt, advice.rtt_advice(health))
        _show(self.clock, _clock_text(health), advice.clock_advice(health))
        used, limit = health.weight_used, health.weight_limit
        _show(self.weight, f"{used}/{limit}", advice.limit_advice(used, limit, is_orders=False))
        used, limit = health.orders_used, health.orders_limit
        _show(self.orders, f"{used}/{limit}", advice.limit_advice(used, limit, is_orders=True))
        _show(self.rate, f"{health.messages_per_s:,.0f}", advice.rate_advice(health))

    def tick(self, now_ms: int) -> None:
        self.utc.set_value(utc_time_text(now_ms), palette.TEXT_DIM)

    def _lay_out(self) -> None:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(14)
        for dot in self.streams.values():
            row.addWidget(dot)
        for cell in (self.rtt, self.clock, self.weight, self.orders, self.rate):
            row.addWidget(cell)
        row.addStretch(1)
        row.addWidget(self.word)
        row.addWidget(self.utc)
        self.addWidget(holder, 1)


def _show(cell: StatCell, text: str, said: advice.Advice) -> None:
    """A bad figure is amber, and its hint says what to do."""
    cell.set_value(text, palette.WARNING if said.is_bad else palette.TEXT_DIM)
    cell.setToolTip(said.sentence)


def _clock_text(health: HealthReport) -> str:
    if health.clock_offset_ms is None:
        return DASH
    error = "" if health.clock_error_ms is None else f" ±{health.clock_error_ms:.0f}"
    return f"{signed(health.clock_offset_ms, 0)} ms{error}"
