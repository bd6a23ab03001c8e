"""Everything the chart shows but the candles. The widget writes it, the scene reads it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from PySide6.QtCore import QPointF

from desktop.formatting import price_text
from desktop.models.price_alerts import PriceAlert
from desktop.models.resting_orders import Resting
from engine.market.instruments import Instrument
from engine.views import PositionView


class ChartState(msgspec.Struct):
    """Lines are known by their key: that of an order, a conditional order or an alert."""

    instrument: Instrument | None = None
    interval: str = ""
    orders: Sequence[Resting] = ()
    alerts: Sequence[PriceAlert] = ()
    ghosts: dict[str, Decimal] = msgspec.field(default_factory=dict)  # moves asked for, by key
    refusals: dict[str, str] = msgspec.field(default_factory=dict)  # why a line is where it was
    dragged: str | None = None
    hovered: str | None = None
    cursor: QPointF | None = None
    position: PositionView | None = None
    last_price: float | None = None
    mark_price: float | None = None
    stale_since_ms: int | None = None
    are_orders_stale: bool = False  # they may have changed unseen
    is_waiting: bool = True  # for the first candles of this contract and interval
    older_asked: bool = False
    is_older_stopped: bool = False  # by a person, until asked for or scrolled back to again
    problem: str = ""  # why candles did not come
    covered_px: int = 0  # at the top, by alarms

    @property
    def decimals(self) -> int:
        return self.instrument.price_decimals if self.instrument else 2

    @property
    def tick(self) -> Decimal:
        return self.instrument.tick_size if self.instrument else Decimal("0.01")

    @property
    def tick_size(self) -> float:
        return float(self.tick)

    @property
    def is_stale(self) -> bool:
        return self.stale_since_ms is not None

    def text(self, price: Decimal | float) -> str:
        return price_text(price, self.instrument)

    def line(self, key: str) -> Resting | PriceAlert | None:
        for order in self.orders:
            if order.key == key:
                return order
        for alert in self.alerts:
            if alert.key == key:
                return alert
        return None
