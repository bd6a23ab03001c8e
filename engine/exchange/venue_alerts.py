"""Answers that will not change by themselves, as alerts for a person and for rules.

Codes are stable: a strategy or a risk rule may act on them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType

from engine.clock import Clock
from engine.errors import KeyRefused, OrderRefused, PerpdeskError, RateLimited, VenueError
from engine.events import Alert
from engine.trading_types import AlertLevel

KEY_REFUSED = "venue.key_refused"
SIGNATURE_REFUSED = "venue.signature_refused"
REDUCE_ONLY_ACCOUNT = "venue.reduce_only_account"
TRADING_FORBIDDEN = "venue.trading_forbidden"
ACCOUNT_BLOCKED = "venue.account_blocked"
AGREEMENT_MISSING = "venue.agreement_missing"
SYMBOL_HALTED = "venue.symbol_halted"
SYMBOL_REDUCE_ONLY = "venue.symbol_reduce_only"
BANNED = "venue.banned"
FIREWALL = "venue.firewall"

_AGAIN_S = 60.0

_ACCOUNT_CODES: Mapping[int, str] = MappingProxyType(
    {
        -1022: SIGNATURE_REFUSED,
        -2023: ACCOUNT_BLOCKED,
        -4087: REDUCE_ONLY_ACCOUNT,
        -4088: TRADING_FORBIDDEN,
        -4109: ACCOUNT_BLOCKED,
        -4192: ACCOUNT_BLOCKED,
        -4400: REDUCE_ONLY_ACCOUNT,
        -4401: REDUCE_ONLY_ACCOUNT,
        -4402: TRADING_FORBIDDEN,
        -4411: AGREEMENT_MISSING,
    }
)
_SYMBOL_CODES: Mapping[int, str] = MappingProxyType(
    {
        -1122: SYMBOL_HALTED,
        -4105: SYMBOL_REDUCE_ONLY,
        -4106: SYMBOL_REDUCE_ONLY,
        -4107: SYMBOL_REDUCE_ONLY,
        -4140: SYMBOL_HALTED,
        -4141: SYMBOL_HALTED,
        -4189: SYMBOL_REDUCE_ONLY,
        -5024: SYMBOL_HALTED,
    }
)
_RATE_STATUSES: Mapping[int, str] = MappingProxyType({418: BANNED, 403: FIREWALL})


def alert_code(error: PerpdeskError) -> str | None:
    """The alert that an error deserves; None for one that concerns its request alone."""
    if isinstance(error, RateLimited):
        return _RATE_STATUSES.get(error.http_status)
    if isinstance(error, KeyRefused | OrderRefused):
        found = _ACCOUNT_CODES.get(error.code) or _SYMBOL_CODES.get(error.code)
        return found or (KEY_REFUSED if isinstance(error, KeyRefused) else None)
    return None


class VenueAlerts:
    """Publishes each alert once, and again after a minute if it still holds. Any thread."""

    def __init__(self, publish: Callable[[Alert], None], clock: Clock) -> None:
        self._publish = publish
        self._clock = clock
        self._lock = threading.Lock()
        self._told_at_s: dict[tuple[str, str], float] = {}

    def on_error(self, error: PerpdeskError, symbol: str = "") -> None:
        code = alert_code(error)
        if code is None or not isinstance(error, VenueError):
            return
        concerns_symbol = error.code in _SYMBOL_CODES
        if not self._is_due(code, symbol if concerns_symbol else ""):
            return
        sentence = f"{symbol}: {error.text}" if concerns_symbol and symbol else error.text
        self._publish(
            Alert(
                level=AlertLevel.WARNING if concerns_symbol else AlertLevel.ERROR,
                code=code,
                sentence=sentence,
                at_ms=self._clock.now_ms(),
            )
        )

    def _is_due(self, code: str, symbol: str) -> bool:
        now_s = self._clock.monotonic()
        with self._lock:
            told_s = self._told_at_s.get((code, symbol))
            if told_s is not None and now_s - told_s < _AGAIN_S:
                return False
            self._told_at_s[code, symbol] = now_s
            return True
