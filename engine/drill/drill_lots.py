"""What the drill trades, and in which amounts."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

LOTS: Mapping[str, Decimal] = {
    "BTCUSDT": Decimal("0.010"),
    "ETHUSDT": Decimal("0.100"),
    "SOLUSDT": Decimal("1.00"),
}
SYMBOLS = tuple(LOTS)
