"""Names of streams, and the route that serves each.

A stream asked for on the wrong route is acknowledged and stays silent, so the
name alone decides where it goes. Symbols are lower case in names.
"""

from __future__ import annotations

from engine.trading_types import Route

_PUBLIC_KINDS = ("bookTicker", "depth", "rpiDepth", "trade")


def agg_trade(symbol: str) -> str:
    return f"{symbol.lower()}@aggTrade"


def trade(symbol: str) -> str:
    return f"{symbol.lower()}@trade"


def kline(symbol: str, interval: str) -> str:
    """The interval's case matters: 1m is a minute, 1M a month."""
    return f"{symbol.lower()}@kline_{interval}"


def book_ticker(symbol: str) -> str:
    return f"{symbol.lower()}@bookTicker"


def depth(symbol: str, speed_ms: int = 100) -> str:
    """Changes of the book; 250 ms is the venue's unnamed default."""
    suffix = "" if speed_ms == 250 else f"@{speed_ms}ms"
    return f"{symbol.lower()}@depth{suffix}"


def mark_price(symbol: str) -> str:
    return f"{symbol.lower()}@markPrice@1s"


def ticker(symbol: str) -> str:
    return f"{symbol.lower()}@ticker"


def mini_ticker(symbol: str) -> str:
    return f"{symbol.lower()}@miniTicker"


def liquidations(symbol: str) -> str:
    return f"{symbol.lower()}@forceOrder"


def route_of(stream: str) -> Route:
    """PUBLIC for book data and raw trades, MARKET for everything else.

    `@trade` is undocumented since the routes were split; it was last seen
    delivering on the public one.
    """
    kind = stream.split("@", 1)[-1] if "@" in stream else stream.lstrip("!")
    return Route.PUBLIC if kind.startswith(_PUBLIC_KINDS) else Route.MARKET
