"""Public trade files as the exchange publishes them, made up."""

from __future__ import annotations

from pathlib import Path

HEADER = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
FIRST_MS = 1_790_000_000_000
STEP_MS = 100


def write_trades(folder: Path, count: int, *, symbol: str = "BTCUSDT", price: int = 50_000) -> Path:
    """One trade each `STEP_MS`, up and down around `price`."""
    lines = [
        f"{i},{price + i % 7}.0,0.010,{i},{i},{FIRST_MS + STEP_MS * i},{str(i % 2 > 0).lower()}"
        for i in range(count)
    ]
    lines.insert(0, HEADER)
    file = folder / f"{symbol}-aggTrades-2026-09-21.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
