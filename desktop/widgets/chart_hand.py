"""What the left button does on the chart: scroll, stretch, move a line, press its cross.

The hand only finds out what the person wants; the widget says it to the world.
"""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from desktop.models.chart_model import ChartModel
from desktop.models.price_alerts import PriceAlert
from desktop.models.resting_orders import Resting
from desktop.widgets.chart_lines import Part
from desktop.widgets.chart_scene import ChartScene
from desktop.widgets.chart_state import ChartState

Line = Resting | PriceAlert
_STRETCH_PX = 200  # a drag of so many pixels on the price axis is a factor of e


class MoveWanted(msgspec.Struct, frozen=True):
    line: Line
    price: Decimal


class CancelWanted(msgspec.Struct, frozen=True):
    line: Line


class _Press(msgspec.Struct):
    """The button is down: on a line, the plot or the price axis."""

    at: QPointF
    right: float  # the model's view when it went down
    prices: tuple[float, float]
    line: Line | None = None
    part: Part | None = None
    on_axis: bool = False
    is_panning: bool = False


class ChartHand:
    def __init__(self, model: ChartModel, state: ChartState, scene: ChartScene) -> None:
        self._model = model
        self._state = state
        self._scene = scene
        self._press: _Press | None = None

    @property
    def is_down(self) -> bool:
        return self._press is not None

    def press(self, at: QPointF) -> None:
        press = _Press(at=at, right=self._model.right, prices=self._model.shown_range())
        press.on_axis = self._scene.frame.price_axis.contains(at.toPoint())
        hit = self.hit(at)
        if hit is not None:
            press.line, press.part = hit
        self._press = press

    def move(self, at: QPointF) -> bool:
        """True if the view was scrolled or stretched."""
        press = self._press
        if press is None:
            return False
        dx, dy = at.x() - press.at.x(), at.y() - press.at.y()
        if not press.is_panning and self._state.dragged is None:
            if max(abs(dx), abs(dy)) < QApplication.startDragDistance() / 2:
                return False
            self._begin(press, sideways=abs(dx) > abs(dy))
        if self._state.dragged is not None:
            self._state.ghosts[self._state.dragged] = self.price_at(at.y())
        elif press.is_panning and press.on_axis:
            self._model.stretch_prices(press.prices, math.exp(dy / _STRETCH_PX))
        elif press.is_panning:
            self._pan(press, dx, dy)
        return press.is_panning

    def release(self, at: QPointF) -> MoveWanted | CancelWanted | None:
        press, self._press = self._press, None
        dragged, self._state.dragged = self._state.dragged, None
        if dragged is not None:
            return self._dropped(dragged)
        if press is not None and press.part is Part.CLOSE and press.line is not None:
            return self._crossed(press.line.key, at)
        return None

    def let_go(self) -> None:
        """Nothing happened: the line is where it was."""
        if self._state.dragged is not None:
            self._state.ghosts.pop(self._state.dragged, None)
        self._state.dragged = self._press = None

    def check_lines(self) -> None:
        """The line in the hand may have been filled, cancelled or crossed meanwhile."""
        if self._state.dragged is not None:
            line = self._state.line(self._state.dragged)
            if line is None or not line.can_move:
                self.let_go()

    def shift(self, bars: int) -> None:
        """Older candles came in front while the view is being scrolled."""
        if self._press is not None:
            self._press.right += bars

    def price_at(self, y: float) -> Decimal:
        """On the tick grid, and at least one tick."""
        tick = self._state.tick
        ticks = round(self._scene.scale.price(y) / float(tick))
        return max(ticks, 1) * tick

    def hover(self, at: QPointF) -> Qt.CursorShape:
        """Note the line under the mouse; the shape tells what a press would do."""
        hit = self.hit(at)
        self._state.hovered = hit[0].key if hit else None
        on_cross = hit is not None and hit[1] is Part.CLOSE
        if on_cross or self.is_on_button(at):
            return Qt.CursorShape.PointingHandCursor
        if hit is not None and self._may_move(hit[0]):
            return Qt.CursorShape.SizeVerCursor
        if self._scene.frame.price_axis.contains(at.toPoint()):
            return Qt.CursorShape.SizeVerCursor
        inside = self._scene.frame.plot.contains(at.toPoint())
        return Qt.CursorShape.CrossCursor if inside else Qt.CursorShape.ArrowCursor

    def is_on_button(self, at: QPointF) -> bool:
        hints = self._scene.hints
        buttons = (
            *(hints.live_button, hints.fit_button, hints.place_button),
            hints.history_button,
        )
        return any(button.contains(at) for button in buttons)

    def hit(self, at: QPointF) -> tuple[Line, Part] | None:
        """The line under the mouse; an alert never hides an order."""
        if not self._scene.frame.plot.contains(at.toPoint()):
            return None
        return self._scene.lines.at(at) or self._scene.alerts.at(at)

    def _begin(self, press: _Press, *, sideways: bool) -> None:
        """Up and down moves an order; sideways along its line scrolls.

        Otherwise a hand that only wants to scroll would amend an order.
        """
        line = press.line
        if line is None or (press.part is Part.LINE and sideways):
            press.is_panning = True
        elif press.part is not Part.CLOSE and self._may_move(line):
            self._state.dragged = line.key
            self._state.refusals.pop(line.key, None)

    def _may_move(self, line: Line) -> bool:
        """What is stale holds orders where they are; an alert is only the person's own note."""
        if isinstance(line, PriceAlert):
            return True
        return line.can_move and not (self._state.is_stale or self._state.are_orders_stale)

    def _pan(self, press: _Press, dx: float, dy: float) -> None:
        """Sideways through time; with a manual scale up and down through prices too."""
        self._model.pan(self._model.right - press.right + dx / self._model.pitch)
        if self._model.manual_range is not None:
            low, high = press.prices
            by = dy / max(self._scene.frame.candle_height, 1.0) * (high - low)
            self._model.shift_prices(press.prices, by)

    def _dropped(self, key: str) -> MoveWanted | None:
        price = self._state.ghosts.get(key)
        line = self._state.line(key)
        if price is None or line is None or price == line.price:
            self._state.ghosts.pop(key, None)
            return None
        return MoveWanted(line, price)

    def _crossed(self, key: str, at: QPointF) -> CancelWanted | None:
        hit = self.hit(at)
        if hit is None or hit[1] is not Part.CLOSE or hit[0].key != key:
            return None
        return CancelWanted(hit[0]) if hit[0].can_cancel else None
