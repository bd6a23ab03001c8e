"""What the makers' book should look like: a quantity for every price and distance.

Each price has its own lasting luck (drawn once, from tables), so a wall stays
where it stands while the touch moves, and orders appear and vanish at prices,
not at distances.
"""

from __future__ import annotations

import random

from engine.paper.market_profile import MarketProfile
from engine.trading_types import Side

_SIZE = 8192  # prices share their luck with those this far away: unseen
_GAPS = 0.03  # of the ticks near the touch
_THINNEST = 0.07  # share of the ticks that hold an order at the end of the ladder


class BookShape:
    """Quantities in steps; deterministic for one `rng`."""

    def __init__(self, rng: random.Random, profile: MarketProfile) -> None:
        self._rng = rng
        self._profile = profile
        self._presence = [rng.random() for _ in range(_SIZE)]
        self._luck = [_draw_luck(rng) for _ in range(_SIZE)]
        dense, reach = profile.dense_ticks, profile.reach_ticks
        self._density = [
            1 - _GAPS if distance < dense else max(_THINNEST, (dense / distance) ** 0.9)
            for distance in range(reach + 1)
        ]
        # farther away there are fewer orders, and larger ones
        self._usual = [
            (profile.behind + profile.afar * (distance / reach) ** 0.6)
            * profile.touch_steps
            * density**-0.5
            for distance, density in enumerate(self._density)
        ]
        self._usual[0] = float(profile.touch_steps)
        self._density[0] = 1.0

    def wanted(self, side: Side, price: int, distance: int) -> int:
        """Steps that should rest at a price so far behind the touch; 0 for none."""
        if price <= 0 or distance > self._profile.reach_ticks:
            return 0
        place = (2 * price + (side is Side.BUY)) % _SIZE
        presence, wall = self._presence[place], 1.0
        if distance and price % 10 == 0:
            presence *= 0.5  # people like round numbers
            if price % self._profile.round_ticks == 0:
                presence, wall = 0.0, 5 + 7 * self._presence[place]
            elif price % (self._profile.round_ticks // 10 or 1) == 0:
                wall = 1 + 2 * self._presence[place]
        if presence > self._density[distance]:
            return 0
        return max(1, int(wall * self._luck[place] * self._usual[distance]))

    def change_mind(self, side: Side, price: int) -> None:
        """Somebody at this price comes, goes or changes the quantity."""
        place = (2 * price + (side is Side.BUY)) % _SIZE
        self._presence[place] = self._rng.random()
        self._luck[place] = _draw_luck(self._rng)


def _draw_luck(rng: random.Random) -> float:
    return min(5.0, max(0.12, rng.lognormvariate(-0.3, 0.8)))
