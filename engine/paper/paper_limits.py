"""The venue's three counters: request weight by address, orders by account.

Windows are fixed, not sliding, as the venue's are. Pure: the caller gives the
time in ms. Going over the weight answers 429; going on regardless becomes a 418
ban that grows with every repetition.
"""

from __future__ import annotations

import msgspec

from engine.errors import RateLimited

_MINUTE_MS = 60_000
_TEN_SECONDS_MS = 10_000
_FIRST_BAN_MS = 120_000
_LONGEST_BAN_MS = 3 * 24 * 3_600_000
_PATIENCE = 20  # requests after the first 429 of a window that still get a 429


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers announced in exchangeInfo; the defaults are mainnet's."""

    weight_per_minute: int = 2400
    orders_per_minute: int = 1200
    orders_per_ten_seconds: int = 300

    def rows(self) -> list[dict[str, object]]:
        """`exchangeInfo.rateLimits`."""
        return [
            _row("REQUEST_WEIGHT", "MINUTE", 1, self.weight_per_minute),
            _row("ORDERS", "MINUTE", 1, self.orders_per_minute),
            _row("ORDERS", "SECOND", 10, self.orders_per_ten_seconds),
        ]


def _row(kind: str, interval: str, number: int, limit: int) -> dict[str, object]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


class FixedWindow:
    """Counts inside windows that start at multiples of their length."""

    __slots__ = ("_count", "_window", "length_ms", "limit")

    def __init__(self, limit: int, length_ms: int) -> None:
        self.limit = limit
        self.length_ms = length_ms
        self._window = -1
        self._count = 0

    def used(self, now_ms: int) -> int:
        window = now_ms // self.length_ms
        if window != self._window:
            self._window, self._count = window, 0
        return self._count

    def add(self, cost: int, now_ms: int) -> int:
        self._count = self.used(now_ms) + cost
        return self._count

    def fill_up(self, left: int, now_ms: int) -> None:
        """Leave no more than `left` of the limit; never give anything back."""
        self._count = max(self.used(now_ms), self.limit - left)

    def remaining_ms(self, now_ms: int) -> int:
        return self.length_ms - now_ms % self.length_ms


class WeightCounter:
    """One address's request weight, and what happens when it is exceeded."""

    def __init__(self, settings: LimitSettings, address: str) -> None:
        self._window = FixedWindow(settings.weight_per_minute, _MINUTE_MS)
        self._address = address
        self._ignored = FixedWindow(_PATIENCE, _MINUTE_MS)
        self._banned_until_ms = 0
        self._next_ban_ms = _FIRST_BAN_MS

    def used(self, now_ms: int) -> int:
        return self._window.used(now_ms)

    def fill_up(self, left: int, now_ms: int) -> None:
        self._window.fill_up(left, now_ms)

    def take(self, weight: int, now_ms: int) -> int:
        """Count a request; the weight used so far. Raises RateLimited (429 or 418)."""
        if now_ms < self._banned_until_ms:
            raise self._banned(now_ms)
        used = self._window.add(weight, now_ms)
        if used <= self._window.limit:
            return used
        if self._ignored.add(1, now_ms) > self._ignored.limit:
            self._banned_until_ms = now_ms + self._next_ban_ms
            self._next_ban_ms = min(self._next_ban_ms * 2, _LONGEST_BAN_MS)
            raise self._banned(now_ms)
        raise RateLimited(
            -1003,
            f"Too many requests; current limit of IP({self._address}) is {self._window.limit} "
            "requests per minute. Please use the websocket for live updates to avoid polling "
            "the API.",
            429,
            self._window.remaining_ms(now_ms) / 1000,
        )

    def _banned(self, now_ms: int) -> RateLimited:
        return RateLimited(
            -1003,
            f"Way too many requests; IP({self._address}) banned until {self._banned_until_ms}. "
            "Please use the websocket for live updates to avoid bans.",
            418,
            (self._banned_until_ms - now_ms) / 1000,
        )


class OrderCounter:
    """One account's order counts, shared by REST and the order WebSocket."""

    def __init__(self, settings: LimitSettings) -> None:
        self._ten_seconds = FixedWindow(settings.orders_per_ten_seconds, _TEN_SECONDS_MS)
        self._minute = FixedWindow(settings.orders_per_minute, _MINUTE_MS)

    def used(self, now_ms: int) -> tuple[int, int]:
        """Orders of the running 10 s and of the running minute."""
        return self._ten_seconds.used(now_ms), self._minute.used(now_ms)

    def fill_up(self, left: int, now_ms: int) -> None:
        self._ten_seconds.fill_up(left, now_ms)
        self._minute.fill_up(left, now_ms)

    def take(self, cost: tuple[int, int], now_ms: int) -> None:
        """Count orders before they are looked at. Raises RateLimited (-1015)."""
        for window, amount, name in (
            (self._ten_seconds, cost[0], "TEN_SECONDS"),
            (self._minute, cost[1], "MINUTE"),
        ):
            if window.used(now_ms) + amount > window.limit:
                raise RateLimited(
                    -1015,
                    f"Too many new orders; current limit is {window.limit} orders per {name}.",
                    429,
                    window.remaining_ms(now_ms) / 1000,
                )
        self._ten_seconds.add(cost[0], now_ms)
        self._minute.add(cost[1], now_ms)
