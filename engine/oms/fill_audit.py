"""Positions and wallets compared with the trades that made them: costs nothing, asks nobody.

A position is what it was when we began to count, plus every trade since; a wallet what
it was, plus the profit and less the fee of every trade. The exchange tells both sides,
in two events: where their difference changes and stays so, one of the two was lost.
What is merely on its way settles within a moment, so only a pair of figures that has
been quiet for a while counts. Nothing is mended here: the private connection is made
anew, and the recovery that follows reads all.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from engine.events import AccountUpdate
from engine.oms.order_desk import OrderDesk
from engine.oms.position_tracker import PositionKey, PositionTracker
from engine.trading_types import AlertLevel, PositionSide
from engine.utils.decimals import plain
from engine.views import ZERO

logger = logging.getLogger(__name__)

QUIET_S = 3.0
_WALLET_SLACK = Decimal("0.0005")  # of the asset; each booking is rounded to 8 places
_OF_TRADES = "ORDER"  # the reason of an update that trades have caused
Key = PositionKey | str  # of a position, or a wallet's asset


class _Watched(msgspec.Struct):
    """`told` by the account, `summed` of trades; `base`: the difference of the two when they
    last were known to agree; None: not yet."""

    told: Decimal
    summed: Decimal
    since_s: float
    base: Decimal | None = None


class FillAudit:
    """`tick` belongs to one thread; the others may come from another."""

    def __init__(self, desk: OrderDesk, positions: PositionTracker) -> None:
        self._desk = desk
        self._positions = positions
        self._watched: dict[Key, _Watched] = {}

    def forget(self) -> None:
        """A reading has replaced what was told: count anew from there."""
        self._watched = {}

    def heard(self, update: AccountUpdate) -> None:
        """Funding, a transfer, an insurance payment: no trade tells of it, so count anew."""
        if update.reason != _OF_TRADES:
            self.forget()

    def tick(self, now_s: float) -> None:
        """Never blocks. Not while the account is being read."""
        watched = self._watched
        summed = self._summed()
        told = self._told()
        found = [
            self._difference(key, one)
            for key in told.keys() | summed.keys()
            if (one := _look(watched, key, told, summed, now_s)) is not None
        ]
        if found:
            self._tell(found)

    def _told(self) -> dict[Key, Decimal]:
        told: dict[Key, Decimal] = {
            (v.symbol, v.position_side): v.quantity for v in self._positions.positions()
        }
        told.update({b.asset: b.wallet_balance for b in self._positions.balances()})
        return told

    def _summed(self) -> dict[Key, Decimal]:
        tracker = self._desk.tracker
        summed: dict[Key, Decimal] = {}
        summed.update(tracker.traded().items())
        profits, fees = tracker.booked()
        wallets: defaultdict[str, Decimal] = defaultdict(Decimal)
        instruments = self._desk.instruments()
        for symbol, profit in profits.items():
            if symbol in instruments:
                wallets[instruments[symbol].quote_asset] += profit
        for asset, fee in fees.items():
            wallets[asset] -= fee
        return summed | {a: s for a, s in wallets.items() if self._positions.balance(a) is not None}

    def _difference(self, key: Key, one: _Watched) -> str:
        assert one.base is not None  # else there is nothing to differ from
        said = f"{plain(one.told)}, its trades say {plain(one.base + one.summed)}"
        if isinstance(key, str):
            return f"the {key} wallet holds {said}"
        symbol, side = key
        which = symbol if side is PositionSide.BOTH else f"{symbol} {side}"
        return f"{which} is {said}"

    def _tell(self, found: list[str]) -> None:
        self.forget()
        sentence = (
            "The account and its trades do not agree, so the account stream has lost events:"
            f" {'; '.join(sorted(found))}. Everything is read again."
        )
        logger.warning("%s", sentence)
        self._desk.alert(AlertLevel.WARNING, "position.differs", sentence)
        self._desk.gateway.renew_user_stream("The account and its trades do not agree.")


def _look(
    watched: dict[Key, _Watched],
    key: Key,
    told: Mapping[Key, Decimal],
    summed: Mapping[Key, Decimal],
    now_s: float,
) -> _Watched | None:
    """What has been quiet and does not agree."""
    figures = told.get(key, ZERO), summed.get(key, ZERO)
    one = watched.get(key)
    if one is None:
        watched[key] = _Watched(*figures, now_s)
        return None
    if (one.told, one.summed) != figures:
        one.told, one.summed = figures
        one.since_s = now_s
        return None
    if now_s - one.since_s < QUIET_S:
        return None
    difference = one.told - one.summed
    if one.base is None:
        one.base = difference
    slack = _WALLET_SLACK if isinstance(key, str) else ZERO
    return None if abs(one.base - difference) <= slack else one
