"""Positions compared with the trades that made them: costs nothing, asks nobody.

A position is what it was when we began to count, plus every trade since. The
exchange tells both, in two events: where their difference changes and stays so, one
of the two was lost. What is merely on its way settles within a moment, so only a
pair of figures that has been quiet for a while counts. Nothing is mended here: the
private connection is made anew, and the recovery that follows reads all.
"""

from __future__ import annotations

import logging
from decimal import Decimal

import msgspec

from engine.oms.order_desk import OrderDesk
from engine.oms.position_tracker import PositionKey, PositionTracker
from engine.trading_types import AlertLevel, PositionSide
from engine.utils.decimals import plain
from engine.views import ZERO

logger = logging.getLogger(__name__)

QUIET_S = 3.0


class _Watched(msgspec.Struct):
    """`base`: position minus trades when they last were known to agree; None: not yet."""

    position: Decimal
    traded: Decimal
    since_s: float
    base: Decimal | None = None


class FillAudit:
    """`tick` belongs to one thread; `forget` may come from another."""

    def __init__(self, desk: OrderDesk, positions: PositionTracker) -> None:
        self._desk = desk
        self._positions = positions
        self._watched: dict[PositionKey, _Watched] = {}

    def forget(self) -> None:
        """A reading has replaced what was told: count anew from there."""
        self._watched = {}

    def tick(self, now_s: float) -> None:
        """Never blocks. Not while the account is being read."""
        watched = self._watched
        traded = self._desk.tracker.traded()
        held = {(v.symbol, v.position_side): v.quantity for v in self._positions.positions()}
        found = [
            self._difference(key, one)
            for key in held.keys() | traded.keys()
            if (one := self._look(watched, key, held, traded, now_s)) is not None
        ]
        if found:
            self._tell(found)

    def _look(
        self,
        watched: dict[PositionKey, _Watched],
        key: PositionKey,
        held: dict[PositionKey, Decimal],
        traded: dict[PositionKey, Decimal],
        now_s: float,
    ) -> _Watched | None:
        """What has been quiet and does not agree."""
        position, total = held.get(key, ZERO), traded.get(key, ZERO)
        one = watched.get(key)
        if one is None:
            watched[key] = _Watched(position, total, now_s)
            return None
        if (one.position, one.traded) != (position, total):
            one.position, one.traded, one.since_s = position, total, now_s
            return None
        if now_s - one.since_s < QUIET_S:
            return None
        if one.base is None:
            one.base = position - total
        return None if one.base == position - total else one

    def _difference(self, key: PositionKey, one: _Watched) -> str:
        symbol, side = key
        which = symbol if side is PositionSide.BOTH else f"{symbol} {side}"
        assert one.base is not None  # else there is nothing to differ from
        return f"{which} is {plain(one.position)}, its trades say {plain(one.base + one.traded)}"

    def _tell(self, found: list[str]) -> None:
        self.forget()
        sentence = (
            "A position and its trades do not agree, so the account stream has lost events:"
            f" {'; '.join(sorted(found))}. Everything is read again."
        )
        logger.warning("%s", sentence)
        self._desk.alert(AlertLevel.WARNING, "position.differs", sentence)
        self._desk.gateway.renew_user_stream("A position and its trades do not agree.")
