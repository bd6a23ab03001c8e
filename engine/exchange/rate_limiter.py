"""How much of the venue's limits is used, and whether one more call fits.

Pure: it is told the time, and decides admit, wait or refuse; rate_governor does
the waiting. Windows are fixed and follow the venue's clock. What the venue's
headers say replaces our own count, except for what is still in flight.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, unique

import msgspec

from engine.wire.rest_messages import RateLimitRow

# X-MBX-USED-WEIGHT-1M, X-MBX-ORDER-COUNT-10S, X-MBX-ORDER-COUNT-1M
_WEIGHT_HEADER = "x-mbx-used-weight-1m"
_ORDERS_10S_HEADER = "x-mbx-order-count-10s"
_ORDERS_1M_HEADER = "x-mbx-order-count-1m"
_COUNT = re.compile(r"[0-9]{1,9}")


# market data alone never makes a question about an order wait
_MARKET_MARGIN = 0.1


@unique
class Priority(IntEnum):
    """Who goes first, and who may use how much. Cancels have a share of their own."""

    CANCEL = 0  # also what reduces a position
    PLACE = 1
    QUERY = 2
    MARKET = 3


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Per IP (weight) and per account (orders); mainnet's values until told otherwise."""

    weight_1m: int = 2400
    orders_10s: int = 300
    orders_1m: int = 1200
    reserved_share: float = 0.2  # kept for cancels and what reduces risk


class Cost(msgspec.Struct, frozen=True):
    weight: int = 1
    orders_10s: int = 0
    orders_1m: int = 0


class Admit(msgspec.Struct, frozen=True):
    """Go; the cost is booked as in flight until `settle`."""


class Wait(msgspec.Struct, frozen=True):
    seconds: float
    why: str


class Refuse(msgspec.Struct, frozen=True):
    """The call alone is more than a whole window allows."""

    why: str


Decision = Admit | Wait | Refuse


class RateUsage(msgspec.Struct, frozen=True, kw_only=True):
    weight_used: int
    weight_limit: int
    orders_used: int  # of the minute
    orders_limit: int
    brake_s: float  # seconds until the venue may be asked again, 0: now
    brake_why: str = ""


@dataclass(slots=True)
class _Window:
    """One fixed window: what the venue has counted, and what is under way."""

    name: str
    length_ms: int
    limit: int
    index: int = 0
    counted: int = 0
    in_flight: int = 0

    def roll(self, now_ms: int) -> None:
        index = now_ms // self.length_ms
        if index > self.index:
            self.index, self.counted = index, 0

    @property
    def used(self) -> int:
        return self.counted + self.in_flight

    def seconds_to_next(self, now_ms: int) -> float:
        return (self.length_ms - now_ms % self.length_ms) / 1000


class RateLimiter:
    """Thread-safe; every call is a few additions under one lock."""

    def __init__(self, limits: Limits | None = None) -> None:
        limits = limits or Limits()
        self._lock = threading.Lock()
        self._reserved_share = limits.reserved_share
        self._weight = _Window("request weight", 60_000, limits.weight_1m)
        self._orders_10s = _Window("orders in 10 s", 10_000, limits.orders_10s)
        self._orders_1m = _Window("orders in 1 min", 60_000, limits.orders_1m)
        self._windows = (self._weight, self._orders_10s, self._orders_1m)
        self._brake_until_ms = 0
        self._brake_why = ""

    def set_limits(self, limits: Limits) -> None:
        """The venue's own figures, from exchangeInfo."""
        with self._lock:
            self._reserved_share = limits.reserved_share
            self._weight.limit = limits.weight_1m
            self._orders_10s.limit = limits.orders_10s
            self._orders_1m.limit = limits.orders_1m

    def admit(self, cost: Cost, now_ms: int, priority: Priority = Priority.QUERY) -> Decision:
        """CANCEL may use the reserved share too. `now_ms` is the venue's time."""
        with self._lock:
            if now_ms < self._brake_until_ms:
                return Wait((self._brake_until_ms - now_ms) / 1000, self._brake_why)
            share = self._share(priority)
            wait: Wait | None = None
            for window, amount in self._amounts(cost):
                window.roll(now_ms)
                if amount == 0:
                    continue
                if amount > window.limit:
                    return Refuse(f"One call needs {amount} of {window.limit} {window.name}.")
                if window.used and window.used + amount > window.limit * share:
                    seconds = window.seconds_to_next(now_ms)
                    if wait is None or seconds > wait.seconds:
                        wait = Wait(seconds, f"The limit of {window.name} is used up.")
            if wait is not None:
                return wait
            for window, amount in self._amounts(cost):
                window.in_flight += amount
            return Admit()

    def settle(self, cost: Cost, headers: Mapping[str, str], now_ms: int) -> None:
        """The call has ended. `headers` (lower-case names) replace our own count."""
        with self._lock:
            names = (_WEIGHT_HEADER, _ORDERS_10S_HEADER, _ORDERS_1M_HEADER)
            for (window, amount), name in zip(self._amounts(cost), names, strict=True):
                window.roll(now_ms)
                window.in_flight -= amount
                told = headers.get(name, "")
                if _COUNT.fullmatch(told):
                    window.counted = int(told)
                else:
                    window.counted += amount

    def brake(self, seconds: float, why: str, now_ms: int) -> None:
        """Nothing is admitted for `seconds`: the venue said 429 or 418."""
        with self._lock:
            until_ms = now_ms + round(seconds * 1000)
            if until_ms > self._brake_until_ms:
                self._brake_until_ms, self._brake_why = until_ms, why

    def orders_are_full(self, now_ms: int) -> None:
        """The venue said -1015: no order until the 10 s window ends; cancels still go."""
        with self._lock:
            self._orders_10s.roll(now_ms)
            self._orders_10s.counted = self._orders_10s.limit

    def usage(self, now_ms: int) -> RateUsage:
        with self._lock:
            for window in self._windows:
                window.roll(now_ms)
            return RateUsage(
                weight_used=self._weight.used,
                weight_limit=self._weight.limit,
                orders_used=self._orders_1m.used,
                orders_limit=self._orders_1m.limit,
                brake_s=max(0.0, (self._brake_until_ms - now_ms) / 1000),
                brake_why=self._brake_why,
            )

    def _share(self, priority: Priority) -> float:
        if priority is Priority.CANCEL:
            return 1.0
        margin = _MARKET_MARGIN if priority is Priority.MARKET else 0.0
        return 1.0 - self._reserved_share - margin

    def _amounts(self, cost: Cost) -> tuple[tuple[_Window, int], ...]:
        return (
            (self._weight, cost.weight),
            (self._orders_10s, cost.orders_10s),
            (self._orders_1m, cost.orders_1m),
        )


def limits_from(rows: Iterable[RateLimitRow], current: Limits) -> Limits:
    """From exchangeInfo's rateLimits; limiters that we do not know are ignored."""
    names = {
        ("REQUEST_WEIGHT", "MINUTE", 1): "weight_1m",
        ("ORDERS", "SECOND", 10): "orders_10s",
        ("ORDERS", "MINUTE", 1): "orders_1m",
    }
    found: dict[str, int] = {}
    for row in rows:
        name = names.get((row.rate_limit_type, row.interval, row.interval_num))
        if name is not None and row.limit > 0:
            found[name] = row.limit
    return msgspec.structs.replace(current, **found)
