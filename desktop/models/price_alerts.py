"""Price alerts: lines a person drew to be told when the price crosses them.

Pure, GUI thread. An alert fires once and is gone. It knows from which side the
price must come, so that one crossed while the program was closed is told at the
next start.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import count

import msgspec

from engine.views import Candle


class PriceAlert(msgspec.Struct, frozen=True, kw_only=True):
    """`from_below`: it was set above the price, and fires at or above its own."""

    symbol: str
    number: int
    price: Decimal
    from_below: bool

    @property
    def key(self) -> str:
        return f"alert {self.number}"

    @property
    def can_move(self) -> bool:
        return True

    @property
    def can_cancel(self) -> bool:
        return True

    def is_crossed_by(self, low: float, high: float) -> bool:
        return high >= float(self.price) if self.from_below else low <= float(self.price)


class PriceAlerts:
    def __init__(self) -> None:
        self._by_symbol: dict[str, dict[str, PriceAlert]] = {}
        self._numbers = count(1)
        self._candles: dict[str, list[Candle]] = {}  # the newest two of each symbol

    def of(self, symbol: str) -> tuple[PriceAlert, ...]:
        return tuple(self._by_symbol.get(symbol, {}).values())

    def add(self, symbol: str, price: Decimal, last_price: float) -> PriceAlert | None:
        """None: the price is there already, there is nothing to wait for."""
        if float(price) == last_price:
            return None
        return self.put(symbol, price, from_below=float(price) > last_price)

    def put(self, symbol: str, price: Decimal, *, from_below: bool) -> PriceAlert:
        """As it was kept in a file."""
        alert = PriceAlert(
            symbol=symbol, number=next(self._numbers), price=price, from_below=from_below
        )
        self._by_symbol.setdefault(symbol, {})[alert.key] = alert
        return alert

    def move(self, alert: PriceAlert, price: Decimal, last_price: float) -> PriceAlert | None:
        """A new one at `price` in its place; None if the price is there already."""
        self.remove(alert)
        return self.add(alert.symbol, price, last_price)

    def remove(self, alert: PriceAlert) -> None:
        alerts = self._by_symbol.get(alert.symbol, {})
        alerts.pop(alert.key, None)
        if not alerts:
            self._by_symbol.pop(alert.symbol, None)

    def at_price(self, symbol: str, price: float) -> list[PriceAlert]:
        """Those a trade at `price` crosses; they are gone from here."""
        return self._crossed(symbol, price, price)

    def at_candle(self, symbol: str, candle: Candle) -> list[PriceAlert]:
        """Those crossed since the candle's last message: a wick between two frames counts.

        Only what is new in it: its high may be older than the alert.
        """
        seen = self._candles.setdefault(symbol, [])
        for place, before in enumerate(seen):
            if before.open_ms == candle.open_ms:
                seen[place] = candle
                low = candle.low if candle.low < before.low else candle.close
                high = candle.high if candle.high > before.high else candle.close
                return self._crossed(symbol, low, high)
        if seen and candle.open_ms < seen[-1].open_ms:
            return []
        is_first = not seen
        # the last word about a candle may come after the first of the next one
        self._candles[symbol] = [*seen[-1:], candle]
        return [] if is_first else self._crossed(symbol, candle.low, candle.high)

    def forget_candle(self, symbol: str) -> None:
        """Candles of another length, or of after a gap, follow."""
        self._candles.pop(symbol, None)

    def _crossed(self, symbol: str, low: float, high: float) -> list[PriceAlert]:
        alerts = self._by_symbol.get(symbol)
        if alerts is None:
            return []
        crossed = [alert for alert in alerts.values() if alert.is_crossed_by(low, high)]
        for alert in crossed:
            self.remove(alert)
        return crossed
