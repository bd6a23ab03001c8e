"""What the left button does on the chart: scroll, move an order, press its cross.

The hand only finds out what the person wants; the widget says it to the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from PySide6.QtCore import QPointF, Qt
from PySide6.QtWidgets import QApplication

from desktop.models.chart_model import ChartModel
from desktop.models.order_certainty import can_cancel, can_move
from desktop.widgets.chart_lines import Part
from desktop.widgets.chart_scene import ChartScene, ChartState
from engine.views import OrderView


@dataclass(frozen=True, slots=True)
class MoveWanted:
    client_order_id: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class CancelWanted:
    client_order_id: str


@dataclass(slots=True)
class _Press:
    """The button is down: on an order, or on the plot."""

    at: QPointF
    right: float  # the model's view when it went down
    order: OrderView | None = None
    part: Part | None = None
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
        self._press = _Press(at=at, right=self._model.right)
        hit = self._hit(at)
        if hit is not None:
            self._press.order, self._press.part = hit

    def move(self, at: QPointF) -> bool:
        """True if the view was scrolled."""
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
        elif press.is_panning:
            self._model.pan(self._model.right - press.right + dx / self._model.pitch)
        return press.is_panning

    def release(self, at: QPointF) -> MoveWanted | CancelWanted | None:
        press, self._press = self._press, None
        dragged, self._state.dragged = self._state.dragged, None
        if dragged is not None:
            return self._dropped(dragged)
        if press is not None and press.part is Part.CLOSE and press.order is not None:
            return self._crossed(press.order.client_order_id, at)
        return None

    def let_go(self) -> None:
        """Nothing happened: the order is where it was."""
        if self._state.dragged is not None:
            self._state.ghosts.pop(self._state.dragged, None)
        self._state.dragged = self._press = None

    def check_orders(self) -> None:
        """The order in the hand may have been filled or cancelled meanwhile."""
        if self._state.dragged is not None:
            order = self._order(self._state.dragged)
            if order is None or not can_move(order):
                self.let_go()

    def shift(self, bars: int) -> None:
        """Older candles came in front while the view is being scrolled."""
        if self._press is not None:
            self._press.right += bars

    def price_at(self, y: float) -> Decimal:
        """On the tick grid, and at least one tick."""
        tick = self._state.instrument.tick_size if self._state.instrument else Decimal("0.01")
        ticks = round(self._scene.scale.price(y) / float(tick))
        return max(ticks, 1) * tick

    def hover(self, at: QPointF) -> Qt.CursorShape:
        """Note the order under the mouse; the shape tells what a press would do."""
        hit = self._hit(at)
        self._state.hovered = hit[0].client_order_id if hit else None
        on_cross = hit is not None and hit[1] is Part.CLOSE
        if on_cross or self._scene.live_button.contains(at):
            return Qt.CursorShape.PointingHandCursor
        if hit is not None and can_move(hit[0]) and not self._state.is_stale:
            return Qt.CursorShape.SizeVerCursor
        inside = self._scene.frame.plot.contains(at.toPoint())
        return Qt.CursorShape.CrossCursor if inside else Qt.CursorShape.ArrowCursor

    def _begin(self, press: _Press, *, sideways: bool) -> None:
        """Up and down moves an order; sideways along its line scrolls.

        Otherwise a hand that only wants to scroll would amend an order.
        """
        order = press.order
        if order is None or (press.part is Part.LINE and sideways):
            press.is_panning = True
        elif press.part is not Part.CLOSE and can_move(order) and not self._state.is_stale:
            self._state.dragged = order.client_order_id

    def _dropped(self, client_order_id: str) -> MoveWanted | None:
        price = self._state.ghosts.get(client_order_id)
        order = self._order(client_order_id)
        if price is None or order is None or price == order.price:
            self._state.ghosts.pop(client_order_id, None)
            return None
        return MoveWanted(client_order_id, price)

    def _crossed(self, client_order_id: str, at: QPointF) -> CancelWanted | None:
        hit = self._hit(at)
        if hit is None or hit[1] is not Part.CLOSE or hit[0].client_order_id != client_order_id:
            return None
        return CancelWanted(client_order_id) if can_cancel(hit[0]) else None

    def _hit(self, at: QPointF) -> tuple[OrderView, Part] | None:
        inside = self._scene.frame.plot.contains(at.toPoint())
        return self._scene.lines.at(at) if inside else None

    def _order(self, client_order_id: str) -> OrderView | None:
        for order in self._state.orders:
            if order.client_order_id == client_order_id:
                return order
        return None
