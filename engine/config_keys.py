"""Every setting in one table: type, default, range, unit.

The readers of a value find it in engine.config; this file only says what a
valid value is and how to say in words that one is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from engine.errors import ConfigError

Check = Callable[[str, object], Any]

AUTO = "auto"
# what `auto` stands for on LIVE and TESTNET; on paper the rule is off (0)
AUTOMATIC: Mapping[str, int] = {
    "risk.orders_per_second": 10,
    "risk.duplicate_within_ms": 500,
    "risk.max_leverage": 20,
}


def _shown(value: object) -> str:
    return "nothing" if value is None else repr(value)


def whole(minimum: int, maximum: int, unit: str = "") -> Check:
    def check(key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ConfigError(key, f"must be a whole number, not {_shown(value)}.")
        _must_be_between(key, value, minimum, maximum, unit)
        return value

    return check


def number(minimum: float, maximum: float, unit: str = "") -> Check:
    def check(key: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(key, f"must be a number, not {_shown(value)}.")
        _must_be_between(key, value, minimum, maximum, unit)
        return float(value)

    return check


def _must_be_between(key: str, value: float, minimum: float, maximum: float, unit: str) -> None:
    if not minimum <= value <= maximum:
        words = f" {unit}" if unit else ""
        raise ConfigError(key, f"must be from {minimum:g} to {maximum:g}{words}, not {value:g}.")


def truth(key: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(key, f"must be true or false, not {_shown(value)}.")
    return value


def auto_or(check: Check) -> Check:
    """The word auto: what AUTOMATIC says for the environment."""

    def checked(key: str, value: object) -> Any:
        return value if value == AUTO else check(key, value)

    return checked


def text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(key, f"must be a text, not {_shown(value)}.")
    return value.strip()


def one_of(*allowed: str) -> Check:
    def check(key: str, value: object) -> str:
        if value not in allowed:
            raise ConfigError(key, f"must be one of {', '.join(allowed)}, not {_shown(value)}.")
        return str(value)

    return check


def proxy(key: str, value: object) -> str:
    """The value is never shown: it may hold a password."""
    word = value if isinstance(value, str) else ""
    parts = urlsplit(word)
    try:
        is_url = parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port beyond 65535
        is_url = False
    if word not in ("system", "none") and not is_url:
        raise ConfigError(key, "must be system, none or http://host:port (or user:password@host).")
    return word


def symbol(key: str, value: object) -> str:
    word = text(key, value)
    if not word.isalnum():
        raise ConfigError(key, f"must be a symbol such as BTCUSDT, not {_shown(value)}.")
    return word.upper()


def symbols(key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ConfigError(key, f"must be a list such as [BTCUSDT], not {_shown(value)}.")
    return tuple(symbol(f"{key}[{i}]", item) for i, item in enumerate(value))


def environments(key: str, value: object) -> dict[str, dict[str, str]]:
    if not isinstance(value, dict):
        raise ConfigError(key, f"must map names to hosts, not {_shown(value)}.")
    return {str(name): _hosts(f"{key}.{name}", row) for name, row in value.items()}


def _hosts(key: str, row: object) -> dict[str, str]:
    schemes = {"rest": ("http", "https"), "streams": ("ws", "wss"), "ws_api": ("ws", "wss")}
    if not isinstance(row, dict):
        raise ConfigError(key, "must have the keys rest, streams and ws_api.")
    for name in row:
        if name not in schemes:
            raise ConfigError(f"{key}.{name}", "is not known; the keys are rest, streams, ws_api.")
    hosts = {}
    for name, allowed in schemes.items():
        url = text(f"{key}.{name}", row.get(name))
        if not url.startswith(tuple(f"{scheme}://" for scheme in allowed)):
            raise ConfigError(
                f"{key}.{name}", f"must start with {allowed[0]}:// or {allowed[1]}://."
            )
        hosts[name] = url.rstrip("/")
    return hosts


def quantities(key: str, value: object) -> dict[str, float]:
    if not isinstance(value, dict):
        raise ConfigError(key, f"must map symbols to quantities, not {_shown(value)}.")
    amount = number(0, 1e12)
    return {symbol(key, name): amount(f"{key}.{name}", row) for name, row in value.items()}


INTERVALS = (
    "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M",
)  # fmt: skip

# key -> (check, default)
KEYS: Mapping[str, tuple[Check, Any]] = {
    "exchange.environment": (text, "paper"),
    "exchange.testnet": (truth, False),
    "exchange.market_type": (one_of("um_futures"), "um_futures"),
    "exchange.recv_window_ms": (whole(1, 60_000, "ms"), 5000),
    "environments": (environments, {}),
    "network.connect_timeout_s": (number(0.1, 60, "s"), 3.0),
    "network.read_timeout_s": (number(0.1, 60, "s"), 5.0),
    "network.proxy": (proxy, "system"),
    "network.weight_limit_per_minute": (whole(0, 100_000), 0),
    "websocket.reconnect_max_delay": (number(1, 600, "s"), 120.0),
    "websocket.ping_interval": (number(1, 180, "s"), 20.0),
    "websocket.first_data_deadline_s": (number(1, 120, "s"), 10.0),
    "orders.transport": (one_of("auto", "websocket", "rest"), "auto"),
    "oms.retry_attempts": (whole(1, 10), 3),
    "oms.retry_backoff_base": (number(0.01, 60, "s"), 1.0),
    "risk.max_order_qty": (quantities, {}),
    "risk.max_order_usdt": (number(0, 1e12, "USDT"), 0.0),
    "risk.max_order_equity_pct": (number(0, 1e6, "%"), 1000.0),
    "risk.max_position_qty": (quantities, {}),
    "risk.max_position_usdt": (number(0, 1e12, "USDT"), 0.0),
    "risk.max_position_equity_pct": (number(0, 1e6, "%"), 2000.0),
    "risk.price_band_pct": (number(0, 100, "%"), 5.0),
    "risk.orders_per_second": (auto_or(whole(0, 10_000)), AUTO),
    "risk.duplicate_within_ms": (auto_or(whole(0, 60_000, "ms")), AUTO),
    "risk.max_open_orders": (whole(0, 10_000), 500),
    "risk.max_leverage": (auto_or(whole(0, 125)), AUTO),
    "risk.max_daily_loss_usdt": (number(0, 1e12, "USDT"), 0.0),
    "risk.max_daily_loss_equity_pct": (number(0, 100, "%"), 50.0),
    "risk.daily_loss_with_open": (truth, False),
    "risk.day_begins_at_h": (whole(0, 23, "h UTC"), 0),
    "risk.cool_down_min": (whole(0, 10_080, "min"), 60),
    "plans.amends_per_second": (whole(1, 10), 2),
    "plans.order_reserve_pct": (number(0, 90, "%"), 40.0),
    "paper.balance_usdt": (whole(1, 1_000_000_000, "USDT"), 10_000),
    "paper.seed": (whole(0, 2**31 - 1), 7),
    "paper.quiet_market": (truth, False),
    "paper.symbols": (
        symbols,
        ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT", "XRPUSDT", "DOGEUSDT"),
    ),
    "desktop.symbol": (symbol, "BTCUSDT"),
    "desktop.interval": (one_of(*INTERVALS), "1m"),
}
