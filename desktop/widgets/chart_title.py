"""The line of words above the candles: contract, interval, and the candle pointed at."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter

from desktop.formatting import DASH, grouped, pct_text
from desktop.models.chart_scale import compact
from desktop.models.overlays import Overlay
from desktop.theme import palette
from desktop.widgets.chart_axes import ChartFrame
from desktop.widgets.chart_overlays import overlay_colours
from desktop.widgets.chart_state import ChartState
from desktop.widgets.inks import digit_px, ink, numbers_font, words_font, words_px
from engine.views import Candle

_BASELINE = 17
_LEGEND_BASELINE = 34
_LEFT_PX = 10


def title_of(state: ChartState) -> str:
    return f"{state.instrument.symbol if state.instrument else ''}  {state.interval}"


def title_px(state: ChartState) -> float:
    """Room that no tag may take."""
    return words_px(title_of(state), 12) + digit_px() * 78 + 24


def paint_title(painter: QPainter, frame: ChartFrame, state: ChartState, candle: Candle) -> None:
    title = title_of(state)
    painter.save()
    painter.setClipRect(frame.plot)
    painter.setFont(words_font(12))
    painter.setPen(ink(palette.TEXT))
    painter.drawText(QPointF(_LEFT_PX, _BASELINE), title)
    at = QPointF(_LEFT_PX + words_px(title, 12) + 14, _BASELINE)
    painter.setFont(numbers_font())
    room = int((frame.plot.width() - at.x()) / digit_px())
    names, prices, volume = title_texts(candle, state.decimals, room)
    colour = palette.BUY if candle.close >= candle.open else palette.SELL
    for text, name in ((names, palette.TEXT_FAINT), (prices, colour), (volume, palette.TEXT_DIM)):
        painter.setPen(ink(palette.STALE if state.is_stale else name))
        painter.drawText(at, text)
    painter.restore()


def paint_legend(
    painter: QPainter, state: ChartState, values: list[tuple[Overlay, float | None]]
) -> None:
    """What the lines over the candles are: name and newest value in the line's colour."""
    x = float(_LEFT_PX)
    painter.setFont(numbers_font())
    for overlay, value in values:
        text = f"{overlay.value} {DASH if value is None else grouped(value, state.decimals)}"
        painter.setPen(ink(palette.STALE if state.is_stale else overlay_colours()[overlay]))
        painter.drawText(QPointF(x, _LEGEND_BASELINE), text)
        x += digit_px() * (len(text) + 2)


def title_texts(candle: Candle, decimals: int, room: int) -> tuple[str, str, str]:
    """Names, prices and volume, to be drawn over each other in their own colours.

    All characters are equally wide, so blanks keep the place of the others:
    three calls of the painter instead of thirteen. What would not fit into `room`
    characters as a whole is left out, the least important first.
    """
    prices = [grouped(p, decimals) for p in (candle.open, candle.high, candle.low, candle.close)]
    change_pct = (candle.close / candle.open - 1) * 100 if candle.open else 0.0
    parts = [*zip("OHLC", prices, strict=True), ("", pct_text(change_pct))]
    volume = compact(candle.volume)
    while len(parts) > 1 and _length(parts) > room:
        parts.pop()
    names = "".join(f"{name} {' ' * len(text)}  " for name, text in parts)
    values = "".join(f"{' ' * len(name)} {text}  " for name, text in parts)
    if len(names) + 4 + len(volume) > room:
        return names, values, ""
    return f"{names}Vol", values, " " * (len(names) + 4) + volume


def _length(parts: list[tuple[str, str]]) -> int:
    return sum(len(name) + len(text) + 3 for name, text in parts)
