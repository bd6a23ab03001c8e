"""The market of the benchmarks as finished frames: realistic sizes, kinds and symbols.

Of ten messages four are best prices, three trades, two books of 20 levels and one
a candle. Their event time is 16 digits at a known place, so that a sender can write
its own clock into a frame without encoding it again.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable

from tests.benchmarks.server_frames import text_frame

MID = {
    "BTCUSDT": (64_250.0, 0.1, 1),
    "ETHUSDT": (3_131.2, 0.01, 2),
    "SOLUSDT": (148.37, 0.01, 2),
    "BNBUSDT": (612.48, 0.01, 2),
    "XRPUSDT": (0.5821, 0.0001, 4),
    "DOGEUSDT": (0.12345, 0.00001, 5),
}
SYMBOLS = tuple(MID)
NO_TIME = 1_795_448_651_000_000
KINDS = ("bookTicker", "aggTrade", "bookTicker", "depth", "aggTrade", "bookTicker", "kline")
KINDS = (*KINDS, "bookTicker", "aggTrade", "depth")
PUBLIC = frozenset({"bookTicker", "depth"})
LEVELS = 20


class Frame:
    """One message as the wire carries it, and where its event time stands."""

    __slots__ = ("data", "kind", "time_at")

    def __init__(self, kind: str, data: bytes) -> None:
        self.kind = kind
        self.data = bytearray(data)
        self.time_at = data.index(b'"E":') + 4


def stream_name(kind: str, symbol: str) -> str:
    suffix = {"kline": "kline_1m", "depth": "depth@100ms"}.get(kind, kind)
    return f"{symbol.lower()}@{suffix}"


def stream_names(symbols: Iterable[str] = SYMBOLS) -> list[str]:
    return [stream_name(kind, symbol) for symbol in symbols for kind in sorted(set(KINDS))]


def frames(count: int = 1200, update_id: int = 1) -> list[Frame]:
    """`count` messages of all symbols; books follow each other from `update_id` on."""
    dice = random.Random(5)
    made = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        symbol = SYMBOLS[number // len(KINDS) % len(SYMBOLS)]
        data = _MAKERS[kind](symbol, dice, number, update_id)
        made.append(Frame(kind, envelope(stream_name(kind, symbol), data)))
    return made


def mark_frames() -> list[Frame]:
    """The mark price of each symbol, as it comes beside the trades of a followed one."""
    return [
        Frame("markPrice", envelope(f"{symbol.lower()}@markPrice@1s", _mark_price(symbol)))
        for symbol in SYMBOLS
    ]


def envelope(stream: str, data: dict[str, object]) -> bytes:
    text = json.dumps({"stream": stream, "data": data}, separators=(",", ":"))
    return text_frame(text.encode("ascii"))


def _price(symbol: str, steps: int) -> str:
    mid, tick, digits = MID[symbol]
    return f"{mid + steps * tick:.{digits}f}"


def _quantity(dice: random.Random) -> str:
    return f"{dice.expovariate(0.5) + 0.001:.3f}"


def _book_ticker(
    symbol: str, dice: random.Random, number: int, update_id: int
) -> dict[str, object]:
    step = dice.randrange(-5, 6)
    return {
        "e": "bookTicker", "u": update_id + number, "s": symbol, "ps": symbol,
        "b": _price(symbol, step - 1), "B": _quantity(dice),
        "a": _price(symbol, step), "A": _quantity(dice), "T": NO_TIME // 1000, "E": NO_TIME,
        "st": 1,
    }  # fmt: skip


def _agg_trade(symbol: str, dice: random.Random, number: int, update_id: int) -> dict[str, object]:
    return {
        "e": "aggTrade", "E": NO_TIME, "a": 3_100_000_000 + number, "s": symbol,
        "p": _price(symbol, dice.randrange(-5, 6)), "q": _quantity(dice), "nq": "0",
        "f": 7_100_000_000 + number, "l": 7_100_000_001 + number, "T": NO_TIME // 1000,
        "m": dice.random() < 0.5, "st": 1,
    }  # fmt: skip


def _depth(symbol: str, dice: random.Random, number: int, update_id: int) -> dict[str, object]:
    def side(direction: int) -> list[list[str]]:
        return [[_price(symbol, direction * (n + 6)), _quantity(dice)] for n in range(LEVELS)]

    return {
        "e": "depthUpdate", "E": NO_TIME, "T": NO_TIME // 1000, "s": symbol,
        # one id for all: each follows the one before, in whatever order they are sent
        "U": update_id, "u": update_id, "pu": update_id, "b": side(-1), "a": side(1),
        "ps": symbol, "st": 1,
    }  # fmt: skip


def _kline(symbol: str, dice: random.Random, number: int, update_id: int) -> dict[str, object]:
    opened = NO_TIME // 1000 // 60_000 * 60_000
    close = _price(symbol, dice.randrange(-5, 6))
    candle = {
        "t": opened, "T": opened + 59_999, "s": symbol, "i": "1m", "f": 100, "L": 200 + number,
        "o": _price(symbol, 0), "c": close, "h": _price(symbol, 9), "l": _price(symbol, -9),
        "v": _quantity(dice), "n": 100 + number, "x": False, "q": _quantity(dice), "V": "1.0",
        "Q": "64250.0", "B": "0",
    }  # fmt: skip
    return {"e": "kline", "E": NO_TIME, "s": symbol, "k": candle, "st": 1}


def _mark_price(symbol: str) -> dict[str, object]:
    return {
        "e": "markPriceUpdate", "E": NO_TIME, "s": symbol, "p": _price(symbol, 0),
        "i": _price(symbol, 0), "P": _price(symbol, 0), "r": "0.00010000",
        "T": NO_TIME // 1000 + 3_600_000,
    }  # fmt: skip


_MAKERS = {"bookTicker": _book_ticker, "aggTrade": _agg_trade, "depth": _depth, "kline": _kline}
