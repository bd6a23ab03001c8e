"""Dragging own orders in the ladder, and the hollow places they were asked to go to."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from desktop.models.ladder_model import LadderModel, OwnOrders
from desktop.models.resting_orders import Resting
from engine.trading_types import Side


class Drop(msgspec.Struct, frozen=True):
    """What the person asked for: these orders at this price."""

    orders: tuple[Resting, ...]
    price: Decimal


class _Grab(msgspec.Struct):
    """The left button went down on a chip."""

    own: OwnOrders
    bucket: int
    at: QPointF
    is_dragging: bool = False
    target: int | None = None


class LadderHand:
    def __init__(self, model: LadderModel) -> None:
        self._model = model
        self._grab: _Grab | None = None
        self._asked: list[Drop] = []

    @property
    def is_down(self) -> bool:
        return self._grab is not None

    def take(self, own: OwnOrders, bucket: int, at: QPointF) -> None:
        self._grab = _Grab(own=own, bucket=bucket, at=at)

    def move(self, at: QPointF, bucket: int | None) -> bool:
        """Over `bucket` now, None is outside. True if the picture changed."""
        grab = self._grab
        if grab is None:
            return False
        far = (at - grab.at).manhattanLength() >= QApplication.startDragDistance() / 2
        grab.is_dragging |= far and any(order.can_move for order in grab.own.orders)
        if not grab.is_dragging or bucket == grab.target:
            return False
        grab.target = bucket
        return True

    def release(self) -> Drop | None:
        """None: dropped where it was, outside, or never dragged."""
        grab, self._grab = self._grab, None
        if grab is None or not self._is_elsewhere(grab) or grab.target is None:
            return None
        price = self._model.price_of(grab.target)
        orders = tuple(o for o in grab.own.orders if o.can_move and o.price != price)
        return Drop(orders, price) if orders else None

    def note_asked(self, drop: Drop) -> None:
        """Draw a ghost for it until the orders speak."""
        self._asked.append(drop)

    def let_go(self) -> None:
        self._grab = None

    def forget_asked(self) -> None:
        self._asked.clear()

    def check_orders(self) -> None:
        """The orders in the hand may have been filled or cancelled meanwhile."""
        if self._grab is None:
            return
        now = self._model.own.get((self._grab.own.side, self._grab.bucket))
        if now is None:
            self._grab = None
        else:
            self._grab.own = now

    def ghosts(self) -> tuple[tuple[Side, int, Decimal], ...]:
        """Hollow chips (side, bucket, quantity): in the hand, asked for, amend in flight."""
        bucket_of = self._model.bucket_of
        found = [
            (order.side, bucket_of(order.side, drop.price), order.quantity)
            for drop in self._asked
            for order in drop.orders
        ]
        found += [
            (order.side, bucket_of(order.side, order.wanted_price), order.quantity)
            for own in self._model.own.values()
            for order in own.orders
            if order.wanted_price is not None
        ]
        grab = self._grab
        if grab is not None and grab.target is not None and self._is_elsewhere(grab):
            movable = [order.quantity for order in grab.own.orders if order.can_move]
            found.append((grab.own.side, grab.target, sum(movable, Decimal(0))))
        return tuple(found)

    @staticmethod
    def _is_elsewhere(grab: _Grab) -> bool:
        # rows at and below zero are blank: no price to drop on
        return grab.target is not None and grab.target > 0 and grab.target != grab.bucket
