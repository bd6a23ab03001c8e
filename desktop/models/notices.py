"""What a person is told beyond the window: which kinds there are, and when they are due.

Pure; money is Decimal, distances are percent, times are milliseconds.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from engine.views import PositionView

_MINUTE_MS = 60_000
_LEAVE_FACTOR = 1.2  # told again only after the price had gone away by so much


class Notice(StrEnum):
    """Each has a sound of its name in resources/sounds."""

    FILL = "fill"
    REFUSAL = "refusal"
    DISCONNECT = "disconnect"
    ALERT = "alert"
    UNPROTECTED = "unprotected"


class NoticeChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What the person chose. 0 minutes or percent: never told."""

    muted: frozenset[Notice] = frozenset()
    has_tray: bool = True  # messages of the system while the window is in the background
    funding_min: int = 10
    liquidation_pct: float = 5.0


class NoticeWatch:
    """Remembers what was told, so that it is told once."""

    def __init__(self) -> None:
        self._funding_told: dict[str, int] = {}  # symbol -> funding time
        self._near: set[tuple[str, str]] = set()

    def funding_due(
        self, symbol: str, next_funding_ms: int, now_ms: int, choices: NoticeChoices
    ) -> bool:
        """True once for each funding, from `funding_min` minutes before it."""
        left_ms = next_funding_ms - now_ms
        if not 0 < left_ms <= choices.funding_min * _MINUTE_MS:
            return False
        if self._funding_told.get(symbol) == next_funding_ms:
            return False
        self._funding_told[symbol] = next_funding_ms
        return True

    def is_newly_near(
        self, position: PositionView, mark_price: float, choices: NoticeChoices
    ) -> bool:
        """True when the mark has come within `liquidation_pct` of the liquidation price."""
        key = (position.symbol, position.position_side.value)
        distance_pct = liquidation_distance_pct(position, mark_price)
        if not choices.liquidation_pct:
            return False
        if distance_pct is None or distance_pct > choices.liquidation_pct * _LEAVE_FACTOR:
            self._near.discard(key)
            return False
        if distance_pct > choices.liquidation_pct or key in self._near:
            return False
        self._near.add(key)
        return True


def expected_funding(position: PositionView, mark_price: float, rate: float) -> Decimal:
    """What the account gets (above zero) or pays: a long pays while the rate is above zero.

    Source: funding fee = position value at the mark price x funding rate.
    """
    return -position.quantity * Decimal(repr(mark_price)) * Decimal(repr(rate))


def liquidation_distance_pct(position: PositionView, mark_price: float) -> float | None:
    """None without a position, or where the exchange names no liquidation price."""
    if not position.quantity or position.liquidation_price <= 0 or mark_price <= 0:
        return None
    return abs(mark_price - float(position.liquidation_price)) / mark_price * 100
